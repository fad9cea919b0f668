from __future__ import annotations

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def live(self, *, at: datetime) -> AssignmentQuerySet:
        """Those that hold at a moment: neither ended nor lapsed."""
        return self.filter(ended_at=None, until__gt=at)


class Assignment(models.Model):
    """Who works on a flagged commitment, until when: then it is free again."""

    commitment = models.ForeignKey(
        "Commitment", on_delete=models.PROTECT, related_name="assignments"
    )
    assignee = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="assignments"
    )
    assigned_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    at = models.DateTimeField()
    until = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["-at"]
        constraints = [
            models.UniqueConstraint(
                fields=["commitment"],
                condition=Q(ended_at=None),
                name="assignment_one_at_a_time",
            ),
            models.CheckConstraint(
                name="assignment_lapses_later", condition=Q(until__gt=F("at"))
            ),
        ]

    def __str__(self) -> str:
        return f"{self.commitment_id} to {self.assignee_id}"
