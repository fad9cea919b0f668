"""What a release changed, by machine: applied to the one before it, it gives it.

``docs/apply_difference.py`` applies it with nothing but Python.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from tracker.models import Release

from . import keeping
from .contents import TABLES
from .tables import Table
from .workspace import NEW, OLD, Workspace, line

ADDED, CHANGED, REMOVED = "added", "changed", "removed"


def recall(previous: Release, work: Workspace) -> None:
    """Read the rows of the release before from its own files.

    Raises OSError where they cannot be read.
    """
    held = {file.name: file for file in previous.files.select_related("release")}
    for table in TABLES:
        if file := held.get(f"{table.name}.jsonl"):
            with keeping.opened(file) as lines:
                work.put(OLD, table.name, (orjson.loads(text) for text in lines))


def write_difference(path: Path, release: Release, work: Workspace) -> None:
    """Write each row that differs as one line; count them in ``release.changes``."""
    assert release.previous is not None  # noqa: S101 - the first has no difference
    head = {
        "from": release.previous.number,
        "to": release.number,
        "order": {table.name: table.order or table.key for table in TABLES},
    }
    counts: dict[str, dict[str, int]] = {}
    with path.open("wb") as file:
        file.write(line(head) + b"\n")
        for table in TABLES:
            for change in changes(table, work):
                cell = counts.setdefault(table.name, {})
                cell[change["op"]] = cell.get(change["op"], 0) + 1
                file.write(line(change) + b"\n")
    release.changes = counts


def changes(table: Table, work: Workspace) -> Iterator[dict[str, Any]]:
    """Yield what became of each row: its key, the row, and the values it had."""
    for _, before, after in work.differences(OLD, NEW, table.name):
        old = orjson.loads(before) if before else None
        new = orjson.loads(after) if after else None
        row = orjson.loads(after or before or b"")
        told = {"table": table.name, "op": _op(old, new), "key": table.key_of(row)}
        if new:
            told["row"] = new
        if old:
            told["old"] = {k: v for k, v in old.items() if not new or new.get(k) != v}
        yield told


def _op(old: Any, new: Any) -> str:
    if old is None:
        return ADDED
    return CHANGED if new else REMOVED
