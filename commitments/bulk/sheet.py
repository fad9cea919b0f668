"""Writing rows into the one sheet of a workbook."""

from __future__ import annotations

import re
from typing import IO, Any

from django.db.models import QuerySet
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from .cells import Number, neutralise
from .limits import MOST_CHARACTERS, Unreadable
from .resources import BulkResource

# What XML cannot hold.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
# A spreadsheet keeps this many digits of a number.
DIGITS = 15


def write_sheet(file: IO[bytes], resource: BulkResource, rows: QuerySet[Any]) -> None:
    """Write a first row of names, then each row; no cell is run by a spreadsheet.

    Raises Unreadable for a text that no cell holds.
    """
    book = Workbook(write_only=True)
    sheet = book.create_sheet(str(resource.model._meta.verbose_name_plural))
    sheet.freeze_panes = "A2"
    sheet.append(resource.get_export_headers())
    for row in rows.iterator(chunk_size=500):
        sheet.append([_cell(sheet, cell) for cell in resource.export_resource(row)])
    book.save(file)


def _cell(sheet: Any, text: str) -> Any:
    if isinstance(text, Number) and sum(c.isdigit() for c in text) <= DIGITS:
        return float(text) if "." in text else int(text)
    cell = WriteOnlyCell(sheet)
    safe = UNWRITABLE.sub("\ufffd", neutralise(text))
    if len(safe) > MOST_CHARACTERS:
        raise Unreadable(
            f"A text of {len(safe):,} characters does not fit into a cell of a "
            "workbook. Take CSV or JSON."
        )
    cell.value = safe
    # Text whatever it looks like: 1.10 is not 1.1.
    cell.data_type, cell.number_format = "s", "@"
    return cell
