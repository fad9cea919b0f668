"""A table as Parquet, with the meaning of each column in its schema."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import arro3.core as arrow
import orjson
from arro3.io import read_json, write_parquet

from .tables import Table
from .writers import as_json

# Rows of a row group.
GROUP = 10_000
ARROW = {
    "string": arrow.DataType.string,
    "integer": arrow.DataType.int64,
    "number": arrow.DataType.float64,
    "boolean": arrow.DataType.bool,
    "date": arrow.DataType.date32,
    "datetime": lambda: arrow.DataType.timestamp("us", tz="UTC"),
    "array": lambda: arrow.DataType.list(
        arrow.Field("item", arrow.DataType.string(), nullable=True)
    ),
    # Objects of any shape: their JSON text.
    "object": arrow.DataType.string,
    "objects": arrow.DataType.string,
}


def write(path: Path, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    schema = arrow.Schema(
        [
            arrow.Field(
                c.name, ARROW[c.type](), nullable=True, metadata={"description": c.what}
            )
            for c in table.columns
        ],
        metadata={"title": table.title, "description": table.what},
    )
    nested = [c.name for c in table.columns if c.type.startswith("object")]
    with tempfile.TemporaryFile(dir=path.parent) as file:
        for row in rows:
            plain = {n: as_json(row[n]) for n in nested if row[n] is not None}
            file.write(orjson.dumps({**row, **plain}) + b"\n")
        file.seek(0)
        write_parquet(
            read_json(file, schema, batch_size=GROUP),
            path,
            compression="zstd(3)",
            created_by="opening-up-tracker",
            max_row_group_size=GROUP,
        )
