from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q


class State(models.TextChoices):
    WAITING = "waiting", "Waits to be checked"
    CHECKING = "checking", "Is being checked"
    READY = "ready", "Checked: can be imported"
    REFUSED = "refused", "Refused: nothing was imported"
    APPROVED = "approved", "Waits to be imported"
    WRITING = "writing", "Is being imported"
    DONE = "done", "Imported"
    FAILED = "failed", "Stopped: nothing was imported"
    DISCARDED = "discarded", "Discarded: nothing was imported"


class ImportRun(models.Model):
    """A file of many rows: checked first, written whole or not at all.

    A process that works on it holds it until ``leased_until``; then another may
    take it up. ``attempt`` tells them apart: only the latest may write.
    """

    class Kind(models.TextChoices):
        COMMITMENTS = "commitments", "Commitments"
        EVIDENCE = "evidence", "Evidence"
        OBSERVATIONS = "observations", "Observations of indicators"

    State = State
    AT_WORK = (State.CHECKING, State.WRITING)
    UNDER_WAY = (State.WAITING, State.APPROVED, *AT_WORK)
    OVER = (State.REFUSED, State.DONE, State.FAILED, State.DISCARDED)

    kind = models.CharField(max_length=12, choices=Kind)
    format = models.CharField(max_length=4)
    name = models.CharField(max_length=200, help_text="Of the file, as it was sent.")
    sha256 = models.CharField(max_length=64)
    file = models.FileField(
        upload_to="imports/", blank=True, help_text="Kept until the run is over."
    )
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    small = models.BooleanField(
        default=False, help_text="Worked through while its sender waits."
    )
    request_id = models.CharField(
        max_length=36,
        blank=True,
        db_default="",
        default="",
        help_text="Of the request that sent it: logs go by it.",
    )
    attempt = models.PositiveSmallIntegerField(default=0)
    leased_until = models.DateTimeField(null=True)
    total = models.PositiveIntegerField(null=True, help_text="Rows in the file.")
    done = models.PositiveIntegerField(default=0, help_text="Rows checked so far.")
    new = models.PositiveIntegerField(default=0)
    changed = models.PositiveIntegerField(default=0)
    unchanged = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    problem = models.TextField(blank=True, help_text="What is wrong with the file.")
    rows = models.JSONField(
        default=list, help_text="The first rows refused, new and changed."
    )
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    by_name = models.CharField(max_length=150)
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="import_run_state_is_known", condition=Q(state__in=State.values)
            ),
            models.CheckConstraint(
                name="import_run_at_work_is_leased",
                condition=~Q(state__in=["checking", "writing"])
                | Q(leased_until__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["state"], name="import_run_state")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} from {self.name}"

    @property
    def is_approved(self) -> bool:
        """Whether it is, or is being, imported in the name of ``by``."""
        return self.state in (State.APPROVED, State.WRITING, State.DONE)

    @property
    def under_way(self) -> bool:
        return self.state in self.UNDER_WAY
