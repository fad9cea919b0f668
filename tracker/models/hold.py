from django.db import models
from django.db.models import Q


class Hold(models.Model):
    """A span of time in which nothing leaves the outbox: after a restore."""

    held_at = models.DateTimeField()
    reason = models.CharField(max_length=300)
    released_at = models.DateTimeField(null=True)
    discarded = models.BooleanField(
        default=False, help_text="What waited was not sent, but let go."
    )

    class Meta:
        ordering = ["-held_at"]
        verbose_name = "hold on the outbox"
        verbose_name_plural = "holds on the outbox"
        constraints = [
            models.UniqueConstraint(
                fields=["reason"],
                condition=Q(released_at=None),
                name="hold_once_per_reason",
            )
        ]

    def __str__(self) -> str:
        return f"{self.reason} ({self.held_at:%Y-%m-%d %H:%M})"
