from datetime import date, timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from commitments.check import verify_history
from commitments.models import Citation, Commitment, HistoryEntry, Plan, State
from commitments.synthetic import make
from tests.factories import PlanFactory

pytestmark = pytest.mark.django_db

UNTIL = date(2026, 11, 24)


@pytest.fixture
def quietly(capsys):
    def run(**given):
        call_command("make_synthetic", until=UNTIL, **given)

    return run


def test_a_made_up_record_verifies_and_has_its_size(quietly):
    quietly(commitments=60)

    assert list(verify_history([])) == []
    assert Commitment.objects.standing_now().count() == 60
    assert 4 * 60 < HistoryEntry.objects.count() < 6 * 60
    assert 7 * 60 < Citation.objects.count() < 9 * 60
    assert State.objects.at(as_of=UNTIL).count() == 60
    assert State.objects.at(as_of=date(2026, 2, 1)).exclude(status="").count() == 0


def test_the_last_entries_are_of_the_last_days_and_none_is_later(quietly):
    quietly(commitments=60)
    last = HistoryEntry.objects.latest("seq")

    assert UNTIL - timedelta(days=7) <= last.recorded_at.date() <= UNTIL
    assert not HistoryEntry.objects.filter(effective_on__gt=UNTIL).exists()


def test_rows_made_later_get_keys_of_their_own(quietly):
    quietly(commitments=5)

    assert Plan.objects.create(
        slug="next", title="Next", starts_on=UNTIL, ends_on=date(2031, 1, 1),
        coded_on=UNTIL, evidence_to=UNTIL,
    ).pk  # fmt: skip


def test_the_same_seed_makes_the_same_record():
    def head(seed):
        make(commitments=12, seed=seed, until=UNTIL)
        return HistoryEntry.objects.latest("seq").digest

    heads = []
    for seed in (1, 1, 2):
        with transaction.atomic():
            heads.append(head(seed))
            transaction.set_rollback(True)

    assert heads[0] == heads[1] != heads[2]


def test_a_database_that_holds_a_record_is_refused(quietly):
    PlanFactory()

    with pytest.raises(CommandError, match="holds a record already"):
        quietly(commitments=5)

    assert not Commitment.objects.exists()


@pytest.mark.parametrize("number", [0, -1, 10**9])
def test_a_number_out_of_range_is_refused(quietly, number):
    with pytest.raises(CommandError, match="from 1 to"):
        quietly(commitments=number)


@pytest.mark.skipif(connection.vendor != "sqlite", reason="its guard is SQLite's")
def test_the_guard_of_the_history_searches_and_never_scans():
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT sql FROM sqlite_master WHERE name = %s",
            ["commitments_historyentry_no_insert"],
        )
        condition = cursor.fetchone()[0].split(" WHEN ")[1].split(" BEGIN ")[0]
        cursor.execute(
            "EXPLAIN QUERY PLAN SELECT 1 FROM commitments_historyentry NEW "
            f"WHERE NEW.seq = 1 AND ({condition})"
        )
        steps = [row[3] for row in cursor.fetchall()]

    assert any("SEARCH o" in step for step in steps)
    assert not [step for step in steps if "SCAN" in step and "CONSTANT" not in step]
