"""All files of one release, written into a folder."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tracker.models import Release

from . import descriptor, keeping, writers
from .contents import TABLES
from .descriptor import Made
from .differences import write_difference
from .tables import Table
from .workbook import write_workbook
from .workspace import NEW, Workspace

# Packed already: packing again gains nothing.
PACKED = {".parquet", ".xlsx"}


def write(folder: Path, release: Release, work: Workspace) -> list[Made]:
    """Write every file of a release; return them in the order in which they are listed.

    The rows are in ``work``. The same rows and the same release give the same bytes.
    """
    made: dict[str, Made] = {}

    def file(name: str, write_to: Callable[..., Any], *given: Any, rows: Any = None):
        path = folder / name
        write_to(path, *given)
        with path.open("rb") as written:
            digest = keeping.sha256(written)
        made[name] = Made(name, path.stat().st_size, digest, rows)

    file("tracker.sqlite", writers.write_sqlite, release, work)
    file("tracker.xlsx", write_workbook, release, work)
    for table in TABLES:
        for kind, write_to in FORMS.items():
            rows = work.count(NEW, table.name)
            file(f"{table.name}.{kind}", write_to, table, work, rows=rows)
    if release.previous:
        file("diff.jsonl", write_difference, release, work)
    sources = list(work.rows(NEW, "sources"))
    package = descriptor.data_package(release, made, sources)
    file("datapackage.json", descriptor.write_json, package)
    file("README.md", write_text, descriptor.read_me(release))
    file("manifest.json", descriptor.write_json, descriptor.manifest(release, made))
    file("SHA256SUMS", write_text, descriptor.sums(made))
    file(f"release-{release.number}.zip", write_zip, release, list(made))
    return list(made.values())


def _jsonl(path: Path, table: Table, work: Workspace) -> None:
    writers.write_jsonl(path, work.lines(NEW, table.name))


def _csv(path: Path, table: Table, work: Workspace) -> None:
    writers.write_csv(path, table, work.rows(NEW, table.name))


def _parquet(path: Path, table: Table, work: Workspace) -> None:
    # Loaded where a release is made, and not in each process.
    from . import parquet

    parquet.write(path, table, work.rows(NEW, table.name))


FORMS = {"csv": _csv, "jsonl": _jsonl, "parquet": _parquet}


def write_text(path: Path, text: str) -> None:
    path.write_bytes(text.encode())


def write_zip(path: Path, release: Release, names: list[str]) -> None:
    """Pack all files into one, dated by the release and by nothing else."""
    with zipfile.ZipFile(path, "w") as pack:
        for name in names:
            source = path.with_name(name)
            entry = zipfile.ZipInfo(
                f"release-{release.number}/{name}", release.made_at.timetuple()[:6]
            )
            entry.create_system, entry.external_attr = 3, 0o644 << 16
            entry.file_size = source.stat().st_size
            packed = source.suffix in PACKED
            entry.compress_type = zipfile.ZIP_STORED if packed else zipfile.ZIP_DEFLATED
            with source.open("rb") as file, pack.open(entry, "w") as member:
                shutil.copyfileobj(file, member)
