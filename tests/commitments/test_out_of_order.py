"""What is recorded late, twice or on top of a mistake: nothing is lost by it or faked."""

from datetime import date, timedelta

import pytest

from commitments import accounts, services
from commitments.check import check_record
from commitments.models import HistoryEntry, State
from tests.factories import (
    AT,
    BodyFactory,
    CommitmentFactory,
    EvidenceFactory,
    assess,
    two_people,
)
from tracker import changes, reading
from tracker.browse import Question

from . import desk
from .test_services import broken

pytestmark = pytest.mark.django_db


def amend(commitment, day, **changes):
    commitment.refresh_from_db()
    return services.amend_wording(
        commitment=commitment,
        changes=changes,
        reason="It was restated.",
        evidence=[EvidenceFactory()],
        effective_on=day,
        **two_people(),
        at=AT,
    )


def strike(entry):
    return services.correct(
        entry=entry, strike=True, reason="Another case.", **two_people(), at=AT
    )


def move(commitment, due_on, day):
    return services.move_deadline(
        commitment=commitment,
        due_on=due_on,
        due_precision="day",
        reason="The notice moved it.",
        evidence=[EvidenceFactory()],
        effective_on=day,
        **two_people(),
        at=AT,
    )


def test_wording_dated_before_the_one_that_stands_is_not_lost_behind_it():
    commitment = CommitmentFactory(title="First", statement="It was so.")
    amend(commitment, date(2026, 5, 1), statement="It is so.")

    rule = broken(
        amend, commitment=commitment, day=date(2026, 3, 1), title="Told of in March"
    )
    # Earlier than the promise itself, it would be lost behind the first wording.
    early = broken(
        amend, commitment=CommitmentFactory(), day=date(2025, 12, 1), title="Too early"
    )
    amend(commitment, date(2026, 5, 1), title="The same day")

    commitment.refresh_from_db()
    assert (rule, early) == ("wording_changes_in_order", "wording_changes_in_order")
    assert (commitment.title, commitment.statement) == ("The same day", "It is so.")


def test_wording_on_which_another_was_built_is_not_struck_out_below_it():
    commitment = CommitmentFactory(title="First")
    wrong = amend(commitment, date(2026, 4, 1), title="A mistake")
    later = amend(commitment, date(2026, 5, 1), statement="It is so.")

    refused = broken(strike, entry=wrong)
    strike(later)
    strike(wrong)

    commitment.refresh_from_db()
    assert (refused, commitment.title) == ("later_wording_first", "First")


def test_a_status_is_held_to_what_stood_on_its_day():
    commitment = CommitmentFactory(criteria="abc")
    shared = {"commitment": commitment, "status": "partly_delivered"}
    assess(**shared, criteria_met="a", effective_on=date(2026, 3, 1))
    assess(**shared, criteria_met="abc"[:2], effective_on=date(2026, 6, 1))

    entry = assess(
        commitment,
        status="partly_delivered",
        criteria_met="ab",
        effective_on=date(2026, 4, 1),
    )

    state = State.objects.at(as_of=date(2026, 4, 2)).get()
    assert (state.criteria_met, state.status_entry) == (["a", "b"], entry)


def test_a_status_of_the_past_does_not_contradict_what_follows():
    commitment, law = CommitmentFactory(), EvidenceFactory(type="law")
    assess(commitment, effective_on=date(2026, 4, 1))
    delivered = {"status": "delivered", "criteria_met": "ab", "evidence": [law]}

    refused = broken(
        assess, commitment=commitment, effective_on=date(2026, 3, 1), **delivered
    )
    # It was under way for longer than was known.
    assess(commitment, effective_on=date(2026, 2, 1))
    assess(commitment, effective_on=date(2026, 5, 1), **delivered)

    held = [state.status for state in commitment.states.at(as_of=date(2026, 3, 1))]
    assert (refused, held) == ("what_follows_fits", ["under_way"])
    assert commitment.status == "delivered"


def test_a_step_that_is_met_is_not_met_again_by_a_proposal_that_waited():
    commitment = desk.assessed()
    step = commitment.milestones.create(key="signed", title="Signed")
    ann, law = desk.account("ann", accounts.ANALYST), desk.document("treaty")
    waiting = [
        services.propose(
            commitment=commitment,
            kind="milestone",
            arguments={
                "milestone": step,
                "reason": "Signed.",
                "evidence": [law],
                "effective_on": date(2026, 5, day),
            },
            by=ann,
            at=desk.AT,
        )
        for day in (5, 20)
    ]
    desk.signed(waiting[0])
    commitment.refresh_from_db()

    refused = broken(
        services.approve,
        proposal=waiting[1],
        by=desk.account("second"),
        at=desk.AT,
        revision=1,
        seen=commitment.latest_entry_id,
        confirmed=True,
    )

    commitment.refresh_from_db()
    assert refused == "met_once"
    assert commitment.milestones_met == {"signed": "2026-05-05"}


def test_a_date_moves_after_the_promise_and_no_correction_says_otherwise():
    commitment = CommitmentFactory()
    before = commitment.stated_on - timedelta(days=1)
    refused = broken(move, commitment=commitment, due_on=AT.date(), day=before)
    entry = move(commitment, date(2027, 1, 1), date(2026, 4, 1))
    correction = {"entry": entry, "reason": "Misread.", **two_people(), "at": AT}
    # “Never”, as some type it: no day comes after that one.
    never = broken(move, commitment=commitment, due_on=date.max, day=AT.date())

    rules = [
        broken(services.correct, due_on=before, **correction),
        broken(services.correct, effective_on=before, **correction),
    ]

    assert (refused, never) == ("moved_after_stated", "due_on_a_day")
    assert rules == ["due_after_stated", "moved_after_stated"]


def test_a_look_before_a_status_held_does_not_sign_it_off():
    commitment = desk.assessed()
    given = {
        "commitment": commitment,
        "confirms": commitment.status_entry,
        "reason": "Looked at the site.",
        "looked_until": desk.AT.date(),
        "by": desk.account("rev", accounts.REVIEWER),
        "at": desk.AT,
    }

    refused = broken(services.review, effective_on=date(2026, 3, 31), **given)
    services.review(effective_on=date(2026, 4, 1), **given)

    commitment.refresh_from_db()
    assert (refused, commitment.signed_off) == ("looked_after_it_held", True)


def look(commitment, **given):
    commitment.refresh_from_db()
    return services.review(
        commitment=commitment,
        reason="Looked at the site.",
        looked_until=desk.AT.date(),
        effective_on=desk.AT.date(),
        at=desk.AT,
        **given,
    )


def shown_as_signed(commitment):
    """What readers are told of the status entry: on its page, and in the changes."""
    commitment.refresh_from_db()
    today = Question(today=desk.AT.date())
    page = {
        told.entry.pk: told.is_signed for told in reading.history(commitment, today)
    }
    entry = HistoryEntry.objects.chained().get(pk=commitment.status_entry_id)
    (change,) = changes.told([entry], today)
    assert page[entry.pk] == change.is_signed == commitment.signed_off
    return change.is_signed


def test_a_corrected_review_signs_off_what_it_did_before_and_nothing_more():
    commitment = desk.assessed()
    people = {
        "by": desk.account("ann", accounts.ANALYST),
        "approver": desk.account("rev", accounts.REVIEWER),
    }
    put_right = {"reason": "Misread.", **people, "at": desk.AT}
    plain = look(commitment, by=people["by"])
    services.correct(entry=plain, looked_until=date(2026, 5, 1), **put_right)
    assert not shown_as_signed(commitment)

    status = commitment.status_entry
    confirming = look(commitment, by=people["approver"], confirms=status)
    assert shown_as_signed(commitment)
    again = services.correct(entry=confirming, confidence="low", **put_right)
    assert shown_as_signed(commitment)
    services.correct(entry=again, strike=True, **put_right)
    assert not shown_as_signed(commitment)
    assert list(check_record()) == []


def test_a_correction_stands_where_the_entry_stood_that_it_puts_right():
    """Two steps of one month, known no finer, fall on its last day."""
    commitment, month = CommitmentFactory(), {"precision": "month"}
    first = assess(
        commitment, status="announced", effective_on=date(2026, 3, 1), **month
    )
    then = assess(commitment, effective_on=date(2026, 3, 20), **month)

    right = services.correct(
        entry=first, confidence="high", reason="It was clear.", **two_people(), at=AT
    )

    commitment.refresh_from_db()
    today = Question(today=AT.date())
    page = {told.entry.pk: told for told in reading.history(commitment, today)}
    told = changes.told(list(commitment.history.chained()), today)
    steps = {c.entry.pk: (c.old.status, c.new.status) for c in told}
    assert (commitment.status, commitment.status_entry) == ("under_way", then)
    assert page[then.pk].old_status == "announced"
    assert steps[then.pk] == ("announced", "under_way")
    assert steps[right.pk] == ("announced", "announced")
    assert list(check_record()) == []


def test_a_day_between_an_entry_and_its_correction_shows_it_as_corrected():
    """What holds on a past day follows from all that is known; so do the marks on it."""
    commitment = CommitmentFactory()
    wrong = assess(commitment, effective_on=date(2026, 3, 1))
    claim = services.record_claim(
        commitment=commitment,
        position="announced",
        body=BodyFactory(),
        reason="The minister said so.",
        evidence=[EvidenceFactory()],
        effective_on=date(2026, 4, 1),
        **two_people(),
        at=AT,
    )
    services.correct(
        entry=wrong,
        effective_on=date(2026, 6, 1),
        reason="It took effect in June.",
        **two_people(),
        at=AT + timedelta(days=9),
    )

    def shown(**days):
        question = Question(today=date(2026, 9, 1), as_of=date(2026, 5, 1), **days)
        page = {t.entry.pk: t for t in reading.history(commitment, question)}
        entries = [t.entry for t in page.values()]
        told = {c.entry.pk: c for c in changes.told(entries, question)}
        marks = bool(page[wrong.pk].corrected_by), bool(told[wrong.pk].corrected_by)
        assert (
            told[claim.pk].new.status
            == State.objects.at(as_of=date(2026, 5, 1), known_at=question.known_at)
            .values_list("status", flat=True)
            .get()
        )
        return marks

    assert shown() == (True, True)
    assert shown(known_at=AT.date()) == (False, False)
