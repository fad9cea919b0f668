"""Triggers that keep history and audit list append-only, on both databases.

``install`` is idempotent and runs after every migrate (SQLite's table rebuild
drops triggers silently); ``missing`` tells which are not in force.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import Model, UniqueConstraint

from commitments.models import (
    AuditEvent,
    Capture,
    Citation,
    HistoryEntry,
    HistoryText,
    LinkCheck,
    ProposalStep,
    TipStep,
)

APPEND_ONLY: tuple[type[Model], ...] = (
    HistoryEntry,
    Citation,
    ProposalStep,
    TipStep,
    AuditEvent,
    Capture,
    LinkCheck,
)
# With what other apps add: see ``also``.
GUARDED: list[type[Model]] = [*APPEND_ONLY, HistoryText]
FUNCTIONS = {
    "commitments_refuse_change": """
BEGIN
  RAISE EXCEPTION 'append-only: % on % is refused', TG_OP, TG_TABLE_NAME
    USING ERRCODE = 'restrict_violation';
END""",
    "commitments_refuse_but_erasure": """
BEGIN
  IF {condition} THEN RETURN NEW; END IF;
  RAISE EXCEPTION 'append-only: only a recorded redaction may erase a text'
    USING ERRCODE = 'restrict_violation';
END""",
}


def also(*models: type[Model]) -> None:
    """Keep the tables of another app append-only too. For its ``ready``."""
    GUARDED.extend(model for model in models if model not in GUARDED)


def install(connection: BaseDatabaseWrapper) -> None:
    """Put every guard in force, whatever was there before."""
    remove(connection)
    with connection.cursor() as cursor:
        for statement in _statements(connection):
            cursor.execute(statement)


def remove(connection: BaseDatabaseWrapper) -> None:
    """Take the guards off. For ``install`` and the tests' flush alone."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # A table with unchecked rows cannot be altered in the same transaction.
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        for model in _guarded(connection):
            table = model._meta.db_table
            for name in _names(connection, table):
                on = f" ON {table}" if connection.vendor == "postgresql" else ""
                cursor.execute(f"DROP TRIGGER IF EXISTS {name}{on}")


@contextmanager
def lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Lift the guards around a test's flush; nothing else may."""
    remove(connection)
    try:
        yield
    finally:
        install(connection)


def missing(connection: BaseDatabaseWrapper) -> list[str]:
    """Return the names of guards that are not in force, or not as they were made.

    A table that the next migrate will make has none yet, and misses none.
    """
    models = _guarded(connection)
    wanted = {
        name for model in models for name in _names(connection, model._meta.db_table)
    }
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # 'A': fires always, also for replication roles.
            cursor.execute(
                "SELECT c.relname, tgname, tgtype, p.proname, p.prosrc "
                "FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "JOIN pg_namespace n ON n.oid = c.relnamespace "
                "JOIN pg_proc p ON p.oid = t.tgfoid "
                "WHERE tgenabled = 'A' AND tgqual IS NULL AND tgattr = '' "
                "AND n.nspname = ANY (current_schemas(false))"
            )
            made = set(_in_postgresql(models))
            present = {row[1] for row in cursor.fetchall() if row in made}
        else:
            cursor.execute("SELECT name, sql FROM sqlite_master WHERE type = 'trigger'")
            present = {
                name
                for name, sql in cursor.fetchall()
                if sql in set(_statements(connection))
            }
            cursor.execute("PRAGMA recursive_triggers")
            if cursor.fetchone()[0] != 1:
                wanted.add("PRAGMA recursive_triggers=ON")
    return sorted(wanted - present)


def _guarded(connection: BaseDatabaseWrapper) -> list[type[Model]]:
    """Return the guarded models whose tables are there."""
    tables = set(connection.introspection.table_names())
    return [model for model in GUARDED if model._meta.db_table in tables]


def _names(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    kinds = (
        ("change", "truncate")
        if connection.vendor == "postgresql"
        else ("update", "delete", "insert")
    )
    return [f"{table}_no_{kind}" for kind in kinds]


def _statements(connection: BaseDatabaseWrapper) -> Iterator[str]:
    models = _guarded(connection)
    if connection.vendor == "postgresql":
        yield from _postgresql(models)
    else:
        for model in models:
            yield from _sqlite(model)


def _erasure(equal: str) -> str:
    """The condition under which an update of a text row is an erasure.

    ``equal`` is the database's null-safe comparison of two values.
    """
    history = HistoryEntry._meta.db_table
    redacted = (
        f"EXISTS (SELECT 1 FROM {history} h WHERE h.kind = 'redaction' "
        "AND h.refers_to_id = OLD.entry_id)"
    )
    kept = [f"NEW.entry_id {equal} OLD.entry_id"]
    for account in ("author_id", "approver_id"):
        kept.append(f"(NEW.{account} {equal} OLD.{account} OR NEW.{account} IS NULL)")
    for field in HistoryText.FIELDS:
        same = (
            f"NEW.{field} {equal} OLD.{field} "
            f"AND NEW.{field}_salt {equal} OLD.{field}_salt"
        )
        erased = f"NEW.{field} = '' AND NEW.{field}_salt = '' AND {redacted}"
        kept.append(f"(({same}) OR ({erased}))")
    return " AND ".join(kept)


# In the catalogue's bits: before, for each row, update or delete; before, truncate.
KINDS = {"change": 1 + 2 + 8 + 16, "truncate": 2 + 32}


def _bodies() -> dict[str, str]:
    """Return the functions of PostgreSQL's triggers by name."""
    condition = f"TG_OP = 'UPDATE' AND {_erasure('IS NOT DISTINCT FROM')}"
    return {
        name: f" {body.replace('{condition}', condition)} "
        for name, body in FUNCTIONS.items()
    }


def _in_postgresql(
    models: list[type[Model]],
) -> Iterator[tuple[str, str, int, str, str]]:
    """Yield each trigger as the catalogue has it: table, name, kind and function."""
    bodies = _bodies()
    refuse, erase = bodies
    for model in models:
        table = model._meta.db_table
        change = erase if model is HistoryText else refuse
        for kind, function in (("change", change), ("truncate", refuse)):
            name = f"{table}_no_{kind}"
            yield table, name, KINDS[kind], function, bodies[function]


def _postgresql(models: list[type[Model]]) -> Iterator[str]:
    for name, body in _bodies().items():
        yield (
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger "
            f"LANGUAGE plpgsql AS $${body}$$"
        )
    refuse, erase = FUNCTIONS
    for model in models:
        table = model._meta.db_table
        function = erase if model is HistoryText else refuse
        yield (
            f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE ON {table} "
            f"FOR EACH ROW EXECUTE FUNCTION {function}()"
        )
        yield (
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table} "
            f"FOR EACH STATEMENT EXECUTE FUNCTION {refuse}()"
        )
        for kind in ("change", "truncate"):
            yield f"ALTER TABLE {table} ENABLE ALWAYS TRIGGER {table}_no_{kind}"


def _sqlite(model: type[Model]) -> Iterator[str]:
    table = model._meta.db_table
    refusal = (
        f"BEGIN SELECT RAISE(ABORT, 'append-only: {{}} on {table} is refused'); END"
    )
    unless = f" WHEN NOT ({_erasure('IS')})" if model is HistoryText else ""
    yield (
        f"CREATE TRIGGER {table}_no_update BEFORE UPDATE ON {table}{unless} "
        + refusal.format("UPDATE")
    )
    yield (
        f"CREATE TRIGGER {table}_no_delete BEFORE DELETE ON {table} "
        + refusal.format("DELETE")
    )
    # A search for each key: joined by OR in one, they would scan the whole table.
    same = " OR ".join(
        f"EXISTS (SELECT 1 FROM {table} o WHERE {key})" for key in _same_keys(model)
    )
    yield (
        f"CREATE TRIGGER {table}_no_insert BEFORE INSERT ON {table} WHEN {same} "
        + refusal.format("INSERT over an entry")
    )


def _same_keys(model: type[Model]) -> Iterator[str]:
    """Yield, for each unique key of the model, that an old row ``o`` has the same.

    Read from the model, so that a new constraint cannot be forgotten. Conditional
    keys are compared by their fields under their own condition on both rows.
    """
    for field in model._meta.concrete_fields:
        if field.unique:
            yield f"o.{field.column} = NEW.{field.column}"
    for constraint in model._meta.constraints:
        if not isinstance(constraint, UniqueConstraint):
            continue
        columns = [str(model._meta.get_field(f).column) for f in constraint.fields]  # type: ignore[union-attr]
        same = " AND ".join(f"o.{c} = NEW.{c}" for c in columns)
        if condition := CONDITIONS.get(constraint.name):
            same += (
                f" AND {condition.format(row='o')} AND {condition.format(row='NEW')}"
            )
        elif constraint.condition is not None:
            raise NotImplementedError(f"Say what {constraint.name} means in SQL.")
        yield same


# The conditions of conditional unique keys, in SQL: word for word those of their
# indexes, or SQLite would not use these.
CONDITIONS = {
    "entry_corrected_once": "{row}.kind = 'correction'",
    "entry_once_per_author_and_key": "NOT ({row}.idempotency_key = '')",
}
