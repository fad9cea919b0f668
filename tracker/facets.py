"""What each further choice on the list would leave: values with honest counts.

Each facet is counted under all the other filters, and not under its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from django.db.models import Count
from django.utils.translation import gettext as _

from tracker import browse
from tracker.browse import DERIVED, Question
from tracker.reading import Row

# Facets that follow from a row alone, and their values there.
OF_A_ROW: dict[str, Callable[[Row], str]] = {
    "pillar": lambda row: str(row.commitment.pillar.number),
    "status": lambda row: row.state.status,
    "schedule": lambda row: row.schedule if row.is_scored else "",
    "position": lambda row: row.state.official_position,
    "freshness": lambda row: row.freshness if row.is_scored else "",
    "kind": lambda row: row.commitment.kind,
}


@dataclass(frozen=True)
class Option:
    field: str
    value: str
    label: str
    count: int
    is_chosen: bool
    is_excluded: bool = False


@dataclass(frozen=True)
class Facet:
    field: str
    label: str
    options: list[Option]

    @property
    def chosen(self) -> list[Option]:
        return [option for option in self.options if option.is_chosen]

    @property
    def excluded(self) -> list[Option]:
        return [option for option in self.options if option.is_excluded]


def counted(question: Question, whole: list[Row] | None = None) -> list[Facet]:
    """Return each facet with its counts under all the other filters.

    ``whole`` are all the rows that match, where the caller has them: what no filter of
    its own narrows is then counted without the database.
    """
    return [
        _facet(name, str(label), question, whole)
        for name, label in browse.FACETS.items()
    ]


def in_words(facet: str, value: str, *, left_out: bool = False) -> str:
    """Return one choice in force as a reader says it."""
    said = {"facet": facet, "value": value}
    if left_out:
        return _("%(facet)s: not %(value)s") % said
    return _("%(facet)s: %(value)s") % said


def gap_in_words(has_gap: bool) -> str:
    """Return the filter for claims beyond the evidence, or for the rest, in words."""
    return _("Claim-evidence gap") if has_gap else _("No claim-evidence gap")


def _facet(name: str, label: str, question: Question, whole: list[Row] | None) -> Facet:
    labels, chosen = browse.labels(name), question.chosen.get(name, ())
    if whole is not None and name in OF_A_ROW and not chosen:
        counts: Mapping[str, int] = Counter(map(OF_A_ROW[name], whole))
    else:
        counts = _counts(name, labels, question)
    options = [
        Option(
            name,
            value,
            text,
            counts.get(value, 0),
            is_chosen=value in chosen,
            is_excluded=browse.NOT + value in chosen,
        )
        for value, text in labels.items()
        if counts.get(value, 0) or value in chosen or browse.NOT + value in chosen
    ]
    return Facet(name, label, options)


def _counts(name: str, labels: Iterable[str], question: Question) -> dict[str, int]:
    """Return how many rows have each value, as the database counts them."""
    rows = browse.narrowed(browse.counted(question), question, leaving_out=name)
    rows = rows.order_by()
    if name in DERIVED:
        # What cannot be tracked has neither a schedule nor a review.
        scored = browse.is_scored(rows.model)
        return rows.aggregate(
            **{
                value: Count("pk", filter=scored & DERIVED[name](value, on=question.on))
                for value in labels
            }
        )
    # Each row is there once for a value: no commitment has one body or topic twice. Rows
    # as such are counted: for a column of their own, PostgreSQL reads an index alone.
    column = browse.column(rows.model, browse.COLUMNS[name])
    groups = rows.values_list(column).annotate(n=Count("*"))
    return {str(value): n for value, n in groups}
