from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Sweep(models.Model):
    """A look at all that is overdue or due within six months of a day.

    Its items are fixed when it is opened; it is closed when each has left with a
    recorded decision.
    """

    on = models.DateField(help_text="The day it was opened for.")
    until = models.DateField(help_text="What is promised for later is not in it.")
    opened_at = models.DateTimeField()
    opened_actor = models.CharField(max_length=60)
    # Decisions are the entries after this one.
    opened_after = models.BigIntegerField()
    closed_at = models.DateTimeField(null=True)
    closed_actor = models.CharField(max_length=60, blank=True)

    class Meta:
        ordering = ["-on", "-pk"]
        constraints = [
            # The actor is blank while it is open, so that only one row can be.
            models.UniqueConstraint(
                fields=["closed_actor"],
                condition=Q(closed_actor=""),
                name="sweep_one_open_at_a_time",
            ),
            models.CheckConstraint(
                name="sweep_ends_after_it_begins", condition=Q(until__gt=F("on"))
            ),
            models.CheckConstraint(
                name="sweep_closed_by_somebody",
                condition=Q(closed_at=None, closed_actor="")
                | (Q(closed_at__isnull=False) & ~Q(closed_actor="")),
            ),
        ]

    def __str__(self) -> str:
        return f"Sweep of {self.on}"


class SweepItem(models.Model):
    """One commitment of a sweep, with the entry that decided it once it is closed."""

    class Why(models.TextChoices):
        OVERDUE = "overdue", "Overdue"
        DUE = "due", "Due within six months"

    sweep = models.ForeignKey(Sweep, on_delete=models.CASCADE, related_name="items")
    commitment = models.ForeignKey(
        "Commitment", on_delete=models.PROTECT, related_name="+"
    )
    why = models.CharField(max_length=7, choices=Why)
    due_on = models.DateField(help_text="The date that stood when it was opened.")
    decision = models.ForeignKey(
        "HistoryEntry", on_delete=models.PROTECT, null=True, related_name="+"
    )

    class Meta:
        ordering = ["due_on", "commitment__ref_order"]
        constraints = [
            models.UniqueConstraint(
                fields=["sweep", "commitment"], name="sweep_item_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.commitment_id} in {self.sweep_id}"
