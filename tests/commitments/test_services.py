from datetime import date, timedelta

import pytest
from django.db import IntegrityError

from commitments import services
from commitments.models import Commitment, HistoryEntry
from commitments.rules import RuleBroken
from commitments.statuses import Status
from tests.factories import (
    AT,
    BodyFactory,
    CommitmentFactory,
    EvidenceFactory,
    ReviewerFactory,
    UserFactory,
    assess,
    two_people,
)

pytestmark = pytest.mark.django_db


def broken(call, **arguments):
    """Return the rule that refuses, after checking that nothing was written."""
    before = HistoryEntry.objects.count()
    with pytest.raises(RuleBroken) as error:
        call(**arguments)
    assert HistoryEntry.objects.count() == before
    return error.value.rule


def review(commitment, **given):
    values = {
        "reason": "Looked at the ministry's site.",
        "looked_until": date(2026, 7, 3),
        "effective_on": date(2026, 7, 3),
        "at": AT,
        **given,
    }
    values.setdefault("by", UserFactory())
    return services.review(commitment=commitment, **values)


def test_assess_records_who_what_when_why_and_on_what():
    commitment, document = CommitmentFactory(), EvidenceFactory()
    ada = UserFactory(first_name="Ada", last_name="Lovelace")

    entry = assess(commitment, evidence=[document], by=ada, reason="It began.")

    assert (entry.status, entry.effective_on) == (Status.UNDER_WAY, date(2026, 3, 1))
    assert (entry.text.author_name, entry.text.author) == ("Ada Lovelace", ada)
    assert (entry.text.reason, entry.recorded_at) == ("It began.", AT)
    assert [c.evidence for c in entry.citations.all()] == [document]
    assert commitment.status == Status.UNDER_WAY
    assert commitment.status_since == date(2026, 3, 1)
    assert commitment.status_entry == entry
    assert commitment.reviewed_on == date(2026, 7, 2)
    assert commitment.review_due_on == date(2026, 9, 30)


@pytest.mark.parametrize(
    ("status", "facts", "met", "rule"),
    [
        ("announced", None, [], "announced_needs_evidence"),
        ("under_way", {"nature": "announcement"}, [], "announcements_carry_only_announced"),
        ("under_way", {"nature": "data"}, [], "announcements_carry_only_announced"),
        ("partly_delivered", {"nature": "announcement"}, ["a"], "announcements_carry_only_announced"),
        ("delivered", {"official": False}, ["a", "b"], "delivered_needs_primary_evidence"),
        ("abandoned", {"official": False}, [], "abandoned_needs_official_act"),
        ("delivered", {"official": True}, ["a"], "delivered_meets_every_part"),
        ("partly_delivered", {}, [], "partly_delivered_meets_some_parts"),
        ("partly_delivered", {}, ["a", "b"], "partly_delivered_meets_some_parts"),
        ("under_way", {}, ["a"], "no_parts_before_partly_delivered"),
        ("under_way", {}, ["z"], "known_criteria"),
        ("reversed", {}, [], "reversed_was_in_force"),
    ],
)  # fmt: skip
def test_assess_refuses_what_the_evidence_cannot_carry(status, facts, met, rule):
    commitment = CommitmentFactory()
    evidence = [] if facts is None else [EvidenceFactory(**facts)]

    found = broken(
        assess,
        commitment=commitment,
        status=status,
        evidence=evidence,
        criteria_met=met,
    )

    assert found == rule


@pytest.mark.parametrize(
    ("status", "facts", "met"),
    [
        ("no_evidence", None, []),
        ("not_assessable", None, []),
        ("announced", {"nature": "announcement"}, []),
        ("under_way", {}, []),
        ("partly_delivered", {"nature": "data"}, ["a"]),
        ("delivered", {"official": True}, ["a", "b"]),
        ("delivered", {"type": "law"}, ["a", "b"]),
        ("abandoned", {"official": True, "nature": "announcement"}, []),
    ],
)
def test_assess_takes_what_the_evidence_carries(status, facts, met):
    commitment = CommitmentFactory()
    evidence = [] if facts is None else [EvidenceFactory(**facts)]

    assess(commitment, status=status, evidence=evidence, criteria_met=met)

    assert (commitment.status, commitment.criteria_met) == (status, met)


def test_from_delivered_only_to_reversed():
    commitment = CommitmentFactory()
    law = EvidenceFactory(type="law")
    assess(commitment, status="delivered", criteria_met=["a", "b"], evidence=[law])

    refused = broken(
        assess,
        commitment=commitment,
        status="under_way",
        effective_on=date(2026, 4, 1),
    )
    assess(commitment, status="reversed", effective_on=date(2026, 5, 1))

    assert refused == "delivered_only_to_reversed"
    assert commitment.status == Status.REVERSED


def test_the_same_status_is_refused_and_review_offered():
    commitment = CommitmentFactory()
    assess(commitment)

    with pytest.raises(RuleBroken, match="review instead"):
        assess(commitment, effective_on=date(2026, 4, 1))


def test_parts_once_met_are_not_dropped():
    commitment = CommitmentFactory()
    assess(commitment, status="partly_delivered", criteria_met=["a"])

    rule = broken(assess, commitment=commitment, effective_on=date(2026, 4, 1))

    assert rule == "parts_are_not_dropped"


def test_only_a_look_moves_the_review_date():
    commitment = CommitmentFactory()
    assess(commitment)
    services.attach_evidence(
        commitment=commitment,
        evidence=[EvidenceFactory()],
        reason="More of the same.",
        by=UserFactory(),
        at=AT,
    )
    commitment.refresh_from_db()
    unmoved = commitment.reviewed_on

    review(commitment)
    commitment.refresh_from_db()

    assert (unmoved, commitment.reviewed_on) == (date(2026, 7, 2), date(2026, 7, 3))


def test_the_approver_is_never_the_author_even_as_superuser():
    commitment, root = CommitmentFactory(), UserFactory(is_superuser=True)

    assert (
        broken(assess, commitment=commitment, by=root, approver=root)
        == "approver_is_not_the_author"
    )


def test_the_database_too_refuses_an_author_as_approver():
    commitment = CommitmentFactory()
    entry = assess(commitment)
    entry.seq += 1
    entry.approver_actor = entry.actor
    entry.digest, entry.prev_digest = "d" * 64, "e" * 64

    with pytest.raises(IntegrityError):
        entry.save(force_insert=True)


def test_a_review_by_a_second_person_signs_the_status_off(settings):
    commitment, author = CommitmentFactory(), ReviewerFactory()
    settings.SIGN_OFF = False
    entry = assess(commitment, by=author, approver=None)
    settings.SIGN_OFF = True
    confirm = {"commitment": commitment, "confirms": entry}
    assert not commitment.signed_off

    own = broken(review, by=author, **confirm)
    analyst = broken(review, by=UserFactory(), **confirm)
    review(by=ReviewerFactory(), **confirm)
    commitment.refresh_from_db()

    assert own == "approver_is_not_the_author"
    assert analyst == "approver_is_a_reviewer"
    assert commitment.signed_off


def test_a_one_person_desk_marks_every_entry(settings):
    settings.SIGN_OFF = False

    assert assess(CommitmentFactory(), approver=None).sign_off == "waived"


def test_a_stale_form_is_told_who_changed_what():
    commitment = CommitmentFactory()
    seen = commitment.latest_entry_id
    assess(commitment, by=UserFactory(username="bo"))

    with pytest.raises(services.StaleForm, match="Delivery status by bo"):
        assess(commitment, status="announced", seen=seen)


def test_a_change_on_unreadable_evidence_alone_is_refused():
    gone = EvidenceFactory(unreadable_since=date(2026, 6, 1))
    commitment = CommitmentFactory()

    refused = broken(assess, commitment=commitment, evidence=[gone])
    assess(commitment, evidence=[gone, EvidenceFactory()])

    assert refused == "some_evidence_is_readable"


def test_wording_changes_by_a_document_and_the_first_stays():
    commitment = CommitmentFactory(title="Old title")
    change = {
        "commitment": commitment,
        "changes": {"title": "New title", "criteria": {"a": "Other part."}},
        "reason": "The ministry restated it.",
        "effective_on": date(2026, 4, 1),
        **two_people(),
        "at": AT,
    }

    refused = broken(services.amend_wording, evidence=[], **change)
    services.amend_wording(evidence=[EvidenceFactory()], **change)

    commitment.refresh_from_db()
    assert refused == "change_names_its_document"
    assert commitment.title == "New title"
    assert commitment.criteria.get(key="a").text == "Other part."
    first = commitment.history.get(kind="published")
    assert "Old title" in first.text.wording


def test_a_deadline_moves_by_a_document_and_the_first_stays():
    commitment = CommitmentFactory()

    services.move_deadline(
        commitment=commitment,
        due_on=date(2027, 1, 1),
        due_precision="year",
        reason="The notice says so.",
        evidence=[EvidenceFactory()],
        effective_on=date(2026, 4, 1),
        **two_people(),
        at=AT,
    )

    commitment.refresh_from_db()
    assert commitment.due_on == date(2027, 12, 31)
    assert commitment.original_due_on == date(2030, 12, 31)


def test_a_claim_moves_the_position_and_not_the_status():
    commitment = CommitmentFactory()
    assess(commitment)

    services.record_claim(
        commitment=commitment,
        position="declared_complete",
        body=BodyFactory(),
        reason="The ministry says it is done.",
        evidence=[EvidenceFactory()],
        effective_on=date(2026, 6, 30),
        **two_people(),
        at=AT,
    )

    commitment.refresh_from_db()
    assert commitment.status == Status.UNDER_WAY
    assert commitment.has_claim_gap
    assert list(Commitment.objects.with_claim_gap()) == [commitment]


def test_a_milestone_is_met_on_evidence():
    commitment = CommitmentFactory()
    step = commitment.milestones.create(key="signed", title="Signed")
    met = {
        "commitment": commitment,
        "milestone": step,
        "reason": "Signed in May.",
        "effective_on": date(2026, 5, 5),
        **two_people(),
        "at": AT,
    }

    refused = broken(services.meet_milestone, evidence=[], **met)
    services.meet_milestone(evidence=[EvidenceFactory()], **met)

    commitment.refresh_from_db()
    assert refused == "milestone_needs_evidence"
    assert commitment.milestones_met == {"signed": "2026-05-05"}


def test_a_correction_names_its_entry_and_takes_its_effect():
    commitment = CommitmentFactory()
    wrong = assess(commitment)
    services.correct(
        entry=wrong,
        reason="It began a month later.",
        effective_on=date(2026, 4, 1),
        **two_people(),
        at=AT,
    )

    commitment.refresh_from_db()
    assert commitment.status_since == date(2026, 4, 1)
    assert commitment.status_entry.refers_to == wrong
    assert (
        broken(services.correct, entry=wrong, reason="Again.", **two_people(), at=AT)
        == "corrected_once"
    )


def test_a_struck_entry_leaves_what_stood_before():
    commitment = CommitmentFactory()
    assess(commitment, status="announced", effective_on=date(2026, 1, 5))
    wrong = assess(commitment)

    services.correct(
        entry=wrong, strike=True, reason="Another case.", **two_people(), at=AT
    )

    commitment.refresh_from_db()
    assert commitment.status == Status.ANNOUNCED


def test_a_coarse_date_takes_effect_at_the_end_of_its_period():
    entry = assess(
        CommitmentFactory(), effective_on=date(2026, 4, 3), precision="quarter"
    )

    assert entry.effective_on == date(2026, 6, 30)


def test_nothing_takes_effect_in_the_future():
    rule = broken(
        assess,
        commitment=CommitmentFactory(),
        effective_on=AT.date() + timedelta(days=1),
    )

    assert rule == "not_in_the_future"


def test_the_same_key_gives_the_same_entry_and_another_content_is_refused():
    commitment, ada = CommitmentFactory(), UserFactory()
    document = EvidenceFactory()
    same = {"evidence": [document], "by": ada, "idempotency_key": "k1"}

    first = assess(commitment, **same)
    again = assess(commitment, **same)

    assert first == again
    with pytest.raises(services.KeyReused):
        assess(commitment, reason="Something else.", **same)
