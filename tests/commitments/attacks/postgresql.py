"""Statements of PostgreSQL alone."""

from commitments import guards

from .everywhere import ANOTHER, INTO_ONE

MERGE = "MERGE INTO {t} h USING (SELECT {pk} AS k FROM {t}) s ON h.{pk} = s.k WHEN "
FUNCTION = (
    "CREATE FUNCTION attack() RETURNS {back} LANGUAGE plpgsql {rights} AS "
    "$$ BEGIN DELETE FROM {{t}}; RETURN {value}; END $$"
)
AS_REPLICA = "SET LOCAL session_replication_role = replica"
FORMS: dict[str, tuple[str, ...]] = {
    "truncate": ("TRUNCATE {t}",),
    "truncate only": ("TRUNCATE ONLY {t} RESTART IDENTITY",),
    "truncate in cascade": ("TRUNCATE {t} CASCADE",),
    "truncate of two": ("TRUNCATE {one}, {t} CASCADE",),
    "truncate of what is above": (
        "TRUNCATE commitments_commitment, auth_user, tracker_release CASCADE",
    ),
    "update as a replica": (AS_REPLICA, "UPDATE {t} SET {c} = 'x'"),
    "delete as a replica": (AS_REPLICA, "DELETE FROM {t}"),
    "truncate as a replica": (AS_REPLICA, "TRUNCATE {t} CASCADE"),
    "merge that updates": (MERGE + "MATCHED THEN UPDATE SET {c} = 'x'",),
    "merge that deletes": (MERGE + "MATCHED THEN DELETE",),
    "insert or update by a constraint": (
        "INSERT INTO {t} SELECT * FROM {t} ON CONFLICT ON CONSTRAINT {t}_pkey "
        "DO UPDATE SET {c} = 'x'",
    ),
    "delete within a select": (
        "WITH gone AS (DELETE FROM {t} RETURNING *) SELECT * FROM gone",
    ),
    "update within a select": (
        "WITH new AS (UPDATE {t} SET {c} = 'x' RETURNING *) SELECT * FROM new",
    ),
    "delete using another": (
        "DELETE FROM {t} USING {t} AS o WHERE o.{pk} = {t}.{pk}",
    ),
    "update of only": ("UPDATE ONLY {t} SET {c} = 'x'",),
    "delete by the place": (
        "DELETE FROM {t} WHERE ctid = (SELECT MIN(ctid) FROM {t})",
    ),
    "block": ("DO $$ BEGIN DELETE FROM {t}; END $$",),
    "block that goes on": (
        "DO $$ BEGIN BEGIN DELETE FROM {t}; EXCEPTION WHEN others THEN "
        "UPDATE {t} SET {c} = 'x'; END; END $$",
    ),
    "statement made in a block": (
        "DO $$ BEGIN EXECUTE 'UPDATE {t} SET {c} = ''x'''; END $$",
    ),
    "function": (
        FUNCTION.format(back="int", rights="", value="1"), "SELECT attack()",
    ),
    "function with its maker's rights": (
        FUNCTION.format(back="int", rights="SECURITY DEFINER", value="1"),
        "SELECT attack()",
    ),
    "procedure": (
        "CREATE PROCEDURE attack() LANGUAGE sql AS $$ UPDATE {t} SET {c} = 'x' $$",
        "CALL attack()",
    ),
    "prepared statement": (
        "PREPARE attack AS DELETE FROM {t}", "EXECUTE attack", "DEALLOCATE attack",
    ),
    "update at a cursor": (
        "DECLARE attack CURSOR FOR SELECT * FROM {t} FOR UPDATE", "FETCH attack",
        "UPDATE {t} SET {c} = 'x' WHERE CURRENT OF attack",
    ),
    "delete at a cursor": (
        "DECLARE attack CURSOR FOR SELECT * FROM {t} FOR UPDATE", "FETCH attack",
        "DELETE FROM {t} WHERE CURRENT OF attack",
    ),
    "update through a view": (
        "CREATE VIEW attack AS SELECT * FROM {t}", "UPDATE attack SET {c} = 'x'",
    ),
    "delete through a view": (
        "CREATE VIEW attack AS SELECT * FROM {t}", "DELETE FROM attack",
    ),
    "rule of another table": (
        "CREATE RULE attack AS ON INSERT TO {one} DO ALSO DELETE FROM {t}", INTO_ONE,
    ),
    "trigger of another table": (
        FUNCTION.format(back="trigger", rights="", value="NULL"),
        "CREATE TRIGGER attack AFTER INSERT ON {one} EXECUTE FUNCTION attack()",
        INTO_ONE,
    ),
    "copy of what is deleted": ("COPY (DELETE FROM {t} RETURNING *) TO '/dev/null'",),
    "copy of what is updated": (
        "COPY (UPDATE {t} SET {c} = 'x' RETURNING *) TO '/dev/null'",
    ),
    "explained": ("EXPLAIN ANALYZE DELETE FROM {t}",),
    "deferred": ("SET CONSTRAINTS ALL DEFERRED", "DELETE FROM {t}"),
    "foreign keys that delete": (
        "CREATE TABLE attack (k bigint PRIMARY KEY)",
        "INSERT INTO attack SELECT {pk} FROM {t}",
        "SET CONSTRAINTS ALL IMMEDIATE",
        "ALTER TABLE {t} ADD FOREIGN KEY ({pk}) REFERENCES attack ON DELETE CASCADE",
        "DELETE FROM attack",
    ),
}  # fmt: skip


def _again(
    events: str, rest: str, when: str = "BEFORE", function: str = ""
) -> tuple[str, ...]:
    """Return how to put another trigger of the same name in the place of a guard."""
    function = function or next(iter(guards.FUNCTIONS))
    return (
        "DROP TRIGGER {t}_no_change ON {t}",
        f"CREATE TRIGGER {{t}}_no_change {when} {events} ON {{t}} {rest} "
        f"EXECUTE FUNCTION {function}()",
        "ALTER TABLE {t} ENABLE ALWAYS TRIGGER {t}_no_change",
    )


# What the owner of a table can do to its guards: not refused, but told.
OF_THE_OWNER: dict[str, tuple[str, ...]] = {
    "triggers off": ("ALTER TABLE {t} DISABLE TRIGGER ALL",),
    "own triggers off": ("ALTER TABLE {t} DISABLE TRIGGER USER",),
    "one trigger off": ("ALTER TABLE {t} DISABLE TRIGGER {t}_no_truncate",),
    "trigger not for replicas": ("ALTER TABLE {t} ENABLE TRIGGER {t}_no_change",),
    "trigger for replicas alone": (
        "ALTER TABLE {t} ENABLE REPLICA TRIGGER {t}_no_change",
    ),
    "trigger dropped": ("DROP TRIGGER {t}_no_change ON {t}",),
    "trigger renamed": ("ALTER TRIGGER {t}_no_change ON {t} RENAME TO attack",),
    "another table in its place": ANOTHER,
    "function that lets pass": tuple(
        f"CREATE OR REPLACE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql "
        "AS $$ BEGIN RETURN COALESCE(NEW, OLD); END $$"
        for name in guards.FUNCTIONS
    ),
    "trigger that never fires": _again("UPDATE OR DELETE", "FOR EACH ROW WHEN (false)"),
    "trigger of deletes alone": _again("DELETE", "FOR EACH ROW"),
    "trigger of one column": _again("DELETE OR UPDATE OF {pk}", "FOR EACH ROW"),
    "trigger of statements": _again("UPDATE OR DELETE", "FOR EACH STATEMENT"),
    "trigger that comes after": _again("UPDATE OR DELETE", "FOR EACH ROW", "AFTER"),
    "trigger with another function": _again(
        "UPDATE OR DELETE",
        "FOR EACH ROW",
        function="suppress_redundant_updates_trigger",
    ),
}
