"""What long pages show of each commitment: plain values, so that it is drawn once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from django.utils.safestring import SafeString

from commitments.models import Commitment
from commitments.statuses import Freshness
from tracker import charts, languages, reading
from tracker.charts import Spells
from tracker.reading import Row
from tracker.searching import Hit


class Span(NamedTuple):
    """The days that the charts of a page reach over, and the day it shows."""

    first: date
    last: date
    on: date


class Line(NamedTuple):
    """All that a row of the list shows. Lines that are equal look the same."""

    ref: str
    address: str
    kind: str
    title: str
    title_zh: str
    is_scored: bool
    has_claim_gap: bool
    status: str
    status_since: date | None
    status_precision: str
    schedule: str
    due_on: date | None
    due_precision: str
    freshness: str
    days_since_review: int | None
    spells: tuple[tuple[date, str], ...]
    span: Span
    search: str = ""
    hits: tuple[Hit, ...] = ()
    # On cards alone.
    statement: str = ""
    sources: int = 0
    body: str = ""

    @property
    def name(self) -> str:
        return languages.choose(self.title, self.title_zh)

    @property
    def kind_label(self) -> str:
        return str(Commitment.Kind(self.kind).label)

    @property
    def strip(self) -> SafeString:
        span = self.span._asdict()
        return charts.strip(self.spells, **span, due_on=self.due_on)


class Mark(NamedTuple):
    """All that the home page shows of a commitment: two small marks."""

    ref: str
    address: str
    title: str
    title_zh: str
    status: str
    freshness: Freshness
    days_since_review: int | None

    @property
    def name(self) -> str:
        return languages.choose(self.title, self.title_zh)


def mark(row: Row, *, past: str) -> Mark:
    """Return what the home page shows of a row; ``past`` keeps its day in the link."""
    return Mark(
        ref=row.commitment.ref,
        address=f"{reading.address(row.commitment)}{past}",
        title=row.text["title"],
        title_zh=row.text.get("title_zh", ""),
        status=row.state.status,
        freshness=row.freshness,
        days_since_review=row.days_since_review,
    )


def line(
    row: Row,
    *,
    past: str,
    spells: Spells,
    span: Span,
    search: str,
    hits: Iterable[Hit],
) -> Line:
    """Return what the list shows of a row; ``past`` keeps its day in the link."""
    one, state = row.commitment, row.state
    return Line(
        ref=one.ref,
        address=f"{reading.address(one)}{past}",
        kind=one.kind,
        title=row.text["title"],
        title_zh=row.text.get("title_zh", ""),
        is_scored=row.is_scored,
        has_claim_gap=state.has_claim_gap,
        status=state.status,
        status_since=state.status_since,
        status_precision=state.status_precision,
        schedule=row.schedule,
        due_on=state.due_on,
        due_precision=state.due_precision,
        freshness=row.freshness,
        days_since_review=row.days_since_review,
        spells=tuple(spells),
        span=span,
        search=search,
        hits=tuple(hits),
    )
