"""What the account may do on PostgreSQL that serves: less than the owner of the tables.

The owner migrates and restores. Web processes and workers come with an account of their
own. It adds to what is append-only and neither changes nor deletes there, and it alters
no table, trigger or function: who takes it over cannot take the guards off.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.core.management.base import CommandError
from django.db import transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder

from commitments import guards
from commitments.models import HistoryEntry, HistoryText

READ = "SELECT"
ADD = "SELECT, INSERT"
# A redaction erases a text; the guard lets nothing else through.
ERASE = "SELECT, INSERT, UPDATE"
WRITE = "SELECT, INSERT, UPDATE, DELETE"


@dataclass(frozen=True)
class Account:
    """An account of PostgreSQL; an empty password leaves the one that it has."""

    name: str
    password: str = ""


def grant(connection: BaseDatabaseWrapper, account: Account) -> None:
    """Make the account where there is none, and give it its rights and no more.

    For the owner of the tables; nobody who is served meanwhile notices.
    """
    name = connection.ops.quote_name(account.name)
    schema = "ALL {} IN SCHEMA public"
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [account.name])
        if not cursor.fetchone():
            cursor.execute(f"CREATE ROLE {name} LOGIN")
        if account.password:
            # Not itself: statements may be logged.
            verifier = connection.connection.pgconn.encrypt_password(
                account.password.encode(), account.name.encode(), b"scram-sha-256"
            )
            cursor.execute(f"ALTER ROLE {name} PASSWORD %s", [verifier.decode()])
        cursor.execute(f"REVOKE ALL ON {schema.format('TABLES')} FROM {name}")
        cursor.execute(f"GRANT USAGE ON {schema.format('SEQUENCES')} TO {name}")
        for rights, tables in _tables(connection).items():
            on = ", ".join(map(connection.ops.quote_name, tables))
            cursor.execute(f"GRANT {rights} ON {on} TO {name}")


def _tables(connection: BaseDatabaseWrapper) -> dict[str, list[str]]:
    """Return the tables by what may be done with them."""
    fewer = {model._meta.db_table: ADD for model in guards.GUARDED}
    fewer[HistoryText._meta.db_table] = ERASE
    fewer[MigrationRecorder.Migration._meta.db_table] = READ
    found = defaultdict(list)
    for table in connection.introspection.table_names():
        found[fewer.get(table, WRITE)].append(table)
    return found


def may_alter_history(connection: BaseDatabaseWrapper) -> bool:
    """Whether the account of this connection could take the guards off."""
    return _told(connection, "SELECT EXISTS (SELECT 1 FROM history WHERE is_owned)")


def check_owner(connection: BaseDatabaseWrapper) -> None:
    """Refuse an account that may not make tables, or does not own those that are there.

    Raises CommandError.
    """
    if connection.vendor == "postgresql" and not _told(
        connection,
        "SELECT has_schema_privilege(current_schema(), 'CREATE') "
        "AND NOT EXISTS (SELECT 1 FROM history WHERE NOT is_owned)",
    ):
        raise CommandError(
            "This account of PostgreSQL does not own the tables. Migrate and restore as "
            "their owner: see “Two accounts” in docs/operations.md."
        )


def _told(connection: BaseDatabaseWrapper, query: str) -> bool:
    history = (
        "WITH history AS (SELECT pg_has_role(relowner, 'MEMBER') AS is_owned "
        "FROM pg_class WHERE oid = to_regclass(%s)) "
    )
    with connection.cursor() as cursor:
        cursor.execute(history + query, [HistoryEntry._meta.db_table])
        return bool(cursor.fetchone()[0])
