"""A scan compares what has changed since the last; the flags are those of all there is."""

import random
from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.db.models import Max
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commitments import services
from commitments.models import Commitment, Flag, HistoryEntry, Host, Link
from commitments.rules import RuleBroken
from commitments.services import flags
from commitments.statuses import FlagReason
from commitments.verdicts import Verdict
from tests.commitments.test_time import something_happens
from tests.factories import (
    AT,
    BodyFactory,
    CommitmentFactory,
    EvidenceFactory,
    assess,
    two_people,
)
from tests.plans import read_whole

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def scan(on):
    return services.flag_commitments(on=on, at=datetime.combine(on, AT.timetz()))


def is_open():
    return set(Flag.objects.open().values_list("commitment", "reason"))


def should_be_open(on):
    """What each rule says of every commitment, whatever was compared before."""
    watched = Commitment.objects.to_be_watched()
    return {
        (commitment, reason)
        for reason, (found, _, _) in flags.RULES.items()
        for commitment in found(watched, on).values_list("pk", flat=True)
    }


def the_desk_works(chance, commitments, at, people, body, evidence):
    """Let something happen that no day brings: an entry, an ending, a look at a link."""
    one = chance.choice(commitments)
    match chance.randrange(8):
        case 0:
            link = Link.objects.filter(evidence=evidence)
            verdict = chance.choice(Verdict.values)
            link.update(verdict=verdict, verdict_since=at.date())
        case 1 if one.standing == "published" and chance.random() < 0.3:
            services.withdraw(
                commitment=one, reason="Out of scope.", at=at, by=people["by"]
            )
        case _:
            something_happens(one, chance, at, people, body, evidence)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 10**9))
def test_whatever_happens_between_scans_the_flags_are_those_of_all_there_is(seed):
    chance = random.Random(seed)
    people, body = two_people(), BodyFactory()
    evidence = EvidenceFactory(official=True)
    host, _ = Host.objects.get_or_create(name="a.test", defaults={"next_at": AT})
    Link.objects.create(evidence=evidence, host=host, url=evidence.url, due_at=AT)
    last = HistoryEntry.objects.aggregate(at=Max("recorded_at"))["at"]
    at = max(AT, last or AT)
    due = [None, *(at.date() + DAY * chance.randrange(300) for _ in range(3))]
    commitments = [
        CommitmentFactory(
            original_due_on=day, original_due_precision=day and "day" or ""
        )
        for day in due
    ]
    for _ in range(10):
        # Nights are missed, run twice, and once in a while the clock is wrong.
        at += DAY * chance.choice([0, 1, 1, 2, 5, 40])
        for _ in range(chance.randrange(3)):
            try:
                the_desk_works(chance, commitments, at, people, body, evidence)
            except RuleBroken:
                continue
        on = at.date() + DAY * chance.choice([0, 0, 0, 0, 0, 200, -30])
        scan(on)
        assert is_open() == should_be_open(on), on


def test_a_rule_asks_for_the_day_only_where_days_are_compared():
    watched = Commitment.objects.to_be_watched()
    for reason, (found, _, _) in flags.RULES.items():
        one, other = (
            found(watched, day).query.sql_with_params()
            for day in (date(2026, 1, 1), date(2026, 1, 2))
        )
        heeded = reason in flags.TURNS or reason in flags.OUTSIDE
        assert one == other or heeded, reason


def test_what_has_not_changed_is_not_read_again():
    """A flag that is closed by hand stays so for the day, and comes back in a week."""
    commitment, on = CommitmentFactory(), AT.date()
    scan(on)
    Flag.objects.update(closed_at=AT)

    assert scan(on + 6 * DAY) == {"opened": 0, "closed": 0}
    assert scan(on + 7 * DAY) == {"opened": 1, "closed": 0}
    assert is_open() == {(commitment.pk, "never_reviewed")}


def test_another_rule_is_heeded_by_the_next_scan(monkeypatch):
    assess(CommitmentFactory(), evidence=[EvidenceFactory(), EvidenceFactory()])
    scan(AT.date())
    assert is_open() == should_be_open(AT.date()) != set()
    _, column, offset = flags.RULES[FlagReason.THIN_EVIDENCE]
    none = (lambda found, on: found.filter(sources=99), column, offset)
    monkeypatch.setitem(flags.RULES, FlagReason.THIN_EVIDENCE, none)

    assert scan(AT.date()) == {"opened": 0, "closed": 1}


def test_a_later_scan_reads_ranges_of_an_index():
    assess(
        CommitmentFactory(
            original_due_on=date(2027, 1, 1), original_due_precision="day"
        )
    )
    scan(AT.date())
    with CaptureQueriesContext(connection) as asked:
        scan(AT.date() + DAY)
    statements = [
        one["sql"]
        for one in asked
        if one["sql"].startswith(("INSERT", 'UPDATE "commitments_flag"'))
    ]
    assert len(statements) == 2 * len(FlagReason)
    for statement in statements:
        assert not read_whole(statement), statement
