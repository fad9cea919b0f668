"""Two people for one entry: every path to it, and every way round it."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from commitments import actors, services
from commitments.models import Evidence, HistoryEntry, Proposal, ProposalStep
from commitments.rules import RuleBroken
from commitments.statuses import EntryKind
from tests.factories import (
    AT,
    BodyFactory,
    CommitmentFactory,
    EvidenceFactory,
    ReviewerFactory,
    UserFactory,
    assess,
)

pytestmark = pytest.mark.django_db


def arguments(**given):
    return {
        "status": "under_way",
        "criteria_met": [],
        "confidence": "medium",
        "reason": "A notice took effect.",
        "evidence": [EvidenceFactory()],
        "effective_on": date(2026, 3, 1),
        "looked_until": date(2026, 7, 2),
        **given,
    }


def propose(commitment, *, by=None, submit=True, **given):
    return services.propose(
        commitment=commitment,
        kind=EntryKind.STATUS,
        arguments=arguments(**given),
        by=by or UserFactory(),
        at=AT,
        submit=submit,
    )


def approve(proposal, *, by=None, **given):
    seen = proposal.commitment.history.latest("seq").seq
    shown = {"revision": proposal.revision, "seen": seen, **given}
    return services.approve(
        proposal=proposal, by=by or ReviewerFactory(), at=AT, **shown
    )


def broken(call, **arguments):
    before = HistoryEntry.objects.count()
    with pytest.raises(RuleBroken) as error:
        call(**arguments)
    assert HistoryEntry.objects.count() == before
    return error.value.rule


def test_readers_see_nothing_until_a_second_person_signs_off(client):
    commitment = CommitmentFactory()
    ada, rev = UserFactory(username="ada"), ReviewerFactory(username="rev")

    proposal = propose(commitment, by=ada, reason="Quite a secret reason.")
    for page in (commitment.get_absolute_url(), "/", "/api/v1/history/"):
        assert "Quite a secret" not in client.get(page).content.decode()
    entry = approve(proposal, by=rev)

    commitment.refresh_from_db()
    assert commitment.status == "under_way"
    assert (entry.text.author, entry.text.approver) == (ada, rev)
    assert entry.sign_off == "signed"
    assert entry.proposal == Proposal.objects.get(entry=entry)
    page = client.get(commitment.get_absolute_url()).content.decode()
    assert "Quite a secret" in page


def test_evidence_of_a_draft_is_not_public(client):
    secret = EvidenceFactory(title="A paper nobody cites yet")

    propose(CommitmentFactory(), evidence=[secret])

    assert not Evidence.objects.public().exists()
    answer = client.get("/api/v1/evidence/").content.decode()
    assert "nobody cites" not in answer


@pytest.mark.parametrize("kind", list(services.proposal.SERVICES))
def test_no_kind_gets_past_a_second_person_from_the_shell(kind):
    commitment = CommitmentFactory()
    first = assess(commitment)
    step = commitment.milestones.create(key="signed", title="Signed")
    shared = {
        "reason": "It is so.",
        "evidence": [EvidenceFactory()],
        "by": UserFactory(),
        "at": AT,
    }
    day = {"effective_on": date(2026, 4, 1)}
    on = {"commitment": commitment, **shared, **day}
    given = {
        "status": {**on, **arguments(status="announced")},
        "claim": {**on, "position": "announced", "body": BodyFactory()},
        "milestone": {**on, "milestone": step},
        "deadline": {**on, "due_on": date(2028, 1, 1), "due_precision": "day"},
        "wording": {**on, "changes": {"title": "Another"}},
        "correction": {**shared, "entry": first, **day},
    }[kind]
    service = services.proposal.SERVICES[kind]

    alone = broken(service, **given)
    own = broken(service, **{**given, "approver": given["by"]})
    anybody = broken(service, **{**given, "approver": UserFactory()})
    machine = broken(service, **{**given, "approver": actors.SECOND_PERSON})
    entry = service(**{**given, "approver": ReviewerFactory()})

    assert alone == "a_second_person_signs_off"
    assert own == "approver_is_not_the_author"
    assert (anybody, machine) == ("approver_is_a_reviewer",) * 2
    assert entry.sign_off == "signed"


def test_a_superuser_too_needs_somebody_else():
    root = ReviewerFactory(is_superuser=True)
    proposal = propose(CommitmentFactory(), by=root)

    assert broken(approve, proposal=proposal, by=root) == "approver_is_not_the_author"
    alone = {"proposal": proposal, "by": root, "revision": 1, "comment": "No."}
    assert broken(services.reject, **alone, at=AT) == "approver_is_not_the_author"
    only_root = UserFactory(is_superuser=True)
    assert broken(approve, proposal=proposal, by=only_root) == "approver_is_a_reviewer"


def test_the_database_refuses_a_decision_by_the_author():
    proposal = propose(CommitmentFactory())

    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(decided_actor=proposal.actor)
    with pytest.raises(IntegrityError), transaction.atomic():
        Proposal.objects.filter(pk=proposal.pk).update(state="approved")


def test_what_is_handed_in_is_held_to_the_rules_and_a_draft_is_not_yet():
    commitment = CommitmentFactory()
    announcement = EvidenceFactory(nature="announcement")
    wanting = {"commitment": commitment, "evidence": [announcement]}

    refused = broken(propose, **wanting)
    draft = propose(commitment, submit=False, evidence=[announcement])

    assert refused == "announcements_carry_only_announced"
    assert draft.state == "draft"
    assert broken(approve, proposal=draft) == "waits_for_a_decision"


def test_returned_with_a_comment_mended_and_approved():
    author, rev = UserFactory(), ReviewerFactory()
    proposal = propose(CommitmentFactory(), by=author)
    decide = {"proposal": proposal, "by": rev, "at": AT, "revision": 1}

    wordless = broken(services.send_back, comment=" ", severity="minor", **decide)
    ungraded = broken(services.send_back, comment="Which?", severity="", **decide)
    services.send_back(comment="Which notice?", severity="important", **decide)
    again = services.revise(
        proposal=proposal,
        arguments=arguments(reason="Notice 12 took effect."),
        comment="Named it.",
        by=author,
        at=AT,
        revision=1,
    )
    entry = approve(again, by=rev)

    assert (wordless, ungraded) == ("comment_required", "severity_known")
    assert entry.text.reason == "Notice 12 took effect."
    steps = [(s.action, s.severity, s.comment) for s in proposal.steps.all()]
    assert steps == [
        ("submitted", "", ""),
        ("returned", "important", "Which notice?"),
        ("submitted", "", "Named it."),
        ("approved", "", ""),
    ]
    first = proposal.steps.first().content
    assert first["reason"] == "A notice took effect."


def test_rejected_and_withdrawn_proposals_stay_on_record():
    author = UserFactory()
    commitment = CommitmentFactory()
    rejected, withdrawn = propose(commitment, by=author), propose(commitment, by=author)

    services.reject(
        proposal=rejected, comment="No.", by=ReviewerFactory(), at=AT, revision=1
    )
    other = broken(
        services.withdraw_proposal, proposal=withdrawn, by=UserFactory(), at=AT
    )
    services.withdraw_proposal(proposal=withdrawn, by=author, at=AT)

    assert other == "own_proposal"
    assert broken(approve, proposal=rejected) == "waits_for_a_decision"
    assert broken(approve, proposal=withdrawn) == "waits_for_a_decision"
    assert ProposalStep.objects.count() == 4


@pytest.mark.owner
def test_steps_are_never_changed_or_deleted():
    step = propose(CommitmentFactory()).steps.get()

    for change in (
        lambda: ProposalStep.objects.filter(pk=step.pk).update(comment="Other."),
        lambda: ProposalStep.objects.filter(pk=step.pk).delete(),
    ):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            change()


def test_the_approver_is_shown_what_changed_since_the_draft():
    commitment = CommitmentFactory()
    proposal = propose(commitment, reason="The first.")
    other = propose(commitment, status="announced")
    approve(other)

    with pytest.raises(services.StaleForm) as stale:
        approve(proposal)
    entry = approve(proposal, confirmed=True)

    assert [e.proposal for e in stale.value.since] == [other]
    assert entry.text.reason == "The first."


def test_an_approver_who_saw_an_older_state_is_refused():
    commitment = CommitmentFactory()
    proposal = propose(commitment)
    seen = commitment.latest_entry_id
    assess(commitment, status="announced")

    with pytest.raises(services.StaleForm):
        approve(proposal, seen=seen, confirmed=True)


def test_an_older_revision_is_not_approved():
    author = UserFactory()
    proposal = propose(CommitmentFactory(), by=author)
    services.revise(
        proposal=proposal,
        arguments=arguments(reason="Another reason."),
        by=author,
        at=AT,
        revision=1,
    )

    assert broken(approve, proposal=proposal, revision=1) == "revised_meanwhile"


def test_a_second_approval_makes_no_second_entry():
    proposal = propose(CommitmentFactory())
    approve(proposal)

    assert broken(approve, proposal=proposal) == "waits_for_a_decision"
    assert HistoryEntry.objects.filter(kind="status").count() == 1


def test_a_withdrawn_commitment_takes_no_proposals():
    commitment = CommitmentFactory()
    waiting = propose(commitment)
    services.withdraw(
        commitment=commitment, reason="Out of scope.", by=ReviewerFactory(), at=AT
    )

    refused = broken(propose, commitment=commitment)
    late = broken(approve, proposal=waiting, confirmed=True)

    assert (refused, late) == ("only_published_commitments",) * 2


def test_a_colleagues_draft_counts_as_a_change_of_the_commitment():
    commitment = CommitmentFactory()
    bo = UserFactory(username="bo")
    propose(commitment, by=bo)

    with pytest.raises(services.StaleForm, match="submitted for sign-off by bo"):
        services.propose(
            commitment=commitment,
            kind=EntryKind.STATUS,
            arguments=arguments(),
            by=UserFactory(),
            at=AT,
            seen=commitment.latest_entry_id,
            seen_step=0,
        )


def test_a_one_person_desk_publishes_at_once_and_says_so(settings, client):
    settings.SIGN_OFF = False
    commitment = CommitmentFactory()

    proposal = propose(commitment)

    assert (proposal.state, proposal.entry.sign_off) == ("approved", "waived")
    page = client.get(commitment.get_absolute_url()).content.decode()
    assert "without sign-off" in page


def test_a_rehearsal_leaves_nothing_behind():
    commitment = CommitmentFactory()
    before = HistoryEntry.objects.count()
    proposal = propose(commitment, submit=False)

    with services.rehearsed(proposal, by=UserFactory(), at=AT) as entry:
        assert HistoryEntry.objects.count() == before + 1
        assert entry.commitment.status == "under_way"

    commitment.refresh_from_db()
    assert (HistoryEntry.objects.count(), commitment.status) == (before, "")


def test_the_author_of_an_approved_entry_needs_an_account():
    author = UserFactory()
    proposal = propose(CommitmentFactory(), by=author)
    author.delete()
    proposal.refresh_from_db()

    assert broken(approve, proposal=proposal) == "author_has_an_account"


def test_a_proposal_takes_effect_when_it_is_approved():
    proposal = propose(CommitmentFactory())
    later = AT + timedelta(days=3)

    entry = services.approve(
        proposal=proposal,
        by=ReviewerFactory(),
        at=later,
        revision=1,
        seen=proposal.commitment.latest_entry_id,
    )

    assert (entry.recorded_at, entry.effective_on) == (later, date(2026, 3, 1))


@pytest.mark.parametrize("text", ["<b>bold</b>", "a\x00b", "a\u202eb", "<!-- x"])
def test_markup_and_unseen_characters_are_refused_everywhere(text):
    commitment = CommitmentFactory()

    assert broken(propose, commitment=commitment, reason=text) == "plain_text"
    assert broken(assess, commitment=commitment, reason=text) == "plain_text"
    propose(commitment, reason="Less than 5 % < 10 %, it is.")
