"""Reading a file row by row: bounded in memory, every fault named with its mend.

Whatever the format, a row is a mapping of column names to cells. A cell is a text
(``Number`` where the file held one), a truth value, a list (JSON alone) or None.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
from collections.abc import Collection, Iterator
from typing import IO, Any

from .cells import Number, restore
from .limits import MOST_CHARACTERS, MOST_COLUMNS, MOST_ROWS, Unreadable, too_many_rows
from .workbook import sheet_rows

Row = dict[str, Any]
FORMATS = ("csv", "xlsx", "json")


def read_rows(
    file: IO[bytes], *, format: str, columns: Collection[str]
) -> Iterator[tuple[int, Row]]:
    """Yield each row that is not empty, with the number its reader knows it by.

    In a sheet the heading is row 1; in JSON the first object is row 1. Raises
    Unreadable for a file that cannot be read or has columns not in ``columns``.
    """
    if format == "json":
        yield from _json_rows(file, columns)
        return
    lines = sheet_rows(file) if format == "xlsx" else _csv_lines(file)
    heading = _heading(next(lines, []), columns)
    for number, line in enumerate(lines, start=2):
        if number > MOST_ROWS + 1:
            raise too_many_rows()
        if not any(cell not in (None, "") for cell in line):
            continue
        if any(cell not in (None, "") for cell in line[len(heading) :]):
            raise Unreadable(
                f"Row {number} has more cells than the heading has columns. Look for a "
                "comma outside quotes, and empty the cells to its right."
            )
        cells = [_cell(cell) for cell in line[: len(heading)]]
        cells += [None] * (len(heading) - len(cells))
        row = {name: cell for name, cell in zip(heading, cells, strict=True) if name}
        _check_lengths(number, row)
        yield number, row


def _cell(cell: Any) -> Any:
    return restore(cell) if type(cell) is str else cell


def _heading(line: list[Any], columns: Collection[str]) -> list[str]:
    """Return the column names; "" for a column without one."""
    names = [str(cell or "").strip().lower() for cell in line]
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise Unreadable(f"This file has more than {MOST_COLUMNS} columns.")
    if not any(names):
        raise Unreadable("The first row is empty. Write the column names there.")
    _check_names([name for name in names if name], columns)
    return names


def _check_names(names: list[str], columns: Collection[str]) -> None:
    if unknown := [name for name in names if name not in columns]:
        raise Unreadable(
            f"There is no column {_quoted(unknown[0])}. Mend its name or remove it. The "
            f"columns are: {', '.join(columns)}."
        )
    if twice := [name for name in names if names.count(name) > 1]:
        raise Unreadable(f"The column {_quoted(twice[0])} is there twice. Keep one.")


def _quoted(name: str) -> str:
    return f"“{name if len(name) <= 60 else name[:60] + '…'}”"


def _check_lengths(number: int, row: Row) -> None:
    for name, cell in row.items():
        if isinstance(cell, str) and len(cell) > MOST_CHARACTERS:
            raise Unreadable(
                f"Row {number}, column “{name}”: {len(cell):,} characters; a cell holds "
                f"at most {MOST_CHARACTERS:,}. Shorten it."
            )


def _check_utf8(file: IO[bytes], mend: str) -> None:
    """Refuse other encodings, with the line. Leaves the file at its start."""
    start = file.read(4)
    if start[:2] == b"PK":
        raise Unreadable("This is a workbook or archive. Give it its name: .xlsx.")
    if start[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        raise Unreadable(f"This file is encoded in UTF-16. {mend}")
    file.seek(0)
    decoder, line = codecs.getincrementaldecoder("utf-8")(), 1
    while chunk := file.read(65536):
        try:
            line += decoder.decode(chunk).count("\n")
        except UnicodeDecodeError as error:
            line += error.object[: error.start].count(b"\n")
            raise Unreadable(
                f"Line {line} is not UTF-8: byte 0x{error.object[error.start]:02X}. "
                f"{mend}"
            ) from None
    if decoder.getstate()[0]:
        raise Unreadable(f"The end of the file is not UTF-8. {mend}")
    file.seek(0)


def _csv_lines(file: IO[bytes]) -> Iterator[list[Any]]:
    _check_utf8(file, "Save it as “CSV UTF-8”.")
    text = io.TextIOWrapper(file, encoding="utf-8-sig", newline="")
    row = 0
    try:
        first = text.readline(MOST_CHARACTERS)
        text.seek(0)
        # Where the comma is the decimal sign, spreadsheets part cells otherwise.
        delimiter = max(",;\t", key=first.count)
        for line in csv.reader(text, delimiter=delimiter, strict=True):
            row += 1
            yield line
    except csv.Error as error:
        raise Unreadable(
            f"Row {row + 1} is not well-formed CSV: {error}. Look there for a quote that "
            "is opened and not closed, or save the file anew from the spreadsheet."
        ) from None
    finally:
        # The file belongs to the caller, who may have closed it already.
        if not file.closed:
            text.detach()


def _json_rows(file: IO[bytes], columns: Collection[str]) -> Iterator[tuple[int, Row]]:
    _check_utf8(file, "Save it as UTF-8.")
    text = file.read().decode("utf-8-sig")
    for number, item in enumerate(_json_items(text), start=1):
        if number > MOST_ROWS:
            raise too_many_rows()
        if not isinstance(item, dict):
            raise Unreadable(f"Row {number} is not an object of columns and values.")
        _check_names(list(item), columns)
        _check_lengths(number, item)
        yield number, item


def _json_items(text: str) -> Iterator[Any]:
    """Yield the objects of a JSON list, one at a time."""
    decoder = json.JSONDecoder(
        parse_float=Number,
        parse_int=Number,
        parse_constant=_no_constant,
        object_pairs_hook=_no_key_twice,
    )
    place = _skip_space(text, 0)
    if text[place : place + 1] != "[":
        raise Unreadable("The file must be one JSON list of objects: [{…}, {…}].")
    place = _skip_space(text, place + 1)
    done = text[place : place + 1] == "]"
    while not done:
        try:
            item, place = decoder.raw_decode(text, place)
        except json.JSONDecodeError as error:
            raise _not_json(text, error.pos, error.msg) from None
        except RecursionError:
            raise Unreadable(
                "This JSON is nested too deeply. A row is an object of plain values."
            ) from None
        yield item
        place = _skip_space(text, place)
        done = text[place : place + 1] == "]"
        if not done and text[place : place + 1] != ",":
            raise _not_json(text, place, "a comma or ] is missing")
        place = place if done else _skip_space(text, place + 1)
    if (rest := _skip_space(text, place + 1)) < len(text):
        raise _not_json(text, rest, "the list has ended already")


def _skip_space(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n":
        place += 1
    return place


def _not_json(text: str, place: int, what: str) -> Unreadable:
    line = text.count("\n", 0, place) + 1
    return Unreadable(f"This is not JSON, line {line}: {what}. Mend it there.")


def _no_constant(name: str) -> None:
    raise Unreadable(f"{name} is not a number. Write null for a value not known.")


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    if len(row) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise Unreadable(f"The column {_quoted(twice)} is twice in a row. Keep one.")
    return row
