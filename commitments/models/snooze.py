from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import Exists, OuterRef, Q

from .flag import Flag


class SnoozeQuerySet(models.QuerySet["Snooze"]):
    def in_force(self, *, on: date) -> SnoozeQuerySet:
        """Those that still hold: a reason that arose later ends a snooze."""
        newer = Flag.objects.open().filter(
            commitment=OuterRef("commitment"), opened_at__gt=OuterRef("at")
        )
        return self.filter(ended_at=None, until__gt=on).exclude(Exists(newer))


class Snooze(models.Model):
    """A flagged commitment put off until a day, for a reason that all can read."""

    commitment = models.ForeignKey(
        "Commitment", on_delete=models.PROTECT, related_name="snoozes"
    )
    until = models.DateField()
    reason = models.CharField(max_length=200)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = SnoozeQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["commitment"],
                condition=Q(ended_at=None),
                name="snooze_one_at_a_time",
            ),
            models.CheckConstraint(name="snooze_says_why", condition=~Q(reason="")),
        ]

    def __str__(self) -> str:
        return f"{self.commitment_id} until {self.until}"
