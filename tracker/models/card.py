from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class Card(models.Model):
    """The public JSON of one commitment as it reads today, written when it changes.

    ``row`` is its row in lists, ``whole`` the answer about it alone: what the
    serializers of the API give, byte for byte. Never a source: ``tracker.api.cards``
    writes it from the record, and answers without it where it is missing.
    """

    commitment = models.OneToOneField(
        "commitments.Commitment",
        on_delete=models.CASCADE,
        primary_key=True,
        related_name="card",
    )
    entry = models.BigIntegerField(help_text="The latest entry that it tells of.")
    shape = models.CharField(max_length=16, help_text="Of which program it is.")
    since = models.DateField(help_text="The first day on which it is true.")
    until = models.DateField(help_text="The day on which it is no longer true.")
    row = models.TextField()
    whole = models.TextField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="card_span_is_not_empty", condition=Q(until__gt=F("since"))
            )
        ]
        indexes = [
            # What the upkeep renews: cards of which the days are over.
            models.Index(fields=["until"], name="card_until"),
        ]

    def __str__(self) -> str:
        return f"{self.commitment_id} until {self.until}"
