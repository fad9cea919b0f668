"""All that leaves the tracker, read as whoever gets it can read it."""

from __future__ import annotations

import io
import itertools
import json
import sqlite3
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import arro3.io

from tests.security import routes

CONTRACT = Path(__file__).parents[3] / "docs" / "openapi.json"
# The desk, and files of the program.
NOT_PUBLIC = ("admin/", "static/", "healthz/")
FORMATS = ("json", "csv", "jsonl")
DAYS = ("as_of=2026-07-05", "known_at=2026-07-05", "known_at=1999-01-01")


def pages(known: dict[str, str]) -> Iterator[str]:
    """Yield the address of every public page and file, in both languages."""
    for route in routes.routes(known):
        if not route.pattern.startswith(NOT_PUBLIC):
            yield route.path


def of_the_api(names: dict[str, list[str]]) -> Iterator[str]:
    """Yield every list and detail of the contract, in each way it can be asked."""
    for path, operations in json.loads(CONTRACT.read_text())["paths"].items():
        if "get" not in operations:
            continue
        parts = [
            p for p in ("slug", "id", "seq", "number", "delivery") if f"{{{p}}}" in path
        ]
        for values in itertools.product(*(names[part] for part in parts)):
            address = path
            for part, value in zip(parts, values, strict=True):
                address = address.replace(f"{{{part}}}", value)
            yield address
            for query in queries(operations["get"].get("parameters", [])):
                yield f"{address}?{query}"


def queries(parameters: list[dict]) -> Iterator[str]:
    """Yield ways to use each parameter: each word it knows, and one it does not."""
    named = {p["name"]: p["schema"] for p in parameters if p["in"] == "query"}
    for name, schema in named.items():
        words = schema.get("items", schema).get("enum", [])
        for word in [*words, "zz-no-such"]:
            yield f"{name}={quote(str(word))}"
            if name in ("sort", "order", "expand") and "format" in named:
                yield from (f"{name}={word}&format={f}" for f in FORMATS[1:])
    if {"as_of", "known_at"} & set(named):
        yield from DAYS


def read(client, address: str, **headers: str) -> bytes:
    """Return all that an answer says: status, headers and body."""
    answer = client.get(address, headers=headers)
    assert answer.status_code < 500, address
    return str(answer.headers).encode() + b"".join(answer)


def unpacked(name: str, content: bytes) -> Iterator[bytes]:
    """Yield what a file holds, as its bytes and as whoever opens it reads it."""
    yield content
    match name.rpartition(".")[2]:
        case "xlsx":
            with zipfile.ZipFile(io.BytesIO(content)) as book:
                yield from (book.read(part) for part in book.namelist())
        case "parquet":
            table = arro3.io.read_parquet(io.BytesIO(content)).read_all()
            yield str(
                [c.to_pylist() for c in map(table.column, table.column_names)]
            ).encode()
        case "sqlite" | "sqlite3" | "db":
            database = sqlite3.connect(":memory:")
            database.deserialize(content)
            yield "\n".join(database.iterdump()).encode()
            database.close()
