"""What a release says of itself: data package, manifest, sums and a page to read."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import orjson
from django.utils.text import slugify

from tracker.models import Release

from .contents import TABLES
from .tables import Column, Table

LICENCE = {
    "name": "CC-BY-4.0",
    "title": "Creative Commons Attribution 4.0 International",
    "path": "https://creativecommons.org/licenses/by/4.0/",
}
# Parts of a file's name that say what it is.
MEDIA = {
    "csv": "text/csv",
    "jsonl": "application/jsonl",
    "parquet": "application/vnd.apache.parquet",
    "sqlite": "application/vnd.sqlite3",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "json": "application/json",
    "md": "text/markdown",
    "zip": "application/zip",
    "": "text/plain",
}


@dataclass(frozen=True)
class Made:
    """A file of a release that is about to be."""

    name: str
    size: int
    sha256: str
    rows: int | None = None

    @property
    def media_type(self) -> str:
        return MEDIA[self.name.partition(".")[2].rpartition(".")[2]]


def data_package(
    release: Release, files: dict[str, Made], sources: list[dict[str, Any]]
) -> dict[str, Any]:
    """Return the Frictionless Data Package descriptor (version 1)."""
    return {
        "profile": "tabular-data-package",
        "name": f"{slugify(release.site_name)}-{release.number}",
        "id": release.address,
        "title": f"{release.site_name}: data release {release.number}",
        "description": "China's opening-up commitments for 2026-2030: tests, delivery "
        "status, official position, evidence, and the whole history of judgements.",
        "version": str(release.number),
        "created": f"{release.made_at:%Y-%m-%dT%H:%M:%SZ}",
        "homepage": release.site_url + "/",
        "licenses": [LICENCE],
        "contributors": [
            {"title": release.site_name, "path": release.site_url, "role": "publisher"}
        ],
        "sources": [
            {"title": row["title"], **({"path": row["url"]} if row["url"] else {})}
            for row in sources
        ],
        "keywords": ["China", "opening-up", "15th Five-Year Plan", "trade"],
        "history": {"seq": release.seq, "digest": release.digest},
        "citation": release.citation,
        "resources": [_resource(table, files) for table in TABLES],
    }


def _resource(table: Table, files: dict[str, Made]) -> dict[str, Any]:
    file = files[f"{table.name}.csv"]
    return {
        "profile": "tabular-data-resource",
        "name": table.name,
        "title": table.title,
        "description": table.what,
        "path": file.name,
        "format": "csv",
        "mediatype": "text/csv",
        "encoding": "utf-8",
        "bytes": file.size,
        "hash": f"sha256:{file.sha256}",
        "dialect": {"lineTerminator": "\r\n"},
        "schema": schema(table),
        "order": list(table.order or table.key),
        "otherForms": [f"{table.name}.jsonl", f"{table.name}.parquet"],
    }


def schema(table: Table) -> dict[str, Any]:
    """Return the Table Schema of a table."""
    told: dict[str, Any] = {
        "fields": [_field(column) for column in table.columns],
        "missingValues": [""],
        "primaryKey": list(table.key),
    }
    if table.refers:
        told["foreignKeys"] = [
            {
                "fields": [name],
                # Within its own table, the name is left empty.
                "reference": {
                    "resource": "" if other == table.name else other,
                    "fields": [column],
                },
            }
            for name, (other, column) in table.refers.items()
        ]
    return told


def _field(column: Column) -> dict[str, Any]:
    kind = "array" if column.type == "objects" else column.type
    told: dict[str, Any] = {
        "name": column.name,
        "type": kind,
        "description": column.what,
        "fromHistory": column.known,
    }
    if values := [value for value in column.values if value]:
        told["constraints"] = {"enum": values}
    return told


def manifest(release: Release, files: dict[str, Made]) -> dict[str, Any]:
    """Return what stands for the release: its place in the history and its files."""
    previous = release.previous
    return {
        "release": release.number,
        "address": release.address,
        "made_at": f"{release.made_at:%Y-%m-%dT%H:%M:%S.%fZ}",
        "history": {"seq": release.seq, "digest": release.digest},
        "method_version": release.method_version,
        "format": release.format,
        # PostgreSQL keeps the names of an object in an order of its own.
        "made_with": dict(sorted(release.made_with.items())),
        "previous": {"release": previous.number, "sums": previous.sums}
        if previous
        else None,
        "changes": release.changes,
        "files": [
            {**asdict(file), "media_type": file.media_type} for file in files.values()
        ],
    }


def sums(files: dict[str, Made]) -> str:
    """Return the sums as ``sha256sum --check`` reads them."""
    return "".join(f"{file.sha256}  {file.name}\n" for file in files.values())


def read_me(release: Release) -> str:
    """Return what a person should know who finds the files somewhere."""
    lines = [f"| {t.name} | {t.what} |" for t in TABLES]
    return (
        f"""# {release.site_name}: data release {release.number}

{release.citation}

Free to use under CC BY 4.0, with credit as above. Every table comes as CSV, JSON Lines
and Parquet; `tracker.sqlite` and `tracker.xlsx` hold all of them. `datapackage.json`
describes each column, `manifest.json` the release, `diff.jsonl` what changed since the
one before it. `sha256sum --check SHA256SUMS` checks the files.

In CSV and XLSX a text that a spreadsheet would run as a formula begins with an
apostrophe; the other forms hold every text exactly. Lists and objects are JSON.

| table | what a row is |
| --- | --- |
"""
        + "\n".join(lines)
        + "\n"
    )


def write_json(path: Path, value: Any) -> None:
    path.write_bytes(orjson.dumps(value, option=orjson.OPT_INDENT_2) + b"\n")
