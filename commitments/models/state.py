"""What is held true of a commitment, now and on any past day."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Self

from django.db import models
from django.db.models import F, Q

from commitments import statuses
from commitments.statuses import Confidence, Position, Precision, Status

LONG_AGO, FOREVER = date(1, 1, 1), date(9999, 12, 31)
NO_ENTRY_YET = 2**62


class Standing(models.TextChoices):
    """Whether readers see a commitment. Empty until it is published."""

    PUBLISHED = "published", "Published"
    WITHDRAWN = "withdrawn", "Withdrawn"
    MERGED = "merged", "Merged"


class StateFields(models.Model):
    """The values that follow from a commitment's history, and only from it.

    ``commitments.fold`` computes them and ``commitments.services`` writes them,
    in the transaction of the entry that changed them.
    """

    standing = models.CharField(
        max_length=10, choices=Standing, blank=True, editable=False
    )
    status = models.CharField(max_length=16, choices=Status, blank=True, editable=False)
    status_since = models.DateField(null=True, editable=False)
    status_precision = models.CharField(
        max_length=12, choices=Precision, blank=True, editable=False
    )
    status_entry = models.ForeignKey(
        "HistoryEntry",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
    )
    criteria_met = models.JSONField(default=list, editable=False)
    confidence = models.CharField(
        max_length=6, choices=Confidence, blank=True, editable=False
    )
    official_position = models.CharField(
        max_length=18,
        choices=Position,
        default=Position.NONE_STATED,
        editable=False,
    )
    position_since = models.DateField(null=True, editable=False)
    position_entry = models.ForeignKey(
        "HistoryEntry",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
    )
    due_on = models.DateField(null=True, editable=False)
    due_precision = models.CharField(
        max_length=12, choices=Precision, blank=True, editable=False
    )
    reviewed_on = models.DateField(null=True, editable=False)
    review_due_on = models.DateField(null=True, editable=False)
    stale_after = models.DateField(null=True, editable=False)
    last_material_on = models.DateField(null=True, editable=False)
    sources = models.PositiveIntegerField(default=0, editable=False)
    official_sources = models.PositiveIntegerField(default=0, editable=False)
    signed_off = models.BooleanField(default=False, editable=False)
    milestones_met = models.JSONField(default=dict, editable=False)
    wording_entry = models.ForeignKey(
        "HistoryEntry",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
    )
    merged_into = models.ForeignKey(
        "Commitment",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
    )

    class Meta:
        abstract = True

    @property
    def has_claim_gap(self) -> bool:
        """Declared complete, while the evidence shows less than delivery."""
        return (
            self.official_position == Position.DECLARED_COMPLETE
            and self.status != Status.DELIVERED
        )

    def schedule(self, *, on: date) -> statuses.Schedule:
        return statuses.schedule(
            status=self.status,
            status_since=self.status_since,
            due_on=self.due_on,
            on=on,
        )

    def freshness(self, *, on: date) -> statuses.Freshness:
        return statuses.freshness(
            reviewed_on=self.reviewed_on, review_due_on=self.review_due_on, on=on
        )

    def is_inactive(self, *, on: date) -> bool:
        return (
            self.last_material_on is not None
            and on - self.last_material_on > statuses.INACTIVE_AFTER
        )


class StateQuestions(models.QuerySet):
    """The questions asked of what is held true, by name.

    Time is an argument: nothing here reads the clock.
    """

    def public(self) -> Self:
        """What readers may see: also withdrawn and merged commitments."""
        return self.exclude(standing="")

    def standing_now(self) -> Self:
        return self.filter(standing=Standing.PUBLISHED)

    def never_reviewed(self) -> Self:
        return self.filter(reviewed_on=None)

    def review_due(self, *, on: date) -> Self:
        return self.filter(review_due_on__lte=on)

    def stale(self, *, on: date) -> Self:
        return self.filter(stale_after__lt=on)

    def undelivered(self) -> Self:
        return self.exclude(status=Status.DELIVERED)

    def overdue(self, *, on: date) -> Self:
        return self.undelivered().filter(due_on__lt=on)

    def due_soon(self, *, on: date) -> Self:
        return self.undelivered().filter(
            due_on__gte=on, due_on__lte=on + statuses.DUE_SOON
        )

    def inactive(self, *, on: date) -> Self:
        return self.filter(last_material_on__lt=on - statuses.INACTIVE_AFTER)

    def with_claim_gap(self) -> Self:
        return self.filter(CLAIM_GAP)

    def thinly_evidenced(self) -> Self:
        """Whose status rests on one source, or on none official."""
        return self.exclude(status__in=["", *statuses.WITHOUT_EVIDENCE]).filter(
            Q(sources__lt=2) | Q(official_sources=0)
        )

    def with_schedule(self, schedule: str, *, on: date) -> Self:
        """Those whose ``State.schedule(on=on)`` is ``schedule``."""
        return self.filter(schedule_is(schedule, on=on))

    def with_freshness(self, freshness: str, *, on: date) -> Self:
        """Those whose ``State.freshness(on=on)`` is ``freshness``."""
        return self.filter(freshness_is(freshness, on=on))


# Declared complete, while the evidence shows less than delivery.
CLAIM_GAP = Q(official_position=Position.DECLARED_COMPLETE) & ~Q(
    status=Status.DELIVERED
)


def schedule_is(schedule: str, *, on: date) -> Q:
    """Return the condition that ``State.schedule(on=on)`` is ``schedule``."""
    soon = on + statuses.DUE_SOON
    met = Q(status=Status.DELIVERED, status_since__isnull=False)
    return {
        statuses.Schedule.NO_DATE: Q(due_on=None),
        statuses.Schedule.MET_ON_TIME: met & Q(status_since__lte=F("due_on")),
        statuses.Schedule.MET_LATE: met & Q(status_since__gt=F("due_on")),
        statuses.Schedule.OVERDUE: ~met & Q(due_on__lt=on),
        statuses.Schedule.DUE_SOON: ~met & Q(due_on__range=(on, soon)),
        statuses.Schedule.NOT_DUE: ~met & Q(due_on__gt=soon),
    }[statuses.Schedule(schedule)]


def freshness_is(freshness: str, *, on: date) -> Q:
    """Return the condition that ``State.freshness(on=on)`` is ``freshness``."""
    return {
        statuses.Freshness.NEVER_REVIEWED: Q(reviewed_on=None),
        statuses.Freshness.CURRENT: Q(review_due_on__gt=on),
        statuses.Freshness.STALE: Q(stale_after__lt=on),
        statuses.Freshness.REVIEW_DUE: Q(review_due_on__lte=on, stale_after__gte=on),
    }[statuses.Freshness(freshness)]


def end_of(day: date) -> datetime:
    """Return the first moment after ``day``, in UTC."""
    return datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC)


class StateQuerySet(StateQuestions):
    def at(self, *, as_of: date, known_at: date | None = None) -> Self:
        """The state of every commitment as it was on ``as_of``.

        ``known_at`` limits what is known to the entries recorded up to the end of
        that day (UTC); None means all there is. One row per commitment that was
        published by then; it is the only entry point for questions of the past.
        """
        rows = self.filter(effective_from__lte=as_of, effective_until__gt=as_of)
        if known_at is None:
            return rows.filter(known_until=NO_ENTRY_YET)
        return rows.known_by(last_entry_by(known_at))

    def known_by(self, seq: int) -> Self:
        """What was held true once entry ``seq`` was recorded, and before the next."""
        return self.filter(known_from__lte=seq, known_until__gt=seq)


def last_entry_by(day: date) -> int:
    """Return the number of the last entry recorded up to the end of ``day``, or 0."""
    from .history import HistoryEntry

    return HistoryEntry.objects.recorded_by(day).last_seq()


class State(StateFields):
    """What was held true of a commitment over a span of days and of knowledge.

    A projection of the history: rebuilt from it at any time, never a source.
    ``effective_*`` is the span of days in the world; ``known_*`` the span of
    entry numbers after which this was what we knew. Each holds where it begins, and
    not where it ends.
    """

    commitment = models.ForeignKey(
        "Commitment", on_delete=models.PROTECT, related_name="states"
    )
    known_from = models.BigIntegerField()
    known_until = models.BigIntegerField(default=NO_ENTRY_YET)
    effective_from = models.DateField()
    effective_until = models.DateField(default=FOREVER)

    objects = StateQuerySet.as_manager()

    class Meta:
        ordering = ["commitment", "known_from", "effective_from"]
        constraints = [
            models.UniqueConstraint(
                fields=["commitment", "known_from", "effective_from"],
                name="state_once_per_start",
            ),
            models.UniqueConstraint(
                fields=["commitment", "effective_from"],
                condition=Q(known_until=NO_ENTRY_YET),
                name="state_known_now_once_per_day",
            ),
            models.CheckConstraint(
                name="state_spans_are_not_empty",
                condition=Q(known_until__gt=F("known_from"))
                & Q(effective_until__gt=F("effective_from")),
            ),
        ]
        indexes = [
            # Answers StateQuerySet.at() for what is known now.
            models.Index(
                fields=["effective_from", "effective_until"],
                name="state_of_a_day",
                condition=Q(known_until=NO_ENTRY_YET),
            ),
            # Counts the statuses of a day for what is known now, without the rows:
            # known_until is in it as SQLite, given a parameter, would look it up.
            models.Index(
                fields=[
                    "status",
                    "effective_from",
                    "effective_until",
                    "standing",
                    "known_until",
                ],
                name="state_status_of_a_day",
                condition=Q(known_until=NO_ENTRY_YET),
            ),
            # Answers known_by().
            models.Index(fields=["known_from", "known_until"], name="state_known"),
        ]

    def __str__(self) -> str:
        return f"{self.commitment_id} from {self.effective_from}"
