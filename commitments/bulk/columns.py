"""Columns of a file: how a cell becomes a value, and a value a cell.

``clean`` refuses by ValueError with a sentence for the analyst; what it returns,
``render`` turns into the one text that stands for it, so that two values are the
same where their texts are.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from django.db.models import Choices, Manager, Model, QuerySet
from import_export.fields import Field
from import_export.widgets import Widget

from .cells import Number


class Column(Field):
    """A column, named as its attribute unless ``name`` is given.

    ``act`` says how a value that publication fixed is changed instead; ``cited``
    that an entry of the history may rest on it; ``many`` that it stands for rows
    of another table.
    """

    def __init__(
        self,
        attribute: str,
        widget: Widget,
        *,
        readonly: bool = False,
        act: str = "",
        cited: bool = False,
        many: bool = False,
        name: str = "",
    ) -> None:
        super().__init__(attribute, name or attribute, widget, readonly=readonly)
        self.act = act
        self.cited = cited
        self.many = many

    def text(self, value: Any) -> str:
        """Return the one text that stands for a value: white space aside."""
        return _text(self.widget.render(value))

    def stored(self, instance: Any) -> str:
        """Return the text that stands for what the record holds."""
        return self.text(self.get_value(instance))


class Line(Widget):
    """Text on one line."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = _text(value)
        if "\n" in text or "\t" in text:
            raise ValueError("It holds a line end or a tab. Write it on one line.")
        return text

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str:
        return "" if value is None else value


class Prose(Line):
    """Text of any number of lines."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        return _text(value)


class Ref(Line):
    """A number like 1.10, which is not 1.1."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        if isinstance(value, Number) and "." in value:
            raise ValueError(
                "It is a number here, where 1.1 and 1.10 are the same. Make the column "
                "a text column and write it again."
            )
        return super().clean(value)


def _text(value: Any) -> str:
    if value is None:
        return ""
    if not isinstance(value, str):
        # Not a TypeError: it is said to the analyst, beside the column.
        raise ValueError("It is not text. Write text.")  # noqa: TRY004
    return value.replace("\r\n", "\n").replace("\r", "\n").strip()


class Choice(Line):
    """One of a list of words; ``default`` where it is empty."""

    def __init__(self, choices: type[Choices], default: str = "") -> None:
        super().__init__()
        self.choices = choices
        self.default = default

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = super().clean(value)
        found = text.lower() or self.default
        if found and found not in self.choices.values:
            raise ValueError(f"“{text[:60]}” is not known. {self.mend}")
        return found

    @property
    def mend(self) -> str:
        return f"Write one of: {', '.join(self.choices.values)}."


class YesNo(Widget):
    """yes or no; ``default`` where it is empty."""

    WORDS = {"yes": True, "true": True, "1": True}
    WORDS |= {"no": False, "false": False, "0": False}

    def __init__(self, *, default: bool = False) -> None:
        super().__init__()
        self.default = default

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool:
        if isinstance(value, bool):
            return value
        text = _text(value).lower()
        if text and text not in self.WORDS:
            raise ValueError("Write yes or no.")
        return self.WORDS.get(text, self.default)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        if kwargs.get("force_native_type"):
            return value
        return "yes" if value else "no"


class Day(Widget):
    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> date | None:
        text = _text(value)
        if not text:
            return None
        try:
            if len(text) != 10:
                raise ValueError
            return date.fromisoformat(text)
        except ValueError:
            raise ValueError(
                f"“{text[:40]}” is not a day. Write it as YYYY-MM-DD."
            ) from None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str | None:
        if value is None:
            return None if kwargs.get("force_native_type") else ""
        return value.isoformat()


class Decimals(Widget):
    """A figure with a decimal point and at most four places."""

    PLAIN = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]{1,2})?")

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Decimal | None:
        text = _text(value)
        if not text:
            return None
        try:
            if len(text) > 40 or not self.PLAIN.fullmatch(text):
                raise InvalidOperation
            return Decimal(text)
        except InvalidOperation:
            raise ValueError(
                f"“{text[:40]}” is not a figure. Write digits with a decimal point, "
                "without spaces or a unit."
            ) from None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str | None:
        if value is None:
            return None if kwargs.get("force_native_type") else ""
        text = f"{value:f}"
        return Number(text.rstrip("0").rstrip(".") if "." in text else text)


class Whole(Widget):
    """A whole number."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int | None:
        text = _text(value)
        if not text:
            return None
        if not re.fullmatch("[0-9]{1,9}", text):
            raise ValueError(f"“{text[:40]}” is not a whole number. Write digits.")
        return int(text)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        if kwargs.get("force_native_type"):
            return value
        return "" if value is None else Number(value)


class Link(Widget):
    """The name of another row. ``load`` finds the rows of a batch at once."""

    def __init__(self, queryset: QuerySet[Any] | Manager[Any], *, what: str) -> None:
        super().__init__()
        self.queryset = queryset
        self.what = what
        self.found: dict[str, Model] = {}

    def load(self, cells: Iterable[Any]) -> None:
        """Look up every name in these cells, with one query."""
        names = {name for cell in cells for name in self.names(cell)}
        self.found = {self.name(row): row for row in self.rows(names)} if names else {}

    def rows(self, names: set[str]) -> Iterable[Any]:
        return self.queryset.filter(slug__in=names)

    def name(self, row: Any) -> str:
        return row.slug

    def names(self, cell: Any) -> list[str]:
        return [cell.strip()] if isinstance(cell, str) and cell.strip() else []

    def find(self, name: str) -> Any:
        if name not in self.found:
            raise ValueError(
                f"There is no {self.what} “{name[:80]}”. Mend the name, or add it first."
            )
        return self.found[name]

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        text = _text(value)
        return self.find(text) if text else None

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> str | None:
        if value is None:
            return None if kwargs.get("force_native_type") else ""
        return self.name(value)


class Links(Link):
    """The names of any number of other rows, parted by semicolons."""

    def names(self, cell: Any) -> list[str]:
        parts = cell if isinstance(cell, list) else str(cell or "").split(";")
        return [
            part.strip() for part in parts if isinstance(part, str) and part.strip()
        ]

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> list[Any]:
        plain = value is None or isinstance(value, str)
        if not plain and not (
            isinstance(value, list) and all(isinstance(part, str) for part in value)
        ):
            raise ValueError("Write the names, parted by semicolons.")
        names = list(dict.fromkeys(self.names(value)))
        return self.in_order([self.find(name) for name in names])

    def in_order(self, rows: list[Any]) -> list[Any]:
        return sorted(rows, key=self.name)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        rows = value if isinstance(value, list) else self.stored(value)
        names = [self.name(row) for row in rows]
        return names if kwargs.get("force_native_type") else "; ".join(names)

    def stored(self, manager: Any) -> list[Any]:
        return self.in_order(list(manager.all())) if manager is not None else []


class Passages(Links):
    """Sentences of a source, as source:place."""

    def rows(self, names: set[str]) -> Iterable[Any]:
        sources = {name.partition(":")[0] for name in names}
        places = {name.partition(":")[2] for name in names}
        return self.queryset.filter(source__slug__in=sources, ref__in=places)

    def name(self, row: Any) -> str:
        return f"{row.source.slug}:{row.ref}"


class Bodies(Links):
    """Who is responsible, the lead first: their order counts."""

    def in_order(self, rows: list[Any]) -> list[Any]:
        return rows

    def stored(self, manager: Any) -> list[Any]:
        return [each.body for each in manager.all()] if manager is not None else []


class Test(Widget):
    """The parts of a test of delivery, each as ``key: text`` on a line of its own.

    The further lines of a part are indented by two spaces.
    """

    PART = re.compile("([a-z0-9]{1,4}): *(.+)", re.DOTALL)

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> dict[str, str]:
        if isinstance(value, list):
            parts = [part for part in value if isinstance(part, str)]
            if len(parts) < len(value):
                raise ValueError("Write a list of texts of the form “a: text”.")
        else:
            parts = re.split(r"\n(?!  )", _text(value))
            parts = [part.replace("\n  ", "\n") for part in parts]
        test: dict[str, str] = {}
        for part in filter(None, (_text(part) for part in parts)):
            if not (found := self.PART.fullmatch(part)):
                raise ValueError(
                    f"“{part[:60]}” is no part of a test. Write each part on a line of "
                    "its own, as “a: A law is in force.”"
                )
            if found[1] in test:
                raise ValueError(f"The part {found[1]} is there twice. Keep one.")
            test[found[1]] = found[2].strip()
        return dict(sorted(test.items()))

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        if not isinstance(value, dict):
            rows = value.all() if value is not None else []
            value = dict(sorted((row.key, row.text) for row in rows))
        parts = [f"{key}: {text}" for key, text in value.items()]
        if kwargs.get("force_native_type"):
            return parts
        return "\n".join(part.replace("\n", "\n  ") for part in parts)


class Shown(Widget):
    """A value that is shown and never read in."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, list):
            return "; ".join(map(str, value))
        return _text(value)

    def render(self, value: Any, obj: Any = None, **kwargs: Any) -> Any:
        if kwargs.get("force_native_type") and not isinstance(value, date):
            return value
        if isinstance(value, list):
            return "; ".join(map(str, value))
        if isinstance(value, bool):
            return "yes" if value else "no"
        if isinstance(value, int):
            return Number(value)
        return "" if value is None else str(value)
