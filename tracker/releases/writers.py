"""Each form that a table comes in, written row by row from the release's own rows.

Nothing here reads a clock, a locale or the machine: the same rows give the same bytes.
"""

from __future__ import annotations

import csv
import sqlite3
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson

from commitments.bulk.cells import neutralise
from tracker.models import Release

from .contents import TABLES
from .tables import Column, Table
from .workspace import NEW, Workspace

SQL = {
    "integer": "INTEGER",
    "boolean": "INTEGER",
    "number": "REAL",
}


def as_json(value: Any) -> str:
    return orjson.dumps(value).decode()


def write_jsonl(path: Path, lines: Iterable[bytes]) -> None:
    with path.open("wb") as file:
        for text in lines:
            file.write(text + b"\n")


def write_csv(path: Path, table: Table, rows: Iterable[dict[str, Any]]) -> None:
    """UTF-8, a first row of names. No spreadsheet runs a cell of it."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\r\n")
        writer.writerow(table.names)
        for row in rows:
            writer.writerow([cell(row[c.name]) for c in table.columns])


def cell(value: Any) -> Any:
    """Return a value as a cell: lists and objects as JSON, nothing as nothing."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return neutralise(value)
        case list() | dict():
            return as_json(value)
    return value


def write_sqlite(path: Path, release: Release, work: Workspace) -> None:
    """One database with all tables, their keys and what refers to what."""
    base = sqlite3.connect(path, isolation_level=None)
    try:
        base.execute("PRAGMA page_size=4096")
        base.execute("PRAGMA journal_mode=OFF")
        base.execute("PRAGMA synchronous=OFF")
        base.execute(f"PRAGMA user_version={int(release.number)}")
        base.execute("BEGIN")
        _write_about(base, release)
        for table in TABLES:
            base.execute(_create(table))
            marks = ", ".join("?" for _ in table.columns)
            base.executemany(
                f'INSERT INTO "{table.name}" VALUES ({marks})',  # noqa: S608
                (
                    [_sql(row[c.name]) for c in table.columns]
                    for row in work.rows(NEW, table.name)
                ),
            )
        base.execute("COMMIT")
        base.execute("VACUUM")
    finally:
        base.close()


def _write_about(base: sqlite3.Connection, release: Release) -> None:
    base.execute('CREATE TABLE "about" (name TEXT PRIMARY KEY, value TEXT)')
    base.executemany('INSERT INTO "about" VALUES (?, ?)', about(release))


def about(release: Release) -> list[tuple[str, str]]:
    """Return what a file says of the release it is from."""
    return [
        ("site", release.site_name),
        ("release", str(release.number)),
        ("made at", f"{release.made_at:%Y-%m-%d %H:%M} UTC"),
        ("last history entry", str(release.seq)),
        ("its digest", release.digest),
        ("method", release.method_version),
        ("licence", "CC BY 4.0, https://creativecommons.org/licenses/by/4.0/"),
        ("cite as", release.citation),
    ]


def _create(table: Table) -> str:
    lines = [f'  "{c.name}" {SQL.get(c.type, "TEXT")}' for c in table.columns]
    key = ", ".join(f'"{name}"' for name in table.key)
    lines.append(f"  PRIMARY KEY ({key})")
    for name, (other, column) in table.refers.items():
        lines.append(f'  FOREIGN KEY ("{name}") REFERENCES "{other}" ("{column}")')
    return f'CREATE TABLE "{table.name}" (\n' + ",\n".join(lines) + "\n)"


def _sql(value: Any) -> Any:
    return as_json(value) if isinstance(value, list | dict) else value


def shown(column: Column, value: Any) -> Any:
    """Return a value as people read it in a cell."""
    if isinstance(value, list) and all(isinstance(item, str) for item in value):
        return "; ".join(value)
    if isinstance(value, list | dict):
        return as_json(value)
    return value
