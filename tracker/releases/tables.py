"""What a release is made of: tables, with each column's type and meaning.

The one description that files, schemas and documentation are written from. A column
that is not listed here is in no release.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any

# The columns, orders and ways of writing below; grows when a rebuild would differ.
FORMAT = 1
DIGITS = re.compile(r"[0-9]+")


@dataclass(frozen=True)
class Column:
    """One column. ``known``: it follows from the history; else it is a description."""

    name: str
    type: str
    what: str
    values: tuple[str, ...] = ()
    known: bool = False


@dataclass(frozen=True)
class Table:
    """One table: what a row is, what names it, and in which order rows come.

    ``refers`` leads from a column to the table and column that it names.
    """

    name: str
    title: str
    what: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    order: tuple[str, ...] = ()
    refers: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]

    @property
    def facts(self) -> list[str]:
        """The columns that describe; those of the history are read from it."""
        return [column.name for column in self.columns if not column.known]

    @property
    def known(self) -> list[str]:
        return [column.name for column in self.columns if column.known]

    def place(self, row: dict[str, Any]) -> str:
        """Return the text by which a row is sorted: unique, and 1.2 before 1.10."""
        return place([row[name] for name in self.order or self.key])

    def key_of(self, row: dict[str, Any]) -> dict[str, Any]:
        return {name: row[name] for name in self.key}


def place(values: list[Any]) -> str:
    """Return the natural order of ``values`` as one text: numbers by their size."""
    text = " ".join("" if value is None else str(value) for value in values)
    return f"{DIGITS.sub(lambda found: found[0].zfill(10), text)} {text}"


def text(name: str, what: str, values: Any = (), *, known: bool = False) -> Column:
    """A text; ``values`` is the vocabulary that it is from, if any."""
    listed = tuple(getattr(values, "values", values))
    return Column(name, "string", what, listed, known)


def whole(name: str, what: str, *, known: bool = False) -> Column:
    return Column(name, "integer", what, known=known)


def number(name: str, what: str) -> Column:
    return Column(name, "number", what)


def yes(name: str, what: str, *, known: bool = False) -> Column:
    return Column(name, "boolean", what, known=known)


def day(name: str, what: str, *, known: bool = False) -> Column:
    return Column(name, "date", what, known=known)


def moment(name: str, what: str, *, known: bool = False) -> Column:
    return Column(name, "datetime", what, known=known)


def words(name: str, what: str, *, known: bool = False) -> Column:
    """A list of texts."""
    return Column(name, "array", what, known=known)


def inner(name: str, what: str, *, known: bool = False) -> Column:
    """An object."""
    return Column(name, "object", what, known=known)


def rows(name: str, what: str, *, known: bool = False) -> Column:
    """A list of objects."""
    return Column(name, "objects", what, known=known)
