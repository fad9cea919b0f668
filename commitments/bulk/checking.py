"""Checking rows: what each would do, or why it is refused. Writes nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model

from commitments.validation import check_text

from .columns import Choice, Column, Line, Link, Shown
from .reading import Row
from .resources import BulkResource, Problem

NEW, CHANGED, UNCHANGED, REFUSED = "new", "changed", "unchanged", "refused"


@dataclass
class Outcome:
    """What a row of a file comes to.

    ``changes`` holds column, old text and new text; ``problems`` column and
    sentence; ``many`` the rows of other tables that a column stands for.
    """

    number: int
    instance: Any = None
    new: bool = False
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    many: dict[str, Any] = field(default_factory=dict)

    @property
    def kind(self) -> str:
        if self.problems:
            return REFUSED
        if self.new:
            return NEW
        return CHANGED if self.changes else UNCHANGED

    def changed(self, column: str) -> bool:
        return any(name == column for name, _, _ in self.changes)

    def name(self) -> str:
        try:
            return str(self.instance) if self.instance else ""
        except AttributeError:
            return ""


class Checker:
    """Checks a file batch by batch; remembers what earlier rows have taken."""

    def __init__(self, resource: BulkResource, *, on: date) -> None:
        self.resource = resource
        self.columns = resource.by_name()
        self.on = on
        self.keys: dict[str, int] = {}
        self.taken: dict[tuple[str, str], int] = {}

    def check(self, rows: Sequence[tuple[int, Row]]) -> list[Outcome]:
        """Return the outcome of each row of a batch, in order."""
        unstorable = {number: find_unstorable(row) for number, row in rows}
        sound = [(number, row) for number, row in rows if not unstorable[number]]
        for name, column in self.columns.items():
            if isinstance(column.widget, Link) and not column.readonly:
                column.widget.load(row.get(name) for _, row in sound)
        known = self._known(sound)
        outcomes = [
            Outcome(number, problems=unstorable[number])
            if unstorable[number]
            else self._row(number, row, known)
            for number, row in rows
        ]
        self._check_unique(outcomes)
        return outcomes

    def _known(self, rows: Sequence[tuple[int, Row]]) -> dict[str, Model]:
        keys = [
            self.resource.key(row) for _, row in rows if not self.resource.missing(row)
        ]
        return self.resource.existing(keys) if keys else {}

    def _row(self, number: int, row: Row, known: dict[str, Model]) -> Outcome:
        outcome = Outcome(number)
        outcome.problems += self.resource.missing(row)
        if outcome.problems:
            return outcome
        key = self.resource.key(row)
        if first := self.keys.get(key):
            name = next(n for n in self.resource.identity if row.get(n))
            outcome.problems.append(
                (name, f"Row {first} is about the same. Keep one of the two.")
            )
            return outcome
        self.keys[key] = number
        outcome.new = key not in known
        outcome.instance = self.resource.init_instance() if outcome.new else known[key]
        self._read(outcome, row)
        self._validate(outcome)
        return outcome

    def _read(self, outcome: Outcome, row: Row) -> None:
        """Put the cells that differ on the instance."""
        shown = []
        for name in row:
            column = self.columns[name]
            if column.readonly:
                shown.append(column)
                continue
            try:
                value = column.clean(row)
                self._take(outcome, column, value)
            except ValidationError as error:
                outcome.problems += [(name, text) for text in error.messages]
            except ValueError as error:
                outcome.problems.append((name, str(error)))
        for column in shown:
            outcome.problems += self._check_shown(outcome, column, row)

    def _take(self, outcome: Outcome, column: Column, value: Any) -> None:
        name, instance = column.column_name, outcome.instance
        given = column.text(value)
        # Relations of a row not yet written cannot be asked for.
        fresh = outcome.new and column.many
        stored = "" if fresh else column.stored(instance)
        if given == stored:
            return
        if name == "slug" and not given:
            return
        if isinstance(column.widget, Line):
            check_text(given)
        if not outcome.new:
            self._check_fixed(instance, column)
        outcome.changes.append((name, "" if outcome.new else stored, given))
        if column.many:
            outcome.many[name] = value
        else:
            setattr(instance, column.attribute, value)

    def _check_fixed(self, instance: Any, column: Column) -> None:
        if column.act and instance.standing:
            raise ValueError(f"Fixed since this commitment is published. {column.act}")
        if column.cited and instance.is_cited:
            raise ValueError(
                "The history cites this document as it stands. Change it on its own "
                "page, after reading what rests on it."
            )

    def _check_shown(
        self, outcome: Outcome, column: Column, row: Row
    ) -> Iterator[Problem]:
        """Refuse a change of what follows from the history or from other columns."""
        name = column.column_name
        try:
            given = Shown().clean(row[name])
        except ValueError:
            given = str(row[name])
        fresh = outcome.new and isinstance(column.widget, Link)
        allowed = {"", self.resource.derived(outcome.instance, name)}
        allowed.add("" if fresh else column.stored(outcome.instance))
        if given not in allowed:
            yield (
                name,
                "It cannot be imported: it follows from the history or from other "
                "columns. Restore the cell, empty it, or leave the column out.",
            )

    def _validate(self, outcome: Outcome) -> None:
        """Ask the model's fields and the rules of the kind."""
        bad = {name for name, _ in outcome.problems}
        instance = outcome.instance
        exclude = {f.name for f in instance._meta.fields if f.is_relation}
        exclude |= {"page_key"}
        for name, column in self.columns.items():
            checked = outcome.new or outcome.changed(name)
            if name in bad or not checked or column.readonly:
                exclude.add(column.attribute)
        if outcome.new and not instance_slug(instance):
            exclude.add("slug")
        try:
            instance.clean_fields(exclude=exclude)
            instance.clean()
        except ValidationError as error:
            outcome.problems += self._explained(error)
        bad = {name for name, _ in outcome.problems}
        if outcome.new or outcome.changes:
            self._check_links_and_days(outcome, bad)
        if not outcome.problems:
            outcome.problems += self.resource.rules(
                instance, new=outcome.new, many=outcome.many
            )
        if not outcome.problems:
            self.resource.finish(instance)

    def _explained(self, error: ValidationError) -> Iterator[Problem]:
        """Yield column and sentence; what is empty says what may stand there."""
        for attribute, errors in error.error_dict.items():
            name = "" if attribute == NON_FIELD_ERRORS else attribute
            for each in errors:
                if each.code in ("blank", "null"):
                    yield name, self._fill_in(name)
                else:
                    yield name, " ".join(each.messages)

    def _fill_in(self, name: str) -> str:
        widget = self.columns[name].widget
        mend = widget.mend if isinstance(widget, Choice) else "Fill it in."
        return f"It is empty. {mend}"

    def _check_links_and_days(self, outcome: Outcome, bad: set[str]) -> None:
        instance = outcome.instance
        for name, column in self.columns.items():
            if name in bad or column.readonly or column.many:
                continue
            model_field = instance._meta.get_field(column.attribute)
            needed = model_field.is_relation and not model_field.null
            if needed and getattr(instance, model_field.attname) is None:
                outcome.problems.append((name, self._fill_in(name)))
        for name in self.resource.past:
            day = getattr(instance, name)
            if name not in bad and outcome.changed(name) and day and day > self.on:
                outcome.problems.append(
                    (
                        name,
                        f"{day} is still to come. Give the day on which it happened.",
                    )
                )

    def _check_unique(self, outcomes: list[Outcome]) -> None:
        """Refuse what another row of the record or of the file has already."""
        sound = [o for o in outcomes if o.kind in (NEW, CHANGED)]
        for attribute in self.resource.unique:
            values = {getattr(o.instance, attribute) for o in sound}
            manager = self.resource.model._default_manager
            rows = manager.filter(**{f"{attribute}__in": values})
            owners = dict(rows.values_list(attribute, "pk")) if values else {}
            names = dict(rows.values_list(attribute, "slug")) if values else {}
            for outcome in sound:
                value = getattr(outcome.instance, attribute)
                column = "url" if attribute == "page_key" else attribute
                owner = owners.get(value)
                first = self.taken.setdefault((attribute, value), outcome.number)
                if owner is not None and owner != outcome.instance.pk:
                    outcome.problems.append(
                        (
                            column,
                            f"“{names[value]}” has it already. Change that one, or "
                            "mend this.",
                        )
                    )
                elif first != outcome.number:
                    outcome.problems.append(
                        (column, f"Row {first} has the same. Keep one of the two.")
                    )


# No database can even be asked for these.
UNSTORABLE = re.compile("[\0\ud800-\udfff]")


def find_unstorable(row: Row) -> list[Problem]:
    """Return the columns of a row that hold what no database stores."""
    problems = []
    for name, cell in row.items():
        parts = cell if isinstance(cell, list) else [cell]
        if any(isinstance(part, str) and UNSTORABLE.search(part) for part in parts):
            problems.append(
                (name, "It holds a character that cannot be seen. Type the text again.")
            )
    return problems


def instance_slug(instance: Any) -> str:
    """Return the slug of a row, or "-" where its kind has none."""
    return getattr(instance, "slug", "-")
