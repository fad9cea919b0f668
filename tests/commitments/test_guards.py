"""Attacks on the history by SQL: each is refused, and the content stays the same.

Compared by full content: counts and sums miss a row that was replaced.
"""

import pytest
from django.core.management import call_command
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db import models as db_models

from commitments import guards
from commitments.models import Citation, HistoryEntry, HistoryText
from tests.factories import CommitmentFactory, EvidenceFactory, UserFactory, assess

# The guards hold against the owner of the tables too.
pytestmark = [pytest.mark.django_db, pytest.mark.owner]

H, T, C = (m._meta.db_table for m in (HistoryEntry, HistoryText, Citation))
KEYS = ("seq", "digest", "prev_digest")

EVERYWHERE = [
    f"UPDATE {H} SET status = 'delivered'",
    f"UPDATE {H} SET seq = seq + 100",
    f"UPDATE {H} SET recorded_at = effective_on",
    f"DELETE FROM {H}",
    f"DELETE FROM {H} WHERE seq = (SELECT MAX(seq) FROM {H})",
    f"UPDATE {C} SET official = NOT official",
    f"DELETE FROM {C}",
    f"UPDATE {T} SET reason = 'Nothing happened.'",
    f"UPDATE {T} SET reason = '', reason_salt = ''",
    f"UPDATE {T} SET author_name = '', author_name_salt = ''",
    f"DELETE FROM {T}",
]
SQLITE = [
    f"INSERT OR REPLACE INTO {H} SELECT * FROM {H} WHERE seq = 1",
    f"REPLACE INTO {H} SELECT * FROM {H}",
    f"UPDATE OR REPLACE {H} SET seq = 1 WHERE seq = 2",
    f"INSERT INTO {H} SELECT * FROM {H} WHERE true "
    "ON CONFLICT (seq) DO UPDATE SET status = 'delivered'",
    f"INSERT OR REPLACE INTO {C} SELECT * FROM {C}",
    f"INSERT OR REPLACE INTO {T} SELECT * FROM {T}",
    f"INSERT OR IGNORE INTO {H} SELECT * FROM {H}",
]
POSTGRESQL = [
    f"TRUNCATE {H} CASCADE",
    f"TRUNCATE {C}",
    f"TRUNCATE {T} CASCADE",
    "TRUNCATE commitments_commitment CASCADE",
    f"SET LOCAL session_replication_role = replica; DELETE FROM {C}",
    f"SET LOCAL session_replication_role = replica; UPDATE {H} SET status = ''",
    f"INSERT INTO {H} SELECT * FROM {H} ON CONFLICT (seq) "
    "DO UPDATE SET status = 'delivered'",
    f"MERGE INTO {H} h USING (SELECT 1) s ON true WHEN MATCHED THEN DELETE",
    f"MERGE INTO {H} h USING (SELECT 1) s ON true "
    "WHEN MATCHED THEN UPDATE SET status = ''",
    f"WITH gone AS (DELETE FROM {C} RETURNING *) SELECT * FROM gone",
]


@pytest.fixture
def history():
    for _ in range(2):
        assess(CommitmentFactory(), evidence=[EvidenceFactory()])
    if connection.vendor == "postgresql":
        # A table with unchecked rows is not truncated anyway, guard or no guard.
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def content():
    found = []
    for model in (HistoryEntry, HistoryText, Citation):
        found += [tuple(row) for row in model.objects.order_by("pk").values_list()]
    return found


def attack(statement):
    """Run it for all it is worth; say whether the database refused."""
    before = content()
    refused = False
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError:
        refused = True
    assert content() == before, statement
    return refused


@pytest.mark.parametrize("statement", EVERYWHERE)
def test_plain_sql_changes_nothing(history, statement):
    assert attack(statement)


@pytest.mark.parametrize("number", range(max(len(SQLITE), len(POSTGRESQL))))
def test_the_ways_of_this_database_change_nothing(history, number):
    ways = POSTGRESQL if connection.vendor == "postgresql" else SQLITE
    attack(ways[number % len(ways)])


@pytest.mark.parametrize("key", KEYS)
def test_a_row_with_one_key_of_an_old_one_replaces_nothing(history, key):
    """INSERT OR REPLACE deletes whatever shares any one unique key."""
    columns = [f.column for f in HistoryEntry._meta.concrete_fields]
    fresh = {
        "seq": "seq + 50",
        "digest": f"'{'d' * 64}'",
        "prev_digest": f"'{'e' * 64}'",
    }
    fresh.pop(key)
    picked = ", ".join(fresh.get(column, f'"{column}"') for column in columns)
    named = ", ".join(f'"{column}"' for column in columns)
    verb = "INSERT OR REPLACE" if connection.vendor == "sqlite" else "INSERT"

    assert attack(f"{verb} INTO {H} ({named}) SELECT {picked} FROM {H} WHERE seq = 2")


def test_the_database_too_keeps_one_entry_for_a_key(history):
    """Whatever a service forgot to look for, and whoever writes past it."""
    entry = assess(CommitmentFactory(), idempotency_key="form-1")
    entry.seq += 1
    entry.digest, entry.prev_digest = "d" * 64, "e" * 64

    with pytest.raises(IntegrityError), transaction.atomic():
        entry.save(force_insert=True)

    entry.idempotency_key = ""
    entry.save(force_insert=True)


@pytest.mark.parametrize(
    "change",
    [
        lambda: HistoryEntry.objects.update(status="delivered"),
        lambda: HistoryEntry.objects.all().delete(),
        lambda: HistoryEntry.objects.first().delete(),
        lambda: HistoryEntry.objects.first().save(),
        lambda: HistoryEntry.objects.bulk_update([HistoryEntry.objects.first()], ["status"]),
        lambda: Citation.objects.all()._raw_delete("default"),
        lambda: HistoryText.objects.update(reason="Other."),
        lambda: EvidenceFactory._meta.model.objects.all().delete(),
    ],
)  # fmt: skip
def test_the_orm_changes_nothing(history, change):
    before = content()
    with pytest.raises((DatabaseError, TypeError, db_models.ProtectedError)):
        with transaction.atomic():
            change()
    assert content() == before


def test_guards_are_named_when_missing_and_back_after_migrate():
    guards.remove(connection)
    gone = guards.missing(connection)

    call_command("migrate", verbosity=0)

    kinds = 2 if connection.vendor == "postgresql" else 3
    assert len(gone) == kinds * len(guards.GUARDED)
    assert guards.missing(connection) == []


def test_a_weakened_guard_counts_as_missing():
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(f"ALTER TABLE {H} DISABLE TRIGGER {H}_no_change")
            name = f"{H}_no_change"
        else:
            name = f"{H}_no_insert"
            cursor.execute(f"DROP TRIGGER {name}")
            cursor.execute(
                f"CREATE TRIGGER {name} BEFORE INSERT ON {H} WHEN 0 BEGIN SELECT 1; END"
            )

    assert guards.missing(connection) == [name]
    guards.install(connection)
    assert guards.missing(connection) == []


def test_verify_history_exits_3_without_guards(history):
    guards.remove(connection)
    with pytest.raises(SystemExit) as stop:
        call_command("verify_history", json=True)
    guards.install(connection)

    assert stop.value.code == 3


def test_the_system_check_reports_missing_guards():
    from commitments.apps import check_guards

    assert check_guards(databases=["default"]) == []
    guards.remove(connection)
    found = check_guards(databases=["default"])
    guards.install(connection)

    assert {error.id for error in found} == {"commitments.W001"}


def test_an_erased_account_leaves_the_entry(history):
    user = UserFactory()
    entry = assess(CommitmentFactory(), by=user)
    user.delete()
    entry.text.refresh_from_db()
    assert entry.text.author_id is None


def test_migrate_from_the_shell_puts_a_missing_guard_back():
    """Its own check of the guards must not stop it."""
    guards.remove(connection)
    call_command("migrate", verbosity=0, skip_checks=False)
    assert guards.missing(connection) == []
