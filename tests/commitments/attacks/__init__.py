"""Ways to change what is append-only: by SQL of each database, and by the ORM.

Each is tried on every guarded table. ``{t}`` is the table, ``{pk}`` its key, ``{c}`` a
column of text, ``{cols}`` all columns, ``{one}`` a table that nothing guards.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.core import serializers
from django.core.management.color import no_style
from django.db import connection, models
from django.db.models import F, Value
from django.db.models.deletion import Collector
from django.db.models.functions import Concat

from commitments import guards
from commitments.models import Citation, HistoryEntry
from tracker.models import Release

from . import everywhere, postgresql, sqlite

ONE = "auth_group"
OWN = postgresql if connection.vendor == "postgresql" else sqlite
FORMS = {**everywhere.FORMS, **OWN.FORMS}
OF_THE_OWNER = OWN.OF_THE_OWNER


@dataclass(frozen=True)
class Table:
    """What a form of attack has to know of the table that it is tried on."""

    model: type[models.Model]

    @property
    def text(self) -> str:
        """A column of free text that no key and no check holds."""
        if self.model is HistoryEntry:
            return "method_version"
        unique = self.model._meta.total_unique_constraints
        kept = {name for constraint in unique for name in constraint.fields}
        return next(
            field.name
            for field in self.model._meta.concrete_fields
            if isinstance(field, models.CharField | models.TextField)
            and not (field.unique or field.choices or field.name in kept)
        )

    def sql(self, form: str) -> str:
        meta = self.model._meta
        columns = [f'"{f.column}"' for f in meta.concrete_fields]
        return form.format(
            t=meta.db_table,
            pk=meta.pk.column,
            c=self.text,
            cols=", ".join(columns),
            changed=", ".join(
                "'x'" if c == f'"{self.text}"' else c for c in columns
            ),
            one=ONE,
        )  # fmt: skip

    @property
    def rows(self) -> models.QuerySet:
        return self.model._base_manager.order_by("pk")


def orm(table: Table) -> dict[str, Callable[[], Any]]:
    """Return the ways of Django itself, on one table."""
    model, text, rows = table.model, table.text, table.rows

    def altered() -> models.Model:
        row = rows.first()
        setattr(row, text, "x")
        return row

    def loaded() -> None:
        told = serializers.serialize("json", [altered()])
        for one in serializers.deserialize("json", told):
            one.save()

    def collected() -> None:
        collector = Collector("default")
        collector.data[model] = set(rows)
        collector.delete()

    def flushed() -> None:
        statements = connection.ops.sql_flush(
            no_style(), [model._meta.db_table], allow_cascade=True
        )
        with connection.cursor() as cursor:
            for statement in statements:
                cursor.execute(statement)

    def many() -> None:
        with connection.cursor() as cursor:
            cursor.executemany(
                table.sql("DELETE FROM {t} WHERE {pk} = %s"),
                [(pk,) for pk in rows.values_list("pk", flat=True)],
            )

    def anew() -> None:
        names = [field.attname for field in model._meta.concrete_fields]
        values = rows.values(*names)[0]
        model(**{**values, text: "x"}).save()

    def refreshed() -> None:
        row = rows.last()
        row.refresh_from_db()
        setattr(row, text, "x")
        row.save()

    def one() -> Any:
        return {"pk": rows.first().pk}

    return {
        "update of a set": lambda: rows.order_by().update(**{text: "x"}),
        "update of a set by another column": lambda: rows.order_by().update(
            **{text: Concat(F(text), Value("x"))}
        ),
        "update or create": lambda: model._base_manager.update_or_create(
            **one(), defaults={text: "x"}
        ),
        "update of many": lambda: model._base_manager.bulk_update([altered()], [text]),
        "creation that updates": lambda: model._base_manager.bulk_create(
            [altered()],
            update_conflicts=True,
            unique_fields=["pk"],
            update_fields=[text],
        ),
        "saving": lambda: altered().save(),
        "saving by force": lambda: altered().save(force_update=True),
        "saving one field": lambda: altered().save(update_fields=[text]),
        "saving past the model": lambda: altered().save_base(raw=True),
        "saving what was read again": refreshed,
        "a new object with an old key": anew,
        "loading a file of rows": loaded,
        "deletion of a set": lambda: rows.delete(),
        "deletion of a row": lambda: rows.first().delete(),
        "deletion past the model": lambda: models.Model.delete(rows.last()),
        "raw deletion": lambda: rows.order_by()._raw_delete("default"),
        "deletion by the collector": collected,
        "raw statement of a set": lambda: list(
            model._base_manager.raw(
                table.sql("UPDATE {t} SET {c} = 'x' RETURNING {cols}")
            )
        ),
        "flush": flushed,
        "many statements": many,
    }


def by_keys(table: Table) -> dict[str, tuple[str, ...]]:
    """Return, for each unique key of a table, rows with that key of an old one alone."""
    meta = table.model._meta
    if table.model is Release:
        # A check ties its keys to each other: none is an old one alone.
        return {}
    keys = {(f.column,): "true" for f in meta.concrete_fields if f.unique}
    for key in meta.constraints:
        if isinstance(key, models.UniqueConstraint):
            columns = tuple(meta.get_field(name).column for name in key.fields)
            keys[columns] = guards.CONDITIONS.get(key.name, "true").format(row="o")
    return {
        f"by the key {', '.join(key)} of {meta.db_table}": (
            table.sql(_with_one_key(key, keys, condition, table)),
        )
        for key, condition in keys.items()
    }


def _with_one_key(key, keys, condition, table) -> str:
    """Return the statement that puts such a row in place of the old one."""
    fresh = {}
    for other in keys:
        column = next((name for name in other if name not in key), None)
        if column:
            fresh[column] = _fresh(table.model, column)
    columns = [field.column for field in table.model._meta.concrete_fields]
    fresh.setdefault(table.text, "'x'")
    picked = ", ".join(fresh.get(name, f'o."{name}"') for name in columns)
    rows = f"INTO {{t}} ({{cols}}) SELECT {picked} FROM {{t}} AS o WHERE {condition}"
    if connection.vendor == "sqlite":
        return f"INSERT OR REPLACE {rows}"
    # Which of several conditional keys is meant, its condition says.
    where = "" if condition == "true" else f" WHERE {condition.replace('o.', '')}"
    names = ", ".join(key)
    return f"INSERT {rows} ON CONFLICT ({names}){where} DO UPDATE SET {{c}} = 'x'"


def _fresh(model: type[models.Model], column: str) -> str:
    field = next(f for f in model._meta.concrete_fields if f.column == column)
    if isinstance(field, models.CharField | models.TextField):
        return f"substr('n' || o.\"{column}\", 1, {field.max_length or 200})"
    return f'o."{column}" + 5000'


def relations() -> dict[str, Callable[[], Any]]:
    """Return the ways by what belongs to a row, as far as it is guarded."""
    entry = Citation.objects.first().entry
    commitment = entry.commitment
    return {
        "update of what belongs": lambda: commitment.history.update(method_version="x"),
        "deletion of what belongs": lambda: entry.citations.all().delete(),
        "clearing of a relation": lambda: entry.evidence.clear(),
        "setting of a relation": lambda: entry.evidence.set([]),
        "removal from a relation": lambda: entry.evidence.remove(entry.evidence.get()),
    }
