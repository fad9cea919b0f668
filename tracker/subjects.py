"""What concerns one body, partner or topic: the same questions of all three."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from typing import Any

from django.db.models import Count, Exists, OuterRef
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from commitments.models import (
    Body,
    HistoryEntry,
    Partner,
    Responsibility,
    Topic,
)
from commitments.models.history import HistoryEntryQuerySet
from commitments.statuses import EntryKind, Status
from tracker import browse, reading
from tracker.browse import Question


@dataclass(frozen=True)
class Subject:
    """One kind of subject: its model, its filter in the list, and its words."""

    field: str
    model: Any
    many: str
    title: str | Promise
    standing: str | Promise


SUBJECTS = {
    "body": Subject(
        "body",
        Body,
        "bodies",
        _("Responsible bodies"),
        _("Who answers for the commitments, and where those of each stand."),
    ),
    "partner": Subject(
        "partner",
        Partner,
        "partners",
        _("Partners and regions"),
        _(
            "Which economies, regions, organisations and agreements the commitments "
            "concern."
        ),
    ),
    "topic": Subject(
        "topic", Topic, "topics", _("Topics"), _("What the commitments are about.")
    ),
}


@dataclass(frozen=True)
class Line:
    """One subject in the index, with how its commitments stand."""

    one: Any
    kind: str
    listed: int
    counts: dict[str, int]


def lines(subject: Subject, question: Question) -> list[Line]:
    """Return every subject with its counts on the days asked about, most first."""
    rows = browse.counted(question)
    slug = browse.column(rows.model, browse.COLUMNS[subject.field])
    is_scored = browse.column(rows.model, "commitment__trackable")
    # No commitment has one body, partner or topic twice.
    cells = rows.order_by().values_list(slug, is_scored, "status")
    listed: Counter[str] = Counter()
    scored: dict[str, Counter[str]] = defaultdict(Counter)
    for one, is_tracked, status, n in cells.annotate(n=Count("*")):
        listed[one] += n
        if is_tracked:
            scored[one][status] += n
    found = [
        _line(one, listed[one.slug], scored[one.slug])
        for one in subject.model.objects.all()
    ]
    found.sort(key=lambda line: (-line.listed, line.one.name))
    return found


def _line(one: Any, listed: int, counts: Counter[str]) -> Line:
    kind = one.get_kind_display() if hasattr(one, "kind") else ""
    return Line(
        one=one,
        kind=kind,
        listed=listed,
        counts={s: counts[s] for s in ("", *Status.values) if counts[s]},
    )


def rows(subject: Subject, one: Any, question: Question) -> list[reading.Row]:
    """Return the commitments that concern ``one``: those of the list's own filter."""
    chosen = replace(question, chosen={subject.field: (one.slug,)})
    return reading.rows(browse.states(chosen), chosen)


def leads(body: Body) -> set[int]:
    """Return the commitments for which ``body`` answers first."""
    return set(
        Responsibility.objects.filter(body=body, position=1).values_list(
            "commitment_id", flat=True
        )
    )


def claims(body: Body, question: Question) -> HistoryEntryQuerySet:
    """Return what ``body`` has said of where commitments stand, newest first.

    As it was put right by what was known: nobody is told to have said what was corrected.
    """
    known = HistoryEntry.objects.public()
    if question.known_at:
        known = known.recorded_by(question.known_at)
    corrections = known.filter(kind=EntryKind.CORRECTION, refers_to=OuterRef("pk"))
    found = known.filter(
        ~Exists(corrections.order_by()),
        body=body,
        acts_as=EntryKind.CLAIM,
        effective_on__lte=question.on,
    )
    return found.whole().order_by("-effective_on", "-seq")
