"""The public ledger of tips: counts, outcomes, time to answer. No sender's word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median
from typing import Any

from django.db.models import Count, Q

from commitments.models import Evidence, HistoryEntry, Tip
from commitments.models.state import end_of
from commitments.models.tip import TipQuerySet
from commitments.statuses import EntryKind
from tracker.browse import Question

SHOWN = 50
DAY = timedelta(days=1)


@dataclass(frozen=True)
class Told:
    """One tip as readers see it."""

    number: int
    received_at: datetime
    commitment: Any
    verdict: str = ""
    answer: str = ""
    decided_at: datetime | None = None
    duplicate_of: int | None = None
    entry: HistoryEntry | None = None
    evidence: Evidence | None = None


@dataclass(frozen=True)
class Ledger:
    """What came in by a day, and what came of it."""

    counts: dict[str, int]
    median_days: float | None
    tips: list[Told]
    older: int | None


def told(tips: Sequence[Tip], *, by: datetime | None = None) -> list[Told]:
    """Return what readers see of tips, by a moment. Needs ``with_results``."""
    cited = _cited(tips, by)
    return [_told(tip, by, cited) for tip in tips]


def _cited(tips: Sequence[Tip], by: datetime | None) -> set[int]:
    """Return which documents of these tips readers could see by a moment."""
    wanted = {tip.made_evidence.pk for tip in tips if tip.made_evidence}
    if not wanted:
        return set()
    public = Evidence.objects.public().filter(pk__in=wanted)
    if by is not None:
        public = public.filter(history__recorded_at__lt=by)
    return set(public.values_list("pk", flat=True))


def _told(tip: Tip, by: datetime | None, cited: set[int]) -> Told:
    if not _by(tip.decided_at, by):
        return Told(tip.pk, tip.received_at, tip.commitment)
    entry, evidence, original = tip.made_entry, tip.made_evidence, tip.duplicate_of
    answer = tip.answer
    if original and not answer and _by(original.decided_at, by):
        answer = original.answer
    return Told(
        number=tip.pk,
        received_at=tip.received_at,
        commitment=tip.commitment,
        verdict=tip.verdict,
        answer=answer,
        decided_at=tip.decided_at,
        duplicate_of=tip.duplicate_of_id,
        entry=entry if entry and _by(entry.recorded_at, by) else None,
        evidence=evidence if evidence and evidence.pk in cited else None,
    )


def _by(at: datetime | None, by: datetime | None) -> bool:
    return at is not None and (by is None or at < by)


def ledger(
    question: Question, *, before: int | None = None, shown: int = SHOWN
) -> Ledger:
    """Return the ledger as it stood at the end of the day asked about.

    A tip is known from the moment it came, so both kinds of day ask the same.
    ``before`` leaves out the tips from that number on.
    """
    by = end_of(min(question.on, question.known_at or question.on))
    came = Tip.objects.filter(received_at__lt=by)
    decided = came.filter(decided_at__lt=by)
    listed = decided.filter(pk__lt=before) if before else decided
    rows = list(listed.with_results().order_by("-pk")[: shown + 1])
    answered = decided.exclude(verdict=Tip.Verdict.LAPSED)
    times = answered.values_list("received_at", "decided_at")
    waits = [(last - first) / DAY for first, last in times if last is not None]
    return Ledger(
        counts=_counts(came, by),
        # Half of all answers took at most so many days.
        median_days=round(median(waits), 1) if waits else None,
        tips=told(rows[:shown], by=by),
        older=rows[shown - 1].pk if len(rows) > shown else None,
    )


def _counts(came: TipQuerySet, by: datetime) -> dict[str, int]:
    """Return how many came, how many wait, and how each outcome occurs."""
    decided = Q(decided_at__lt=by)
    corrects = Q(entry__kind=EntryKind.CORRECTION, entry__recorded_at__lt=by) | Q(
        proposal__entry__kind=EntryKind.CORRECTION,
        proposal__entry__recorded_at__lt=by,
    )
    wanted = {verdict.value: decided & Q(verdict=verdict) for verdict in Tip.Verdict}
    return came.aggregate(
        received=Count("pk"),
        waiting=Count("pk", filter=~decided | Q(decided_at=None)),
        corrections=Count("pk", filter=decided & corrects),
        **{name: Count("pk", filter=which) for name, which in wanted.items()},
    )
