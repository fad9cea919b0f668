"""The account that serves on PostgreSQL cannot take the guards off, nor reach past them.

That its rights are enough for everything else, the whole suite shows: see ``conftest``.
"""

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from commitments import guards, rights
from commitments.apps import check_account
from commitments.models import HistoryEntry
from tests.factories import CommitmentFactory, assess

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="SQLite has no accounts."
    ),
]
H = HistoryEntry._meta.db_table
# What the owner of the tables could do, or a superuser.
ATTACKS = [
    f"ALTER TABLE {H} DISABLE TRIGGER ALL",
    f"DROP TRIGGER {H}_no_change ON {H}",
    f"CREATE TRIGGER mine BEFORE INSERT ON {H} "
    "EXECUTE FUNCTION commitments_refuse_change()",
    "CREATE OR REPLACE FUNCTION commitments_refuse_change() RETURNS trigger "
    "LANGUAGE plpgsql AS $$ BEGIN RETURN NEW; END $$",
    "SET session_replication_role = replica",
    f"DROP TABLE {H} CASCADE",
    f"ALTER TABLE {H} OWNER TO site",
    f"ALTER TABLE {H} DROP COLUMN digest",
    f"ALTER TABLE {H} RENAME TO other",
    f"CREATE RULE quiet AS ON INSERT TO {H} DO INSTEAD NOTHING",
    "ALTER ROLE site SUPERUSER",
    "CREATE TABLE mine (id integer)",
    "DELETE FROM django_migrations",
    "COPY (SELECT 1) TO PROGRAM 'true'",
    "SELECT pg_read_file('postgresql.conf')",
    *(
        f"{statement} {model._meta.db_table}{rest}"
        for model in guards.GUARDED
        for statement, rest in [("DELETE FROM", ""), ("TRUNCATE", " CASCADE")]
    ),
]


def sqlstate_of(statement):
    """Run a statement and take it back; return what the database said, or ""."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)
            transaction.set_rollback(True)
    except DatabaseError as error:
        return error.__cause__.sqlstate
    return ""


@pytest.mark.parametrize("statement", ATTACKS)
def test_it_has_no_right_to(statement):
    assess(CommitmentFactory())
    assert sqlstate_of(statement) == "42501"


@pytest.mark.owner
@pytest.mark.parametrize("statement", ATTACKS[:4])
def test_its_owner_could(statement):
    """The control."""
    assert sqlstate_of(statement) == ""


@pytest.mark.owner
def test_migrating_takes_back_what_was_given_by_hand():
    with connection.cursor() as cursor:
        cursor.execute(f"GRANT UPDATE, TRUNCATE ON {H} TO site")
    rights.grant(connection, rights.Account("site"))

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT privilege_type FROM information_schema.role_table_grants "
            "WHERE grantee = 'site' AND table_name = %s",
            [H],
        )
        assert {row[0] for row in cursor.fetchall()} == {"SELECT", "INSERT"}


@pytest.mark.owner
def test_an_account_is_made_with_a_password_that_no_log_can_hold():
    with connection.execute_wrapper(recorded := Recorded()):
        rights.grant(connection, rights.Account("visitor", "open sesame"))

    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolpassword "
            "FROM pg_authid WHERE rolname = 'visitor'"
        )
        *may, verifier = cursor.fetchone()
    assert may == [True, False, False, False]
    assert verifier.startswith("SCRAM-SHA-256$")
    assert recorded.told and not any("sesame" in told for told in recorded.told)


class Recorded:
    def __init__(self):
        self.told = []

    def __call__(self, execute, sql, params, many, context):
        self.told.append(f"{sql} {params}")
        return execute(sql, params, many, context)


def test_who_migrates_or_restores_with_it_is_told_to_come_as_the_owner():
    with pytest.raises(CommandError, match="does not own the tables"):
        call_command("migrate", verbosity=0)


def test_serving_with_it_is_as_it_should_be():
    assert check_account(databases=["default"]) == []


@pytest.mark.owner
def test_serving_as_the_owner_is_told():
    (said,) = check_account(databases=["default"])
    assert said.id == "commitments.W002"
