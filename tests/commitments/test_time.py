"""Any past day can be asked for: states against a brute-force reading of the log."""

import random
from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from commitments import services
from commitments.check import check_record
from commitments.models import HistoryEntry, State
from commitments.rules import RuleBroken
from tests.factories import (
    AT,
    BodyFactory,
    CommitmentFactory,
    DraftFactory,
    EvidenceFactory,
    assess,
    two_people,
)

pytestmark = pytest.mark.django_db

STATUSES = ["no_evidence", "announced", "under_way", "partly_delivered"]
POSITIONS = ["announced", "in_preparation", "declared_complete"]


def told(commitment, *, as_of, known_at):
    """What a patient reader of the whole log would say: no projection, no fold."""
    known = [
        entry
        for entry in HistoryEntry.objects.filter(commitment=commitment)
        if entry.recorded_at.date() <= known_at
    ]
    struck = {e.refers_to_id for e in known if e.kind == "correction"}
    standing = [
        e
        for e in known
        if e.seq not in struck and e.acts_as and e.effective_on <= as_of
    ]
    by_seq = {e.seq: e for e in known}

    def place(entry):
        """A correction stands where what it puts right stood."""
        first = entry
        while first.kind == "correction":
            first = by_seq[first.refers_to_id]
        return entry.effective_on, first.seq

    standing.sort(key=place)
    if not any(e.kind == "published" for e in standing):
        return None
    answer = {"status": "", "met": [], "position": "none_stated", "reviewed": None}
    for entry in standing:
        if entry.acts_as == "status":
            answer["status"], answer["met"] = entry.status, entry.criteria_met
        if entry.acts_as == "claim":
            answer["position"] = entry.position
        if entry.acts_as in ("status", "review"):
            known_looks = [d for d in (answer["reviewed"], entry.looked_until) if d]
            answer["reviewed"] = max(known_looks)
    return answer


def asked(commitment, *, as_of, known_at):
    state = State.objects.at(as_of=as_of, known_at=known_at)
    row = state.filter(commitment=commitment).first()
    if row is None:
        return None
    return {
        "status": row.status,
        "met": row.criteria_met,
        "position": row.official_position,
        "reviewed": row.reviewed_on,
    }


def something_happens(commitment, chance, at, people, body, evidence):
    """Record one random entry, back-dated as often as not; some are refused."""
    # Several on one day, too: coarse dates all fall on the last of their period.
    day = at.date() - timedelta(days=chance.choice([*range(200)] + [at.day] * 100))
    shared = {**people, "at": at, "evidence": [evidence], "reason": "It is so."}
    look = {"looked_until": at.date() - timedelta(days=chance.randrange(30))}
    entries = list(commitment.history.filter(acts_as__in=["status", "claim", "review"]))
    match chance.randrange(5):
        case 0 | 1:
            status = chance.choice(STATUSES)
            met = ["a"] if status == "partly_delivered" else []
            services.assess(
                commitment=commitment,
                status=status,
                criteria_met=met,
                confidence="high",
                effective_on=day,
                **shared,
                **look,
            )
        case 2:
            services.record_claim(
                commitment=commitment,
                position=chance.choice(POSITIONS),
                body=body,
                effective_on=day,
                **shared,
            )
        case 3:
            del shared["approver"]
            services.review(commitment=commitment, effective_on=day, **shared, **look)
        case 4 if entries:
            services.correct(
                entry=chance.choice(entries),
                strike=chance.random() < 0.4,
                effective_on=day,
                **shared,
            )


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(seed=st.integers(0, 10**9))
def test_states_equal_a_brute_force_reading_for_any_pair_of_days(seed):
    chance = random.Random(seed)
    commitment, evidence = CommitmentFactory(), EvidenceFactory(official=True)
    people, body = two_people(), BodyFactory()
    at = max(AT, HistoryEntry.objects.latest("seq").recorded_at)
    first = at.date()
    for _ in range(12):
        at += timedelta(days=chance.randrange(20))
        try:
            something_happens(commitment, chance, at, people, body, evidence)
        except RuleBroken:
            continue

    for _ in range(25):
        as_of = date(2025, 12, 20) + timedelta(days=chance.randrange(600))
        known_at = first + timedelta(days=chance.randrange(-5, 240))
        days = {"as_of": as_of, "known_at": known_at}
        assert asked(commitment, **days) == told(commitment, **days), days
    assert list(check_record()) == []


def test_a_back_dated_entry_is_true_then_and_known_only_since():
    commitment = CommitmentFactory()
    assess(commitment, status="announced", effective_on=date(2026, 1, 5))
    later = datetime(2026, 9, 1, 12, 0, tzinfo=UTC)
    assess(commitment, effective_on=date(2026, 3, 1), at=later)
    day = {"as_of": date(2026, 4, 1)}

    now = asked(commitment, known_at=date(2026, 9, 1), **day)
    then = asked(commitment, known_at=date(2026, 8, 31), **day)

    assert (now["status"], then["status"]) == ("under_way", "announced")


def test_before_it_was_stated_or_published_there_is_no_state():
    commitment = CommitmentFactory()

    assert asked(commitment, as_of=date(2025, 12, 28), known_at=AT.date()) is None
    assert asked(commitment, as_of=AT.date(), known_at=date(2026, 7, 2)) is None
    assert asked(commitment, as_of=AT.date(), known_at=AT.date()) is not None


def test_all_states_of_a_pair_of_days_cost_two_queries(django_assert_num_queries):
    for _ in range(4):
        assess(CommitmentFactory())

    with django_assert_num_queries(2):
        assert len(State.objects.at(as_of=AT.date(), known_at=AT.date())) == 4


def test_check_record_names_a_stored_value_that_drifted():
    commitment = CommitmentFactory()
    assess(commitment)
    type(commitment).objects.update(status="delivered")
    State.objects.update(confidence="low")

    found = "\n".join(check_record())

    assert "status is 'delivered', history says 'under_way'" in found
    assert "its stored states differ" in found


def test_letters_pasted_in_another_form_are_no_difference():
    """As PDF files give them: an accent apart, an ideograph kept for old encodings."""
    CommitmentFactory(title="Cafe\u0301s open", title_zh="\uf98c\u53f2")

    assert list(check_record()) == []


def test_checking_more_of_the_record_takes_no_more_queries():
    def count():
        with CaptureQueriesContext(connection) as queries:
            assert list(check_record()) == []
        return len(queries)

    assess(CommitmentFactory())
    before = count()
    for _ in range(3):
        assess(CommitmentFactory())
    assert count() == before


def test_a_clock_set_back_leaves_entries_in_order():
    """The clock of one machine may run behind another's; the record does not."""
    first = assess(CommitmentFactory(), at=AT + timedelta(hours=1))
    second = assess(CommitmentFactory(), at=AT)
    assert (second.seq > first.seq, second.recorded_at) == (True, first.recorded_at)


def test_what_is_not_published_yet_is_no_difference():
    DraftFactory()
    assess(CommitmentFactory())

    assert list(check_record()) == []
