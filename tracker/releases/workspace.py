"""Where the rows of a release are put in order: a file, so that memory stays bounded."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Self

import orjson

from .contents import DESCRIBED, NAMED

# Sets of rows: this release's, the one before it, and what either keeps of facts.
NEW, OLD, FACTS, OLD_FACTS = "new", "old", "facts", "old_facts"
BATCH = 500


def line(row: dict[str, Any]) -> bytes:
    """Return a row as its one JSON text."""
    return orjson.dumps(row, default=str)


class Workspace:
    """Rows by set, table and place, each as one JSON text."""

    def __init__(self, path: Path) -> None:
        self.base = sqlite3.connect(path, isolation_level=None)
        self.base.executescript(
            "PRAGMA journal_mode=OFF; PRAGMA synchronous=OFF;"
            "CREATE TABLE line (part TEXT, name TEXT, place TEXT, line BLOB, "
            "PRIMARY KEY (part, name, place)) WITHOUT ROWID;"
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.base.close()

    def put(self, part: str, name: str, rows: Iterable[dict[str, Any]]) -> None:
        """Take in rows of a table. Raises sqlite3.IntegrityError for a key twice."""
        table = NAMED[name]
        self.put_lines(part, name, ((table.place(row), line(row)) for row in rows))

    def put_lines(
        self, part: str, name: str, lines: Iterable[tuple[str, bytes]]
    ) -> None:
        self.base.execute("BEGIN")
        self.base.executemany(
            "INSERT INTO line VALUES (?, ?, ?, ?)",
            ((part, name, place, text) for place, text in lines),
        )
        self.base.execute("COMMIT")

    def change(self, part: str, changes: Iterable[tuple[str, str, bytes]]) -> None:
        """Apply changes in turn: (table, place, the row from then on or nothing)."""
        self.base.execute("BEGIN")
        for name, place, text in changes:
            if text:
                self.base.execute(
                    "INSERT OR REPLACE INTO line VALUES (?, ?, ?, ?)",
                    (part, name, place, text),
                )
            else:
                self.base.execute(
                    "DELETE FROM line WHERE part = ? AND name = ? AND place = ?",
                    (part, name, place),
                )
        self.base.execute("COMMIT")

    def lines(self, part: str, name: str) -> Iterator[bytes]:
        """Yield a table's rows in their order."""
        found = self.base.execute(
            "SELECT line FROM line WHERE part = ? AND name = ? ORDER BY place",
            (part, name),
        )
        for (text,) in found:
            yield text

    def rows(self, part: str, name: str) -> Iterator[dict[str, Any]]:
        for text in self.lines(part, name):
            yield orjson.loads(text)

    def count(self, part: str, name: str) -> int:
        found = self.base.execute(
            "SELECT count(*) FROM line WHERE part = ? AND name = ?", (part, name)
        )
        return found.fetchone()[0]

    def differences(
        self, old: str, new: str, name: str
    ) -> Iterator[tuple[str, bytes | None, bytes | None]]:
        """Yield (place, old row, new row) where two sets of a table differ."""
        yield from self.base.execute(
            "SELECT * FROM ("
            "SELECT o.place AS place, o.line AS old, n.line AS new FROM line o "
            "LEFT JOIN line n ON n.part = :new AND n.name = o.name "
            "AND n.place = o.place WHERE o.part = :old AND o.name = :name "
            "AND n.line IS NOT o.line UNION ALL "
            "SELECT n.place, NULL, n.line FROM line n "
            "LEFT JOIN line o ON o.part = :old AND o.name = n.name "
            "AND o.place = n.place WHERE n.part = :new AND n.name = :name "
            "AND o.line IS NULL) ORDER BY place",
            {"old": old, "new": new, "name": name},
        )

    def changed_facts(self) -> Iterator[tuple[str, str, bytes]]:
        """Yield what this release keeps that the one before it did not."""
        for table in DESCRIBED:
            found = self.differences(OLD_FACTS, FACTS, table.name)
            for place, _, new in found:
                yield table.name, place, new or b""
