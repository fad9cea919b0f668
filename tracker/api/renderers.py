"""The forms an answer comes in, and how one is chosen."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import Any

import orjson
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.renderers import BaseRenderer

from commitments.bulk.cells import neutralise
from tracker.browse import BadParameter


class ORJSONRenderer(BaseRenderer):
    """Answers as JSON: dates in ISO 8601, decimals as the numbers they are."""

    media_type = "application/json"
    format = "json"
    charset = None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Any = None,
    ) -> bytes:
        if data is None:
            return b""
        return orjson.dumps(data, default=str, option=orjson.OPT_APPEND_NEWLINE)


class RowsRenderer(BaseRenderer):
    """A form of one row after the other; a single answer is a single row."""

    charset = None

    def lines(self, rows: Iterable[dict[str, Any]], names: list[str]) -> Iterator:
        raise NotImplementedError

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Any = None,
    ) -> bytes:
        return b"".join(self.lines([data], list(data))) if data else b""


class JSONLinesRenderer(RowsRenderer):
    media_type = "application/jsonl"
    format = "jsonl"

    def lines(self, rows: Iterable[dict[str, Any]], names: list[str]) -> Iterator:
        for row in rows:
            yield orjson.dumps(row, default=str, option=orjson.OPT_APPEND_NEWLINE)


class CSVRenderer(RowsRenderer):
    """A table: UTF-8, a first row of names. No spreadsheet runs a cell of it."""

    media_type = "text/csv"
    format = "csv"

    def lines(self, rows: Iterable[dict[str, Any]], names: list[str]) -> Iterator:
        # Read by itself, each line is encoded as soon as it is made.
        buffer = io.StringIO()
        writer = csv.writer(buffer)
        writer.writerow(names)
        for row in rows:
            writer.writerow(cell(row[name]) for name in names)
            yield _taken(buffer)
        if buffer.tell():
            yield _taken(buffer)


def cell(value: Any) -> Any:
    """Return a value as a cell: lists of words joined by “; ”, the rest as JSON."""
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case str():
            return neutralise(value)
        case list() if all(isinstance(item, str) for item in value):
            return neutralise("; ".join(value))
        case list() | dict():
            return orjson.dumps(value, default=str).decode()
    return value


def _taken(buffer: io.StringIO) -> bytes:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text.encode()


class Negotiation(DefaultContentNegotiation):
    """By ``format=`` or ``Accept``; an unknown format is refused with the known."""

    def filter_renderers(self, renderers: list, format: str) -> list:
        if found := [r for r in renderers if r.format == format]:
            return found
        known = [r.format for r in renderers]
        message = f"“{format}” is no format here. Known: {', '.join(known)}."
        raise BadParameter("format", message, known)
