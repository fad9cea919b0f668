"""Statements of SQLite alone."""

from .everywhere import ANOTHER, INTO_ONE

FORMS: dict[str, tuple[str, ...]] = {
    "insert or replace": (
        "INSERT OR REPLACE INTO {t} ({cols}) SELECT {changed} FROM {t}",
    ),
    "replace": ("REPLACE INTO {t} ({cols}) SELECT {changed} FROM {t}",),
    "replace without recursive triggers": (
        "PRAGMA recursive_triggers=OFF",
        "INSERT OR REPLACE INTO {t} ({cols}) SELECT {changed} FROM {t}",
    ),
    "update or replace": (
        "UPDATE OR REPLACE {t} SET {pk} = (SELECT MIN({pk}) FROM {t})",
    ),
    "update or ignore": ("UPDATE OR IGNORE {t} SET {c} = 'x'",),
    "update or fail": ("UPDATE OR FAIL {t} SET {c} = 'x'",),
    "update or abort": ("UPDATE OR ABORT {t} SET {c} = 'x'",),
    "insert or update without a target": (
        "INSERT INTO {t} ({cols}) SELECT {changed} FROM {t} WHERE true "
        "ON CONFLICT DO UPDATE SET {c} = 'x'",
    ),
    "update of the place": ("UPDATE {t} SET {c} = 'x', _rowid_ = _rowid_ + 1000",),
    "delete by the place": ("DELETE FROM {t} WHERE _rowid_ >= 1",),
    "delete with foreign keys put off": (
        "PRAGMA defer_foreign_keys=ON",
        "DELETE FROM {t}",
    ),
    "update without checks": (
        "PRAGMA ignore_check_constraints=ON",
        "UPDATE {t} SET {c} = 'x'",
    ),
    "delete by a schema's name": ("DELETE FROM main.{t} NOT INDEXED",),
    "update through a view": (
        "CREATE VIEW attack AS SELECT * FROM {t}",
        "CREATE TRIGGER attacks INSTEAD OF UPDATE ON attack BEGIN "
        "UPDATE {t} SET {c} = NEW.{c} WHERE {pk} = NEW.{pk}; END",
        "UPDATE attack SET {c} = 'x'",
    ),
    "delete through a view": (
        "CREATE VIEW attack AS SELECT * FROM {t}",
        "CREATE TRIGGER attacks INSTEAD OF DELETE ON attack BEGIN "
        "DELETE FROM {t} WHERE {pk} = OLD.{pk}; END",
        "DELETE FROM attack",
    ),
    "trigger of another table": (
        "CREATE TRIGGER attack AFTER INSERT ON {one} BEGIN DELETE FROM {t}; END",
        INTO_ONE,
    ),
    "passing trigger of another table": (
        "CREATE TEMP TRIGGER attack AFTER INSERT ON {one} BEGIN "
        "UPDATE {t} SET {c} = 'x'; END",
        INTO_ONE,
    ),
    "update from a passing table": (
        "CREATE TEMP TABLE attack AS SELECT {pk} AS k FROM {t}",
        "UPDATE {t} SET {c} = 'x' FROM attack WHERE {pk} = k",
    ),
}

# What the owner of a table can do to its guards: not refused, but told.
OF_THE_OWNER: dict[str, tuple[str, ...]] = {
    "update let pass": ("DROP TRIGGER {t}_no_update",),
    "delete let pass": ("DROP TRIGGER {t}_no_delete",),
    "insert let pass": ("DROP TRIGGER {t}_no_insert",),
    "trigger that never fires": (
        "DROP TRIGGER {t}_no_delete",
        "CREATE TRIGGER {t}_no_delete BEFORE DELETE ON {t} WHEN 0 "
        "BEGIN SELECT RAISE(ABORT, ''); END",
    ),
    "trigger that does nothing": (
        "DROP TRIGGER {t}_no_update",
        "CREATE TRIGGER {t}_no_update BEFORE UPDATE ON {t} BEGIN SELECT 1; END",
    ),
    "another table in its place": ANOTHER,
    "table dropped": (
        "CREATE TABLE attack AS SELECT * FROM {t}",
        "DROP TABLE {t}",
        "ALTER TABLE attack RENAME TO {t}",
    ),
}
