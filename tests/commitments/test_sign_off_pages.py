"""Drafting and signing off, as analysts and reviewers do it."""

import re

import pytest
from django.urls import reverse

from commitments.actors import Machine
from commitments.models import Evidence, Flag, HistoryEntry, Proposal
from tests.factories import propose

from . import desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def analyst():
    return desk.signed_in("ann", "analyst")


@pytest.fixture
def reviewer():
    return desk.signed_in("rev", "reviewer")


def act(commitment, name="assess"):
    address = f"admin:commitments_commitment_{name}"
    return reverse(address, args=[commitment.pk])


def page_of(proposal):
    return reverse("admin:commitments_proposal_change", args=[proposal.pk])


def text(response):
    return response.content.decode()


def inputs(response):
    found = re.findall(
        r'<input type="hidden" name="(\w+)" value="([^"]*)"', text(response)
    )
    return {name: value for name, value in found if name != "csrfmiddlewaretoken"}


def handed_in(analyst, **values):
    commitment = desk.assessed()
    data = desk.assessment(commitment, **values)
    response = desk.hand_in(analyst, act(commitment), data)
    assert response.status_code == 302, text(response)
    return Proposal.objects.get()


def decide(reviewer, proposal, button, **values):
    address = page_of(proposal)
    data = {**inputs(reviewer.get(address)), **values, f"_{button}": "x"}
    return reviewer.post(address, data)


def test_the_preview_is_the_public_page_and_records_nothing(analyst):
    commitment = desk.assessed()
    data = {**desk.assessment(commitment), "_preview": "Preview"}

    response = analyst.post(act(commitment), data)

    shown = response.context["shown"]
    assert "The law is in force since May." in shown
    assert "Signed off by a second person" in shown
    assert "<h1" in shown and "Partly delivered" in shown
    assert "sandbox" in text(response)
    assert (commitment.history.count(), Proposal.objects.count()) == (2, 0)


def test_only_what_was_previewed_is_handed_in(analyst):
    commitment = desk.assessed()
    data = desk.assessment(commitment)
    shown = inputs(analyst.post(act(commitment), {**data, "_preview": "x"}))
    data["reason"] = "Something that nobody has seen yet."

    response = analyst.post(act(commitment), {**data, **shown, "_submit": "x"})

    assert response.status_code == 200
    assert "nobody has seen yet" in response.context["shown"]
    assert not Proposal.objects.exists()


def test_a_draft_is_kept_and_opened_again_with_all_that_was_typed(analyst):
    commitment = desk.assessed()
    data = {**desk.assessment(commitment), "_draft": "Keep"}

    response = analyst.post(act(commitment), data)
    proposal = Proposal.objects.get()
    form = analyst.get(act(commitment), {"proposal": proposal.pk}).context["form"]

    assert response.url == page_of(proposal)
    assert proposal.state == "draft"
    assert form["reason"].value() == "The law is in force since May."
    assert form["status"].value() == "partly_delivered"
    assert form["criteria_met"].value() == ["a"]
    assert form["evidence"].value() == [Evidence.objects.get(slug="the-new-law").pk]


def test_approve_return_and_hand_in_again(analyst, reviewer):
    proposal = handed_in(analyst)

    returned = decide(
        reviewer, proposal, "return", comment="Which law?", severity="important"
    )
    assert returned.status_code == 302, text(returned)
    assert "Which law?" in text(analyst.get(page_of(proposal)))
    address = f"{act(proposal.commitment)}?proposal={proposal.pk}"
    form = analyst.get(address).context["form"]
    data = {
        name: form[name].value()
        for name in form.fields
        if form[name].value() not in (None, False, "")
    }
    data |= {
        "proposal": proposal.pk,
        "reason": "The Foreign Trade Law is in force since May.",
    }
    again = desk.hand_in(analyst, act(proposal.commitment), data)
    assert again.status_code == 302, text(again)
    approved = decide(reviewer, proposal, "approve")

    assert approved.status_code == 302
    entry = HistoryEntry.objects.latest("seq")
    assert entry.text.reason == "The Foreign Trade Law is in force since May."
    assert entry.text.approver_name == "rev"
    history = text(reviewer.get(approved.url))
    assert "Which law?" in history
    assert "How it was drafted and signed off" in history


def test_a_return_without_a_comment_is_refused_beside_the_field(analyst, reviewer):
    proposal = handed_in(analyst)

    response = decide(reviewer, proposal, "return", severity="minor")

    assert "Say what is to be mended" in str(response.context["form"].errors["comment"])
    proposal.refresh_from_db()
    assert proposal.state == "waiting"


def test_the_author_sees_no_decision_and_cannot_post_one(reviewer):
    proposal = handed_in(reviewer)

    page = text(reviewer.get(page_of(proposal)))
    reviewer.post(page_of(proposal), {"revision": 1, "_approve": "x"})

    proposal.refresh_from_db()
    assert "_approve" not in page
    assert "a second person decides" in page
    assert proposal.state == "waiting"


def test_the_bulk_action_holds_to_the_same_rules(analyst, reviewer):
    mine = handed_in(reviewer)
    desk.hand_in(
        analyst,
        act(mine.commitment),
        desk.assessment(mine.commitment, seen_step=10**6, reason="Ann's own reason."),
    )
    hers = Proposal.objects.exclude(pk=mine.pk).get()
    chosen = {"action": "approve_selected", "_selected_action": [mine.pk, hers.pk]}
    address = reverse("admin:commitments_proposal_changelist")
    listed = {**chosen, **inputs(reviewer.get(address))}

    analyst.post(address, listed)
    assert HistoryEntry.objects.filter(sign_off="signed").count() == 0
    assert "not among those listed" in text(reviewer.post(address, chosen, follow=True))
    assert HistoryEntry.objects.filter(sign_off="signed").count() == 0
    page = text(reviewer.post(address, listed, follow=True))

    states = dict(Proposal.objects.values_list("pk", "state"))
    assert states == {mine.pk: "waiting", hers.pk: "approved"}
    assert "You drafted this yourself" in page


def test_the_bulk_action_approves_what_was_listed_and_nothing_written_since(
    analyst, reviewer
):
    proposal = handed_in(analyst)
    address = reverse("admin:commitments_proposal_changelist")
    chosen = {"action": "approve_selected", "_selected_action": [proposal.pk]}
    listed = {**chosen, **inputs(reviewer.get(address))}
    Proposal.objects.filter(pk=proposal.pk).update(revision=2)

    page = text(reviewer.post(address, listed, follow=True))

    proposal.refresh_from_db()
    assert "it was revision 1 and is revision 2" in page
    assert proposal.state == "waiting"


def test_what_is_signed_off_ends_the_reason_to_look(analyst, reviewer):
    proposal = handed_in(analyst)
    flag = Flag.objects.create(
        commitment=proposal.commitment,
        reason="claim_gap",
        since_on="2026-01-01",
        opened_at=desk.AT,
    )
    decide(reviewer, proposal, "approve")

    flag.refresh_from_db()
    assert flag.closed_at is not None


def test_what_changed_since_the_draft_must_be_confirmed(analyst, reviewer):
    proposal = handed_in(analyst)
    commitment = proposal.commitment
    law = desk.document("another")
    data = {
        "seen": commitment.latest_entry_id,
        "reason": "More of it.",
        "new_url": "",
        "other_evidence": [law.pk],
    }
    assert reviewer.post(act(commitment, "attach_evidence"), data).status_code == 302

    first = decide(reviewer, proposal, "approve")
    assert "Changed since it was drafted" in text(first)
    assert HistoryEntry.objects.filter(sign_off="signed").count() == 0
    second = decide(reviewer, proposal, "approve", confirmed="on")

    assert second.status_code == 302
    assert HistoryEntry.objects.latest("seq").sign_off == "signed"


def test_the_colleague_who_drafted_meanwhile_is_named_and_nothing_is_lost(
    analyst, reviewer
):
    commitment = desk.assessed()
    data = desk.assessment(commitment, seen_step=0, reason="My own careful words.")
    theirs = desk.assessment(commitment, seen_step=0, reason="Rev was first.")
    desk.hand_in(reviewer, act(commitment), theirs)

    told = analyst.post(act(commitment), {**data, "_preview": "x"})
    page = text(told)
    again = desk.hand_in(analyst, act(commitment), {**data, **inputs(told)})

    assert "submitted for sign-off by rev" in page
    assert "Rev was first." in page
    assert "My own careful words." in page
    assert again.status_code == 302
    assert Proposal.objects.count() == 2


def test_a_form_that_is_sent_twice_is_handed_in_once(analyst):
    """As a browser does that is reloaded where no answer came, or a second click."""
    commitment = desk.assessed()
    data = desk.assessment(commitment, seen_step=0)
    shown = analyst.post(act(commitment), {**data, "_preview": "Preview"})
    sent = {**data, **inputs(shown), "_submit": "Hand in"}

    first = analyst.post(act(commitment), sent)
    again = analyst.post(act(commitment), sent)

    assert first.status_code == 302
    assert "submitted for sign-off by ann" in text(again)
    assert Proposal.objects.count() == 1


def test_withdrawing_ones_own_proposal(analyst, reviewer):
    proposal = handed_in(analyst)
    address = reverse("admin:commitments_proposal_withdraw", args=[proposal.pk])

    reviewer.post(address)
    proposal.refresh_from_db()
    assert proposal.state == "waiting"
    analyst.get(address)
    proposal.refresh_from_db()
    assert proposal.state == "waiting"
    analyst.post(address)
    proposal.refresh_from_db()
    assert proposal.state == "withdrawn"


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("new_url", "ftp://example.org/x", "Only http:// and https://"),
        ("new_url", "javascript:alert(1)", "Only http:// and https://"),
        ("new_url", "https://user:secret@example.org/", "user name or password"),
        ("new_url", "https://example.org/" + "a" * 2000, "at most 2000"),
        ("new_url", "https://[::1", "not an address"),
        ("new_url", "https://exa mple.org/law", "not an address"),
        ("new_url", "https://ministry/law", "not an address"),
        ("new_occurred_on", "2199-01-01", "still to come"),
        ("new_nature", "", "needs this"),
        ("new_title", "<script>alert(1)</script>", "HTML is not taken"),
        ("new_summary", "bell\x07", "U+0007"),
        ("reason", "<b>x</b>", "HTML is not taken"),
        ("effective_on", "2199-01-01", "still to come"),
        ("looked_until", "2199-01-01", "beyond today"),
        ("effective_on", "2026-02-30", "valid date"),
    ],
)
def test_bad_input_is_refused_beside_its_field(analyst, field, value, message):
    commitment = desk.assessed()
    data = desk.assessment(commitment, **{field: value})

    response = analyst.post(act(commitment), data)

    assert message in str(response.context["form"].errors[field])
    assert not Proposal.objects.exists()


def test_a_proposal_on_a_withdrawn_commitment_is_refused(analyst, reviewer):
    commitment = desk.assessed()
    data = desk.assessment(commitment)
    reviewer.post(
        act(commitment, "withdraw"),
        {"seen": commitment.latest_entry_id, "reason": "Out of scope."},
    )

    response = analyst.post(act(commitment), data)

    assert "changed since you opened" in text(response)
    again = analyst.post(act(commitment), {**data, **inputs(response)})
    assert "is withdrawn" in text(again)
    assert not Proposal.objects.exists()


def test_facts_changed_meanwhile_are_told_and_the_typed_text_stays(analyst, reviewer):
    document = desk.document()
    address = reverse("admin:commitments_evidence_change", args=[document.pk])
    opened = analyst.get(address)
    form = opened.context["adminform"].form
    data = {name: form[name].value() or "" for name in form.fields}
    data = {**data, **inputs(opened)}
    theirs = reviewer.post(address, {**data, "publisher": "The Gazette"})
    assert theirs.status_code == 302

    mine = {**data, "summary": "Typed with great care."}
    told = analyst.post(address, mine)

    page = text(told)
    assert "rev," in page and "Publisher" in page
    assert "Typed with great care." in page
    assert analyst.post(address, {**mine, **inputs(told)}).status_code == 302
    document.refresh_from_db()
    assert document.summary == "Typed with great care."


def test_a_machine_that_proposed_is_named_and_nothing_is_crossed_out_for_it(reviewer):
    commitment = desk.assessed()
    proposal = propose(
        commitment, by=Machine("api:newsroom"), evidence=[Evidence.objects.get()]
    )

    page = text(reviewer.get(page_of(proposal)))
    listed = text(reviewer.get(reverse("admin:commitments_proposal_changelist")))
    beside = text(reviewer.get(act(commitment)))

    assert "by api:newsroom, revision 1" in page
    assert "api:newsroom" in listed
    assert "by api:newsroom (" in beside
    assert "a former colleague" not in page + beside
    assert not re.search(r"<del>(<span[^>]*>[^<]*</span>)?\s*</del>", page)
