"""What the list shows, as a file: exactly the rows of the filters, in their order."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from django.conf import settings

from commitments.bulk.cells import neutralise
from tracker.reading import Row

COLUMNS = (
    *("ref", "slug", "title", "title_zh", "pillar", "kind", "status", "status_since"),
    *("criteria_met", "official_position", "claim_gap", "due_on", "schedule"),
    *("freshness", "reviewed_on", "review_due_on", "sources", "address"),
)


def record(row: Row) -> dict[str, Any]:
    """Return one row as plain values, by the names of ``COLUMNS``."""
    state, commitment = row.state, row.commitment
    return {
        "ref": commitment.ref,
        "slug": commitment.slug,
        "title": row.title,
        "title_zh": commitment.title_zh,
        "pillar": commitment.pillar.number,
        "kind": commitment.kind,
        "status": state.status or None,
        "status_since": state.status_since,
        "criteria_met": sorted(state.criteria_met),
        "official_position": state.official_position,
        "claim_gap": state.has_claim_gap,
        "due_on": state.due_on,
        "schedule": row.schedule.value if row.is_scored else None,
        "freshness": row.freshness.value if row.is_scored else None,
        "reviewed_on": state.reviewed_on,
        "review_due_on": state.review_due_on,
        "sources": state.sources,
        "address": settings.SITE_URL + commitment.get_absolute_url(),
    }


class _Line:
    """A file that hands back what is written to it."""

    def write(self, text: str) -> str:
        return text


def as_csv(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a CSV file (UTF-8 with its mark, for spreadsheets).

    A cell that a spreadsheet would run as a formula begins with an apostrophe.
    """
    writer: Any = csv.writer(_Line())
    yield "\ufeff" + writer.writerow(COLUMNS)
    for row in rows:
        yield writer.writerow([_cell(value) for value in record(row).values()])


def _cell(value: Any) -> str:
    if isinstance(value, list):
        return " ".join(value)
    if isinstance(value, bool):
        return "true" if value else "false"
    return neutralise("" if value is None else str(value))


def as_json(rows: Iterable[Row]) -> Iterator[bytes]:
    """Yield the rows as JSON Lines: one object on each line."""
    for row in rows:
        yield orjson.dumps(record(row), option=orjson.OPT_APPEND_NEWLINE)
