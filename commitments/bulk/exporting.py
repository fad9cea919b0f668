"""Writing rows into a file, a few at a time."""

from __future__ import annotations

import csv
import json
import tempfile
from collections.abc import Iterable, Iterator
from typing import IO, Any

from django.db.models import QuerySet

from .cells import Echo, Number, neutralise
from .limits import MOST_ROWS, Unreadable
from .resources import RESOURCES, BulkResource

TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
}


def export(*, kind: str, format: str, chosen: QuerySet[Any]) -> Iterable[bytes]:
    """Return the file, in pieces, of the rows in ``chosen``.

    CSV and XLSX hold no text that a spreadsheet would run; JSON is exact. Raises
    Unreadable for more than a workbook is made for.
    """
    resource = RESOURCES[kind]()
    rows = resource.rows().filter(pk__in=chosen.order_by().values("pk"))
    if format == "json":
        return _json(resource, rows)
    if format == "csv":
        return _csv(resource, rows)
    return _xlsx(resource, rows)


def _csv(resource: BulkResource, rows: QuerySet[Any]) -> Iterator[bytes]:
    writer = csv.writer(Echo(), quoting=csv.QUOTE_ALL)
    # Spreadsheets tell UTF-8 by this mark.
    yield "\ufeff".encode()
    yield writer.writerow(resource.get_export_headers()).encode()
    for row in rows.iterator(chunk_size=500):
        cells = [_safe(cell) for cell in resource.export_resource(row)]
        yield writer.writerow(cells).encode()


def _safe(cell: str) -> str:
    return cell if isinstance(cell, Number) else neutralise(cell)


def _json(resource: BulkResource, rows: QuerySet[Any]) -> Iterator[bytes]:
    names = resource.get_export_headers()
    before = "[\n"
    for row in rows.iterator(chunk_size=500):
        cells = resource.export_resource(row, force_native_type=True)
        item = dict(zip(names, cells, strict=True))
        yield f"{before}{json.dumps(item, ensure_ascii=False, default=str)}".encode()
        before = ",\n"
    yield b"[]\n" if before == "[\n" else b"\n]\n"


def _xlsx(resource: BulkResource, rows: QuerySet[Any]) -> Iterator[bytes]:
    if rows.count() > MOST_ROWS:
        raise Unreadable(
            f"A workbook is made of at most {MOST_ROWS:,} rows. Filter the list, or "
            "take CSV."
        )
    # The library is seldom needed, and 20 MB of a process.
    from .sheet import write_sheet

    file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 (closed by _pieces)
    try:
        write_sheet(file, resource, rows)
    except BaseException:
        file.close()
        raise
    return _pieces(file)


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    with file:
        file.seek(0)
        while piece := file.read(65536):
            yield piece
