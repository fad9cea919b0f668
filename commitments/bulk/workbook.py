"""Reading the first sheet of a workbook, after looking at what it would unpack to.

A workbook is an archive of XML. 178 kB can hold 46 MB of it, and a single cell far
down can stand for millions of empty rows, so sizes are checked before anything is
parsed, and the sheets are looked through as a stream before a tree is made of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import IO, Any
from xml.sax import SAXException, handler  # nosec: parsed by defusedxml
from zipfile import BadZipFile, ZipFile, ZipInfo

from defusedxml import DefusedXmlException
from defusedxml import sax as safe_sax

from . import limits
from .cells import Number
from .limits import MEGABYTE, Unreadable

SHEETS = "xl/worksheets/"
STRINGS = "xl/sharedstrings.xml"
CELL = re.compile(r"([A-Z]{1,3})([0-9]{1,7})")
ANEW = "Open it in the spreadsheet and save it anew as .xlsx."
# Whatever a crafted archive makes the parsers raise.
FAULTS = (
    AttributeError,
    BadZipFile,
    EOFError,
    IndexError,
    KeyError,
    NotImplementedError,
    OSError,
    RuntimeError,
    SAXException,
    SyntaxError,
    TypeError,
    ValueError,
    DefusedXmlException,
)


def unpacked_size(file: IO[bytes]) -> int:
    """Return how many bytes a workbook unpacks to, by its table of contents.

    Raises Unreadable for what is no archive. Leaves the file at its start.
    """
    try:
        with ZipFile(file) as archive:
            return sum(member.file_size for member in archive.infolist())
    except FAULTS:
        raise Unreadable(f"This is not an XLSX workbook. {ANEW}") from None
    finally:
        file.seek(0)


def sheet_rows(file: IO[bytes]) -> Iterator[list[Any]]:
    """Yield the rows of the first sheet as lists of cells. Raises Unreadable."""
    try:
        _look_through(file)
        file.seek(0)
        yield from _rows(file)
    except Unreadable:
        raise
    except FAULTS:
        raise Unreadable(f"This workbook is damaged. {ANEW}") from None


def _look_through(file: IO[bytes]) -> None:
    """Refuse a workbook that would unpack or grow beyond the limits."""
    with ZipFile(file) as archive:
        members = archive.infolist()
        _check_members(members)
        for member in members:
            name = member.filename.lower()
            if name.startswith(SHEETS) or name == STRINGS:
                with archive.open(member) as stream:
                    parser = safe_sax.make_parser()
                    parser.forbid_dtd = True
                    parser.setContentHandler(_Bounds())
                    parser.parse(stream)


def _check_members(members: list[ZipInfo]) -> None:
    names = [member.filename.lower() for member in members]
    total = sum(member.file_size for member in members)
    if len(names) > limits.MOST_MEMBERS or len(set(names)) < len(names):
        raise Unreadable(f"This workbook holds too many parts. {ANEW}")
    if sum(name.startswith(SHEETS) for name in names) > 2 * limits.MOST_SHEETS:
        raise Unreadable("This workbook has too many sheets. Keep the first alone.")
    if total > limits.MOST_UNPACKED:
        raise Unreadable(
            f"This workbook unpacks to {total / MEGABYTE:,.0f} MB; at most "
            f"{limits.MOST_UNPACKED // MEGABYTE} MB are read. Split it, and remove "
            "other sheets."
        )
    for member, name in zip(members, names, strict=True):
        bounded = name.startswith(SHEETS) or name == STRINGS
        # Pictures and the like are never opened.
        parsed = name.endswith((".xml", ".rels"))
        if parsed and not bounded and member.file_size > limits.MOST_OTHER_MEMBER:
            raise Unreadable(
                f"The part {member.filename[:60]} of this workbook is too large. Copy "
                "the rows, as values without formats, into a new workbook."
            )


class _Bounds(handler.ContentHandler):
    """Counts rows, cells of a row and shared strings while they stream by."""

    def __init__(self) -> None:
        super().__init__()
        self.rows = self.cells = self.strings = self.runs = 0

    def startElement(self, name: str, attrs: Any) -> None:
        tag = name.rpartition(":")[2]
        if tag == "dimension":
            self._check_place(attrs.get("ref", "").rpartition(":")[2])
        elif tag == "row":
            self.rows, self.cells = self.rows + 1, 0
            self._check_row(max(self.rows, _number(attrs.get("r", "0"))))
        elif tag == "c":
            self.cells += 1
            self._check_column(self.cells)
            if "r" in attrs:
                self._check_place(attrs["r"])
        elif tag == "si":
            self.strings, self.runs = self.strings + 1, 0
            if self.strings > limits.MOST_STRINGS:
                raise Unreadable("This workbook holds too many texts. Split it.")
        else:
            self.runs += 1
            if self.runs > limits.MOST_STRINGS:
                raise Unreadable(f"This workbook holds too much formatting. {ANEW}")
        if tag in ("row", "c"):
            self.runs = 0

    def _check_place(self, place: str) -> None:
        if found := CELL.fullmatch(place.replace("$", "")):
            column = 0
            for letter in found[1]:
                column = column * 26 + ord(letter) - 64
            self._check_row(int(found[2]), place)
            self._check_column(column, place)

    def _check_row(self, row: int, place: str = "") -> None:
        if row > limits.MOST_ROWS + 1:
            raise limits.too_many_rows() if not place else _too_far(place)

    def _check_column(self, column: int, place: str = "") -> None:
        if column > limits.MOST_COLUMNS:
            raise _too_far(place or f"column {column}")


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _too_far(place: str) -> Unreadable:
    return Unreadable(
        f"The sheet reaches to {place}; at most {limits.MOST_ROWS:,} rows and "
        f"{limits.MOST_COLUMNS} columns are read. Delete the empty rows and columns "
        "behind the last filled cell, or split the sheet."
    )


def _rows(file: IO[bytes]) -> Iterator[list[Any]]:
    # Seldom needed, and 20 MB of a process.
    from openpyxl import load_workbook

    book = load_workbook(file, read_only=True, keep_links=False)
    try:
        shown = (each for each in book.worksheets if each.sheet_state == "visible")
        if (sheet := next(shown, None)) is None:
            raise Unreadable("This workbook has no sheet with cells.")
        # What it says of its size may be wrong; the stream has been counted.
        sheet.reset_dimensions()
        rows = sheet.iter_rows(
            max_row=limits.MOST_ROWS + 2, max_col=limits.MOST_COLUMNS
        )
        for row in rows:
            yield [_value(cell) for cell in row]
    finally:
        book.close()


def _value(cell: Any) -> Any:
    """Return a cell as text, truth value or None. Raises Unreadable."""
    value = cell.value
    if value is None or isinstance(value, str | bool):
        if cell.data_type in ("f", "e") and value is not None:
            what = "a formula" if cell.data_type == "f" else f"the error {value}"
            raise Unreadable(
                f"Cell {cell.coordinate} holds {what}. Paste its value in its place."
            )
        return value
    if isinstance(value, datetime):
        return value.date().isoformat() if value.time() == time() else str(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return Number(int(value))
    if isinstance(value, int | float):
        return Number(value)
    raise Unreadable(
        f"Cell {cell.coordinate} holds a time: {value}. Write it as text in its place."
    )
