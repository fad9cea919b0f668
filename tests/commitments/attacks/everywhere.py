"""Statements that both databases know."""

INTO_ONE = "INSERT INTO {one} (name) VALUES ('attack')"
# Another table takes the place of a guarded one.
ANOTHER = (
    "ALTER TABLE {t} RENAME TO attack",
    "CREATE TABLE {t} AS SELECT * FROM attack",
)

FORMS: dict[str, tuple[str, ...]] = {
    "update": ("UPDATE {t} SET {c} = 'x'",),
    "update of one row": ("UPDATE {t} SET {c} = 'x' WHERE {pk} > 0",),
    "update of the last": (
        "UPDATE {t} SET {c} = 'x' WHERE {pk} = (SELECT MAX({pk}) FROM {t})",
    ),
    "update by a row of values": ("UPDATE {t} SET ({c}, {pk}) = (SELECT 'x', {pk})",),
    "update from another": (
        "UPDATE {t} SET {c} = o.x FROM (SELECT {pk} AS k, 'x' AS x FROM {t}) AS o "
        "WHERE {t}.{pk} = o.k",
    ),
    "update after a select": (
        "WITH o AS (SELECT {pk} FROM {t}) UPDATE {t} SET {c} = 'x' "
        "WHERE {pk} IN (SELECT {pk} FROM o)",
    ),
    "update that returns": ("UPDATE {t} SET {c} = 'x' RETURNING {pk}",),
    "update of the key": ("UPDATE {t} SET {pk} = {pk} + 1000",),
    "erasure of a text": ("UPDATE {t} SET {c} = ''",),
    "delete": ("DELETE FROM {t}",),
    "delete of the first": (
        "DELETE FROM {t} WHERE {pk} = (SELECT MIN({pk}) FROM {t})",
    ),
    "delete of the tail": ("DELETE FROM {t} WHERE {pk} >= (SELECT MAX({pk}) FROM {t})",),
    "delete where there is another": (
        "DELETE FROM {t} WHERE EXISTS (SELECT 1 FROM {t} AS o WHERE o.{pk} = {t}.{pk})",
    ),
    "delete that returns": ("DELETE FROM {t} RETURNING {pk}",),
    "delete after a select": (
        "WITH o AS (SELECT {pk} FROM {t}) DELETE FROM {t} "
        "WHERE {pk} IN (SELECT {pk} FROM o)",
    ),
    "insert or update by the key": (
        "INSERT INTO {t} ({cols}) SELECT {cols} FROM {t} WHERE true "
        "ON CONFLICT ({pk}) DO UPDATE SET {c} = 'x'",
    ),
    "insert or update where": (
        "INSERT INTO {t} ({cols}) SELECT {changed} FROM {t} WHERE true "
        "ON CONFLICT ({pk}) DO UPDATE SET {c} = excluded.{c} WHERE {t}.{pk} > 0",
    ),
    "delete by a quoted name": ('DELETE FROM "{t}"',),
}  # fmt: skip
