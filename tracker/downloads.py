"""What the list shows, as a file: exactly the rows of the filters, in their order."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from typing import Any

import orjson
import xlsxwriter
from django.conf import settings

from commitments.bulk.cells import Echo, neutralise
from tracker.reading import Row

COLUMNS = (
    *("ref", "slug", "title", "title_zh", "pillar", "kind", "status", "status_since"),
    *("criteria_met", "official_position", "claim_gap", "due_on", "schedule"),
    *("freshness", "reviewed_on", "review_due_on", "sources", "address"),
)
# Of the columns of a workbook that hold longer texts.
WIDTHS = {"title": 50, "title_zh": 40, "slug": 30, "address": 50}


def record(row: Row) -> dict[str, Any]:
    """Return one row as plain values, by the names of ``COLUMNS``."""
    state, commitment = row.state, row.commitment
    return {
        "ref": commitment.ref,
        "slug": commitment.slug,
        "title": row.title,
        "title_zh": row.text["title_zh"],
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


def as_csv(rows: Iterable[Row]) -> Iterator[str]:
    """Yield the lines of a CSV file (UTF-8 with its mark, for spreadsheets).

    A cell that a spreadsheet would run as a formula begins with an apostrophe.
    """
    writer: Any = csv.writer(Echo())
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


def as_xlsx(rows: Iterable[Row], *, on: date) -> Iterator[bytes]:
    """Yield the rows as a workbook, the same bytes for the same rows and day.

    As in the CSV file, nothing in a cell is run, and nothing becomes a link.
    """
    file = io.BytesIO()
    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
        },
    )
    book.set_properties({"created": datetime.combine(on, time())})
    sheet, head = book.add_worksheet("Commitments"), book.add_format({"bold": True})
    day = book.add_format({"num_format": "yyyy-mm-dd"})
    sheet.freeze_panes(1, 1)
    for place, name in enumerate(COLUMNS):
        sheet.set_column(place, place, WIDTHS.get(name, 14))
        sheet.write_string(0, place, name, head)
    number = 0
    for number, row in enumerate(rows, start=1):
        for place, value in enumerate(record(row).values()):
            match value:
                case None | "":
                    continue
                case date():
                    sheet.write_datetime(number, place, value, day)
                case bool():
                    sheet.write_boolean(number, place, value)
                case int():
                    sheet.write_number(number, place, value)
                case _:
                    sheet.write_string(number, place, _cell(value))
    sheet.autofilter(0, 0, number, len(COLUMNS) - 1)
    book.close()
    yield file.getvalue()
