"""Orders of rows, and places in them: lists on pages and pages of the API share both.

An order is a list of keys, the last of them unique. The place of a row is what the row
has for each key: the rows behind a place are found by comparing, so the last page costs
what the first does and no row that comes or goes meanwhile shifts another.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any, TypeVar

from django.db.models import (
    Case,
    DateField,
    F,
    IntegerField,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from commitments.models.state import FOREVER, LONG_AGO
from commitments.statuses import FURTHEST_FIRST

Rows = TypeVar("Rows", bound=QuerySet)


@dataclass(frozen=True)
class Key:
    """What rows are compared by: a column or an expression that is never null."""

    by: Any
    type: type = str
    descending: bool = False


class Written(Value):
    """A value of ours as part of the statement, as an index has it: not as a parameter."""

    def as_sql(self, *args: Any, **kwargs: Any) -> tuple[str, tuple]:
        return (
            str(self.value) if isinstance(self.value, int) else f"'{self.value}'"
        ), ()


def dated(column: str, instead: date, *, descending: bool = False) -> Key:
    """Return a key by a date; where there is none, ``instead`` stands for it."""
    never = Written(instead, output_field=DateField())
    return Key(Coalesce(column, never), date, descending)


def _owned(key: Key) -> Key:
    """Return a key of states as that of the commitments they are of."""
    if not isinstance(key.by, str):
        return key
    names = {"commitment_id": "pk", "commitment__ref_order": "ref_order"}
    return replace(key, by=names[key.by])


_FURTHEST = Case(
    *(
        When(status=Written(status), then=Written(place))
        for place, status in enumerate(FURTHEST_FIRST)
    ),
    default=Written(len(FURTHEST_FIRST)),
    output_field=IntegerField(),
)
_BY_REFERENCE = [Key("commitment__ref_order", int), Key("commitment_id", int)]
# The orders of the list of commitments. What has no date comes last; what was never
# reviewed has waited longest.
COMMITMENTS: dict[str, list[Key]] = {
    "ref": _BY_REFERENCE,
    "status": [Key(_FURTHEST, int), *_BY_REFERENCE],
    "changed": [
        dated("last_material_on", LONG_AGO, descending=True),
        *_BY_REFERENCE,
    ],
    "due": [dated("due_on", FOREVER), *_BY_REFERENCE],
    "review": [dated("reviewed_on", LONG_AGO), *_BY_REFERENCE],
}
# The same of the commitments themselves, whose columns hold what is true now.
NOW: dict[str, list[Key]] = {
    name: [_owned(key) for key in keys] for name, keys in COMMITMENTS.items()
}
# The orders of what happened: that of the chain, and two that begin with the newest.
HISTORY: dict[str, list[Key]] = {
    "chain": [Key("seq", int)],
    "recorded": [Key("seq", int, descending=True)],
    "happened": [
        Key("effective_on", date, descending=True),
        Key("seq", int, descending=True),
    ],
}


def ordered(rows: Rows, keys: Sequence[Key], *, backwards: bool = False) -> Rows:
    """Return ``rows`` in an order; each knows its place in it."""
    named = {
        f"place_{n}": F(key.by) if isinstance(key.by, str) else key.by
        for n, key in enumerate(keys)
    }
    order = [
        F(name).desc() if key.descending is not backwards else F(name).asc()
        for name, key in zip(named, keys, strict=True)
    ]
    return rows.annotate(**named).order_by(*order)


def bare(rows: QuerySet, keys: Sequence[Key]) -> QuerySet:
    """Return the ``pk`` and the place of each of the ``ordered`` rows, and no object."""
    return rows.values_list("pk", *(f"place_{n}" for n in range(len(keys))), named=True)


def place(row: Any, keys: Sequence[Key]) -> list[Any]:
    """Return the place of a row that ``ordered`` gave."""
    return [getattr(row, f"place_{n}") for n in range(len(keys))]


def behind(
    rows: Rows, keys: Sequence[Key], at: Sequence[Any], *, backwards: bool = False
) -> Rows:
    """Return those of the ``ordered`` rows that come behind a place."""
    found, same = Q(), Q()
    for n, (key, value) in enumerate(zip(keys, at, strict=True)):
        comparing = "lt" if key.descending is not backwards else "gt"
        found |= same & Q(**{f"place_{n}__{comparing}": value})
        same &= Q(**{f"place_{n}": value})
    # Said once more of the first key alone, so that an index is entered there.
    first = keys[0].descending is not backwards
    return rows.filter(found, **{f"place_0__{'lte' if first else 'gte'}": at[0]})
