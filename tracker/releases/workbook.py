"""The workbook for people: one sheet for each table, behind one that says what it is."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.worksheet import Worksheet

from commitments.bulk.cells import neutralise
from tracker.models import Release

from .contents import TABLES
from .tables import Table
from .workspace import NEW, Workspace
from .writers import about, shown

# The limits of the format.
LONGEST = 32_000
MOST_ROWS = 1_048_575
CUT = " … (cut: whole in the other files)"
WIDTHS = {"string": 24, "array": 24, "object": 30, "objects": 30}


def write_workbook(path: Path, release: Release, work: Workspace) -> None:
    """Write all tables; nothing in a cell is run, and nothing is a link."""
    book = xlsxwriter.Workbook(
        str(path),
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "tmpdir": str(path.parent),
        },
    )
    made_at = release.made_at.astimezone(UTC).replace(tzinfo=None, microsecond=0)
    book.set_properties({"title": str(release), "created": made_at})
    head = book.add_format({"bold": True, "bottom": 1})
    styles = {
        "date": book.add_format({"num_format": "yyyy-mm-dd"}),
        "datetime": book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"}),
    }
    _write_about(book.add_worksheet("About"), release, work, head)
    for table in TABLES:
        _write(book.add_worksheet(table.title), table, work, head, styles)
    book.close()


def _write_about(
    sheet: Worksheet, release: Release, work: Workspace, head: Any
) -> None:
    sheet.set_column(0, 0, 22)
    sheet.set_column(1, 1, 100)
    lines = [(name, text) for name, text in about(release)]
    counts = [
        (table.title, f"{work.count(NEW, table.name)} rows. {table.what}")
        for table in TABLES
    ]
    for number, (name, text) in enumerate([*lines, ("", ""), *counts]):
        sheet.write_string(number, 0, neutralise(name), head)
        sheet.write_string(number, 1, neutralise(text))


def _write(
    sheet: Worksheet, table: Table, work: Workspace, head: Any, styles: dict[str, Any]
) -> None:
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, WIDTHS.get(column.type, 12))
    sheet.freeze_panes(1, 1)
    total = min(work.count(NEW, table.name), MOST_ROWS)
    sheet.autofilter(0, 0, total, len(table.columns) - 1)
    for place, name in enumerate(table.names):
        sheet.write_string(0, place, name, head)
    for number, row in enumerate(work.rows(NEW, table.name), start=1):
        if number > MOST_ROWS:
            return
        for place, column in enumerate(table.columns):
            _cell(
                sheet,
                number,
                place,
                column.type,
                shown(column, row[column.name]),
                styles,
            )


def _cell(
    sheet: Worksheet, row: int, place: int, kind: str, value: Any, styles: dict
) -> None:
    match value:
        case None | "":
            return
        case bool():
            sheet.write_boolean(row, place, value)
        case int() | float():
            sheet.write_number(row, place, value)
        case str() if kind == "date":
            day = date.fromisoformat(value)
            sheet.write_datetime(row, place, day, styles[kind])
        case str() if kind == "datetime":
            moment = datetime.fromisoformat(value).astimezone(UTC).replace(tzinfo=None)
            sheet.write_datetime(row, place, moment, styles[kind])
        case str():
            text = neutralise(value)
            cut = len(text) > LONGEST
            sheet.write_string(row, place, text[:LONGEST] + CUT if cut else text)
