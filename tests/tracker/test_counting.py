"""Counts made by the database are those of the rows."""

from collections import Counter
from datetime import date

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from commitments.statuses import Freshness, Schedule, Status
from tests.plans import plan
from tests.tracker import record
from tracker import browse, counting, facets

pytestmark = pytest.mark.django_db

DAYS = [date(2026, 2, 15), date(2026, 7, 20), date(2026, 11, 24), date(2031, 1, 2)]


def by_rows(rows, on):
    """The same counts, one row after the other."""
    scored = [row for row in rows if row.commitment.trackable]
    pillars = {}
    for row in scored:
        cell = pillars.setdefault(str(row.commitment.pillar.number), {})
        cell[row.status] = cell.get(row.status, 0) + 1
    schedules = [row.schedule(on=on) for row in scored]
    looks = [row.freshness(on=on) for row in scored]
    held = [row.status for row in scored]
    return {
        "commitments": len(rows),
        "trackable": len(scored),
        "status": {s: held.count(s) for s in Status.values},
        "pillars": pillars,
        "schedule": {s: schedules.count(s) for s in Schedule.values},
        "freshness": {f: looks.count(f) for f in Freshness.values},
        "claim_gaps": sum(row.has_claim_gap for row in scored),
        "signed_off": sum(row.signed_off for row in scored),
    }


def test_counts_are_those_of_the_rows_on_any_day():
    record.small()
    for on in DAYS:
        question = browse.parse(QueryDict(f"as_of={on}"), today=on)
        rows = browse.at(question)

        assert counting.stats(rows, on=on) == by_rows(list(rows), on)
        scored = [row for row in rows if row.commitment.trackable]
        assert counting.statuses(rows) == Counter(row.status for row in scored)
        claims = Counter((row.official_position, row.status) for row in scored)
        assert counting.claims(rows) == claims


def test_counts_of_today_are_those_of_the_states_of_today():
    record.small()
    question = browse.parse(QueryDict(""), today=DAYS[2])
    now, then = browse.counted(question), browse.at(question)

    assert now.model != then.model
    for count in (counting.statuses, counting.claims):
        assert count(now) == count(then) != Counter()


def test_counting_takes_one_query():
    record.small()
    question = browse.parse(QueryDict(""), today=DAYS[2])
    with CaptureQueriesContext(connection) as queries:
        counting.stats(browse.at(question), on=DAYS[2])

    assert len(queries) == 1


@pytest.mark.owner  # No one else may drop an index.
def test_the_statuses_of_a_past_day_are_counted_from_an_index_alone():
    record.small()
    question = browse.parse(QueryDict("as_of=2026-07-20"), today=DAYS[2])
    with CaptureQueriesContext(connection) as queries:
        facets.counted(question)
    counts = (q["sql"] for q in queries if '"status" AS "status", COUNT' in q["sql"])
    if connection.vendor == "postgresql":
        # With few rows any way is cheap, and which is taken goes by what the server
        # last counted; the question is what can be done with this index.
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
            cursor.execute(
                "ALTER TABLE commitments_state DROP CONSTRAINT state_once_per_start"
            )
            cursor.execute(
                "DROP INDEX state_of_a_day, state_known, state_known_now_once_per_day"
            )
    found = plan(next(counts))

    alone = {"postgresql": "Index Only Scan using", "sqlite": "USING COVERING INDEX"}
    assert f"{alone[connection.vendor]} state_status_of_a_day" in found
