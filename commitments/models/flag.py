from __future__ import annotations

from django.db import models
from django.db.models import Q

from commitments.statuses import FlagReason


class FlagQuerySet(models.QuerySet["Flag"]):
    def open(self) -> FlagQuerySet:
        return self.filter(closed_at=None)


class Flag(models.Model):
    """A reason why a reviewer should look. Opened and closed by the scan."""

    commitment = models.ForeignKey(
        "Commitment", on_delete=models.PROTECT, related_name="flags"
    )
    reason = models.CharField(max_length=20, choices=FlagReason)
    since_on = models.DateField(help_text="The day on which the reason arose.")
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = FlagQuerySet.as_manager()

    class Meta:
        ordering = ["since_on", "pk"]
        constraints = [
            # By reason first: the scan reads the open flags of one.
            models.UniqueConstraint(
                fields=["reason", "commitment"],
                condition=Q(closed_at=None),
                name="flag_open_once_per_commitment_and_reason",
            ),
            models.CheckConstraint(
                name="flag_reason_is_known", condition=Q(reason__in=FlagReason.values)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} since {self.since_on}"


class FlagScan(models.Model):
    """Up to where the last scan compared flags with commitments: the next goes on there.

    Where it is not there, or says other rules, all are compared.
    """

    on = models.DateField()
    seq = models.BigIntegerField(help_text="The last entry it knew of.")
    rules = models.CharField(max_length=64, help_text="A digest of what it asked.")
    whole_on = models.DateField(help_text="When all were last compared.")

    class Meta:
        constraints = [
            models.CheckConstraint(name="flag_scan_is_one_row", condition=Q(pk=1))
        ]

    def __str__(self) -> str:
        return f"up to {self.on} and entry {self.seq}"
