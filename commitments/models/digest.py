"""Which mails the desk gets by itself, and who got which."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class DeskDigest(models.Model):
    """The mail of one period to one reviewer: made once, also where it held nothing."""

    class Kind(models.TextChoices):
        DAY = "day", "What waits, each morning"
        WEEK = "week", "The week's numbers, each Monday"

    kind = models.CharField(max_length=4, choices=Kind, default=Kind.DAY)
    recipient = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+"
    )
    on = models.DateField(help_text="The day, or the Monday after the week.")
    flags_until = models.DateTimeField(help_text="Flags opened by then were in it.")
    # While a run works on it; where it died, another takes it after a while.
    leased_until = models.DateTimeField(null=True)
    is_empty = models.BooleanField(default=False)
    sent_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-on", "kind", "recipient"]
        constraints = [
            models.UniqueConstraint(
                fields=["recipient", "kind", "on"], name="desk_digest_once_a_period"
            ),
            models.CheckConstraint(
                name="desk_digest_kind_is_known", condition=Q(kind__in=["day", "week"])
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {self.on}"


class DigestPause(models.Model):
    """An account that does not want the desk's digests."""

    account = models.OneToOneField(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="digest_pause"
    )
    since = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.account_id} since {self.since:%Y-%m-%d}"
