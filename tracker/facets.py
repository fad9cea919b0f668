"""What each further choice on the list would leave: values with honest counts.

Each facet is counted under all the other filters, and not under its own.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Count, Q
from django.utils.translation import gettext as _

from commitments.models.state import freshness_is, schedule_is
from tracker import browse
from tracker.browse import Question

# Facets whose values follow from the day asked about.
DERIVED = {"schedule": schedule_is, "freshness": freshness_is}


@dataclass(frozen=True)
class Option:
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


def counted(question: Question) -> list[Facet]:
    """Return each facet with its counts under all the other filters."""
    return [_facet(name, str(label), question) for name, label in browse.FACETS.items()]


def in_words(facet: str, value: str, *, left_out: bool = False) -> str:
    """Return one choice in force as a reader says it."""
    said = {"facet": facet, "value": value}
    if left_out:
        return _("%(facet)s: not %(value)s") % said
    return _("%(facet)s: %(value)s") % said


def gap_in_words(has_gap: bool) -> str:
    return _("Claim-evidence gap") if has_gap else _("No claim-evidence gap")


def _facet(name: str, label: str, question: Question) -> Facet:
    rows = browse.narrowed(browse.counted(question), question, leaving_out=name)
    rows = rows.order_by()
    labels, chosen = browse.labels(name), question.chosen.get(name, ())
    if name in DERIVED:
        # What cannot be tracked has neither a schedule nor a review.
        scored = Q(**{browse.column(rows.model, "commitment__trackable"): True})
        counts = rows.aggregate(
            **{
                value: Count("pk", filter=scored & DERIVED[name](value, on=question.on))
                for value in labels
            }
        )
    else:
        column = browse.column(rows.model, browse.COLUMNS[name])
        groups = rows.values_list(column).annotate(n=Count("pk", distinct=True))
        counts = {str(value): n for value, n in groups}
    options = [
        Option(
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
