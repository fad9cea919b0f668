from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import models
from django.db.models import Q

from .event import Event
from .follower import Cadence, Follower, Language
from .leased import Leased, LeasedQuerySet


class Telling(models.Model):
    """A change in the words of one language, as mails show it: written once."""

    event = models.ForeignKey(Event, on_delete=models.CASCADE, related_name="tellings")
    language = models.CharField(max_length=8, choices=Language)
    html = models.TextField()
    text = models.TextField()
    line = models.CharField(max_length=500, help_text="In one line, for a subject.")

    class Meta:
        ordering = ["event"]
        constraints = [
            models.UniqueConstraint(
                fields=["event", "language"], name="telling_once_per_language"
            )
        ]

    def __str__(self) -> str:
        return self.line


class Issue(models.Model):
    """A digest of one period: of the entries after ``after_seq`` up to ``until_seq``.

    Each begins where the one before it ended, so that no entry falls between two.
    """

    cadence = models.CharField(max_length=6, choices=Cadence)
    period = models.CharField(max_length=10, help_text="2026-11-23, or 2026-W48.")
    after_seq = models.BigIntegerField()
    until_seq = models.BigIntegerField()
    built_at = models.DateTimeField()

    class Meta:
        ordering = ["-until_seq", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["cadence", "period"], name="issue_once_per_period"
            ),
            models.UniqueConstraint(
                fields=["cadence", "after_seq"],
                condition=Q(until_seq__gt=models.F("after_seq")),
                name="issue_once_per_entry",
            ),
            models.CheckConstraint(
                name="issue_runs_forward",
                condition=Q(until_seq__gte=models.F("after_seq")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.period}, {self.cadence}"


class Letter(models.Model):
    """What a mail says, for all who get the same. ``content`` is frozen.

    For changes: the entries in their order, how many there were in all, and which
    follows they answer. Links that hold for one follower alone are added at sending.
    """

    class Kind(models.TextChoices):
        CONFIRM = "confirm", "Question for confirmation"
        LINK = "link", "Link to one's own follows"
        CHANGE = "change", "One change"
        DIGEST = "digest", "Digest"

    kind = models.CharField(max_length=7, choices=Kind)
    language = models.CharField(max_length=8, choices=Language)
    content = models.JSONField(default=dict)
    made_at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"


class MailQuerySet(LeasedQuerySet["Mail"]):
    def due(self, *, at: datetime) -> Any:
        """What may be sent now, oldest first."""
        waiting = self.filter(state=Mail.State.WAITING, next_at__lte=at)
        return waiting.order_by("next_at", "pk")


class Mail(Leased):
    """One mail to one follower: a row of the outbox.

    ``sending`` is written before the mail is handed over. What is found so after its
    lease ended may have gone out or not: it is ``uncertain`` and never sent again by
    itself.
    """

    class State(models.TextChoices):
        WAITING = "waiting", "Waiting"
        SENDING = "sending", "Being handed over"
        SENT = "sent", "Sent"
        UNCERTAIN = "uncertain", "Uncertain: sent, or lost"
        REFUSED = "refused", "Refused by the receiving server"
        FAILED = "failed", "Given up"
        DROPPED = "dropped", "Not wanted any more"

    follower = models.ForeignKey(
        Follower, on_delete=models.CASCADE, related_name="mails"
    )
    letter = models.ForeignKey(Letter, on_delete=models.PROTECT, related_name="mails")
    event = models.ForeignKey(
        Event, on_delete=models.PROTECT, null=True, related_name="mails"
    )
    issue = models.ForeignKey(
        Issue, on_delete=models.PROTECT, null=True, related_name="mails"
    )
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    made_at = models.DateTimeField()
    next_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    sent_at = models.DateTimeField(null=True)
    error = models.CharField(max_length=300, blank=True)
    # Names the mail to receivers, the same at each try.
    message_key = models.UUIDField(default=uuid4, unique=True)

    objects = MailQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["follower", "event"], name="mail_once_per_change"
            ),
            models.UniqueConstraint(
                fields=["follower", "issue"], name="mail_once_per_period"
            ),
            models.CheckConstraint(
                name="mail_is_sent_at_a_time",
                condition=~Q(state="sent") | Q(sent_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(
                fields=["next_at"], condition=Q(state="waiting"), name="mail_waiting"
            ),
            models.Index(fields=["state", "made_at"], name="mail_by_state"),
        ]

    def __str__(self) -> str:
        return f"Mail {self.pk}"
