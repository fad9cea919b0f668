"""Every way we know to change what is append-only, on every guarded table.

Compared by full contents: counts and sums miss a row that was replaced.
"""

import os
from collections import Counter

import pytest
from django.db import DatabaseError, connection, models, transaction

from commitments import guards, services
from tests.commitments import attacks
from tests.factories import AT, CommitmentFactory, EvidenceFactory, assess, two_people
from tests.tracker import record as records
from tests.tracker.leaks.planted import Planted, filled, work_at_the_desk
from tracker.releases import making

# As who has every right: the guards hold against the owner of the tables too.
pytestmark = [pytest.mark.django_db, pytest.mark.owner]
TABLES = [attacks.Table(model) for model in guards.GUARDED]
REFUSED = (DatabaseError, TypeError, models.ProtectedError)


@pytest.fixture
def rows():
    """A small record, with something in every guarded table."""
    planted = Planted(records.small())
    making.make_release(at=records.moment(10, 1))
    work_at_the_desk(planted)
    wrong = assess(CommitmentFactory(), idempotency_key="once")
    services.correct(
        entry=wrong, evidence=[EvidenceFactory()], reason="So.", at=AT, **two_people()
    )
    for table in TABLES:
        if not table.rows.exists():
            filled(table.model)


def content(tables=TABLES):
    return [sorted(map(repr, table.rows.values_list())) for table in tables]


def run(statements):
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


# What a transaction does not take back.
AS_IT_WAS = {
    "postgresql": ["DEALLOCATE ALL"],
    "sqlite": [
        "PRAGMA recursive_triggers=ON",
        "PRAGMA defer_foreign_keys=OFF",
        "PRAGMA ignore_check_constraints=OFF",
    ],
}[connection.vendor]


def outcome(act, tables):
    """Do it, take it back; return what it came to: refused, changed or nothing."""
    before = content(tables)
    saved = transaction.savepoint()
    result = "nothing"
    try:
        act()
    except REFUSED:
        result = "refused"
    transaction.set_rollback(False)
    # PostgreSQL took back all of what failed, and reads nothing before that is said.
    is_readable = connection.vendor == "sqlite" or result != "refused"
    if is_readable and content(tables) != before:
        result = "changed"
    transaction.savepoint_rollback(saved)
    run(AS_IT_WAS)
    return result


def attempts():
    """Yield each form with a table and the act."""
    for table in TABLES:
        for name, form in attacks.FORMS.items():
            statements = [table.sql(statement) for statement in form]
            yield name, table, lambda statements=statements: run(statements)
        for name, statements in attacks.by_keys(table).items():
            yield name, table, lambda statements=statements: run(statements)
        for name, act in attacks.orm(table).items():
            yield f"ORM: {name}", table, act
    cited = [attacks.Table(attacks.HistoryEntry), attacks.Table(attacks.Citation)]
    for name, act in attacks.relations().items():
        for table in cited:
            yield f"ORM: {name}", table, act


def outcomes():
    """Return {form: how often it was refused, changed something or did nothing}."""
    found = {}
    for name, table, act in attempts():
        found.setdefault(name, Counter())[outcome(act, [table])] += 1
    return found


@pytest.mark.timeout(300)
def test_no_form_of_attack_changes_a_row_of_any_guarded_table(rows):
    before = content()

    found = outcomes()

    assert len({name.partition(" the key ")[0] for name in found}) >= 40
    assert {name for name, came in found.items() if came["changed"]} == set()
    assert {name for name, came in found.items() if not came["refused"]} == set()
    assert content() == before


@pytest.mark.timeout(300)
def test_without_guards_every_form_changes_something(rows):
    """The proof that the test above can fail, form by form."""
    guards.remove(connection)

    found = outcomes()

    assert {name for name, came in found.items() if not came["changed"]} == set()


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite has no roles.")
@pytest.mark.timeout(300)
def test_a_role_that_owns_nothing_changes_nothing_whatever_it_may(rows):
    """Given every right but ownership, it cannot take the guards off either."""
    role = f"attacker_{os.getpid()}"
    run([f"CREATE ROLE {role}", f"GRANT ALL ON SCHEMA public TO {role}"])
    run(
        [
            f"GRANT ALL ON ALL {k} IN SCHEMA public TO {role}"
            for k in ("TABLES", "SEQUENCES")
        ]
    )
    run([f"SET LOCAL ROLE {role}"])

    found = outcomes()
    for name, table, act in weakenings():
        found.setdefault(name, Counter())[outcome(act, [table])] += 1

    assert {name for name, came in found.items() if came["changed"]} == set()
    assert {name for name, came in found.items() if not came["refused"]} == set()


def weakenings():
    """Yield what the owner of a table can do to its guards, table by table."""
    for table in TABLES:
        for name, form in attacks.OF_THE_OWNER.items():
            statements = [table.sql(statement) for statement in form]
            yield name, table, lambda statements=statements: run(statements)


def test_whatever_the_owner_does_to_a_guard_is_refused_or_told(rows):
    if connection.vendor == "postgresql":
        # A table with unchecked rows cannot be altered in the same transaction.
        run(["SET CONSTRAINTS ALL IMMEDIATE"])
    told, untold = set(), []
    for name, table, act in weakenings():
        saved = transaction.savepoint()
        try:
            act()
        except DatabaseError:
            transaction.savepoint_rollback(saved)
            continue
        missing = guards.missing(connection)
        transaction.savepoint_rollback(saved)
        if any(table.model._meta.db_table in one for one in missing):
            told.add(name)
        else:
            untold.append((name, table.model._meta.db_table))
    assert untold == []
    assert told == set(attacks.OF_THE_OWNER)
    assert guards.missing(connection) == []
