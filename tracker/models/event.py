from __future__ import annotations

from django.db import models
from django.db.models import Q

from tracker.sync import TYPES


class Channel(models.TextChoices):
    """By which way followers hear of a change."""

    WEBHOOKS = "webhooks", "Webhooks"
    MAILS = "mails", "E-mail"


class EventQuerySet(models.QuerySet["Event"]):
    def waiting(self, channel: str) -> EventQuerySet:
        """What has not been handed to the followers of a channel, oldest first."""
        return self.filter(**{f"{channel}_at": None}).order_by("entry")


class Event(models.Model):
    """What is to be told of one public history entry: a row of the outbox.

    Written in the transaction of the entry. ``body`` is the change as
    ``/api/v1/changes/`` tells it, byte for byte, for good: only a redaction writes it
    anew. ``webhooks_at`` and ``mails_at`` say when each channel took it.
    """

    entry = models.OneToOneField(
        "commitments.HistoryEntry",
        on_delete=models.PROTECT,
        primary_key=True,
        db_column="seq",
        related_name="event",
    )
    commitment = models.ForeignKey(
        "commitments.Commitment", on_delete=models.PROTECT, related_name="events"
    )
    type = models.CharField(max_length=10, choices=list(TYPES.items()))
    body = models.TextField()
    recorded_at = models.DateTimeField()
    request_id = models.CharField(
        max_length=36,
        blank=True,
        db_default="",
        default="",
        help_text="Of the request that recorded it: logs go by it.",
    )
    webhooks_at = models.DateTimeField(null=True)
    mails_at = models.DateTimeField(null=True)

    objects = EventQuerySet.as_manager()

    class Meta:
        ordering = ["entry"]
        constraints = [
            models.CheckConstraint(
                name="event_type_is_known", condition=Q(type__in=list(TYPES))
            ),
            models.CheckConstraint(name="event_has_a_body", condition=~Q(body="")),
        ]
        indexes = [
            models.Index(
                fields=["entry"],
                condition=Q(webhooks_at=None),
                name="event_for_webhooks",
            ),
            models.Index(
                fields=["entry"], condition=Q(mails_at=None), name="event_for_mails"
            ),
        ]

    def __str__(self) -> str:
        return f"Event {self.seq}"

    @property
    def seq(self) -> int:
        """The number of its entry: its place in the whole record."""
        return self.pk
