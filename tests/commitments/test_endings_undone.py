"""A withdrawal or a merge made by mistake is put right by an entry, like all else."""

from datetime import timedelta

import pytest
from django.urls import reverse

from commitments import accounts, services
from commitments.check import check_record
from commitments.models import Commitment, Proposal
from commitments.rules import RuleBroken

from . import desk

pytestmark = pytest.mark.django_db

LATER = desk.AT + timedelta(days=10)


def ended(how):
    """Return a commitment with a status, and the entry that ended it by mistake."""
    commitment = desk.assessed("1.1")
    shared = {
        "commitment": commitment,
        "reason": "It is covered.",
        "by": desk.account("rev", accounts.REVIEWER),
        "at": desk.AT,
    }
    if how == "withdrawn":
        entry = services.withdraw(**shared)
    else:
        entry = services.merge(into=desk.published("1.2"), **shared)
    commitment.refresh_from_db()
    return commitment, entry


def correct(client, entry, **given):
    """Hand in a correction on the desk, as it is offered there; return the proposal."""
    commitment = entry.commitment
    page = reverse("admin:commitments_commitment_change", args=[commitment.pk])
    address = reverse("admin:commitments_commitment_correct", args=[commitment.pk])
    assert address in client.get(page).content.decode()
    assert f"?entry={entry.seq}" in client.get(address).content.decode()
    data = {
        "entry": entry.seq,
        "seen": commitment.latest_entry_id,
        "reason": "It was another one.",
        "effective_on": entry.effective_on,
        "precision": "day",
        **given,
    }
    assert desk.hand_in(client, address, data).status_code == 302
    return Proposal.objects.get()


def sign(proposal):
    return services.approve(
        proposal=proposal,
        by=desk.account("second", accounts.REVIEWER),
        at=LATER,
        revision=proposal.revision,
        seen=proposal.commitment.latest_entry_id,
    )


@pytest.mark.parametrize("how", ["withdrawn", "merged"])
def test_what_was_ended_by_mistake_is_tracked_again(client, how):
    commitment, wrong = ended(how)
    client.force_login(desk.account("ann", accounts.ANALYST))

    sign(correct(client, wrong, strike="on"))

    commitment.refresh_from_db()
    address = commitment.get_absolute_url()
    page = client.get(address)
    then = client.get(address, {"known_at": desk.AT.date().isoformat()})
    assert (commitment.standing, commitment.status) == ("published", "under_way")
    assert commitment.merged_into is None
    assert page.status_code == 200
    assert "no longer tracked" not in page.content.decode()
    assert "entry struck out" in page.content.decode()
    # What was known then is still told as it was.
    if how == "merged":
        assert then.status_code == 301
    else:
        assert "no longer tracked" in then.content.decode()
    told = client.get(f"/api/v1/commitments/{commitment.slug}/").json()
    assert told["standing"] == "published"
    assert list(check_record()) == []
    assert commitment in Commitment.objects.to_be_watched()


@pytest.mark.parametrize("how", ["withdrawn", "merged"])
def test_what_was_wrong_before_it_ended_is_put_right_too(client, how):
    commitment, _ = ended(how)
    wrong = commitment.status_entry
    client.force_login(desk.account("ann", accounts.ANALYST))

    right = {"status": "announced", "confidence": "low", "looked_until": "2026-06-01"}
    evidence = [document.pk for document in wrong.evidence.all()]
    sign(correct(client, wrong, evidence=evidence, **right))

    commitment.refresh_from_db()
    assert (commitment.standing, commitment.status) == (how, "announced")
    assert list(check_record()) == []


@pytest.mark.parametrize("how", ["withdrawn", "merged"])
def test_it_is_struck_out_and_nothing_else(how):
    _, wrong = ended(how)

    with pytest.raises(RuleBroken, match="recorded anew"):
        services.correct(
            entry=wrong,
            reason="It was another day.",
            effective_on=desk.AT.date() - timedelta(days=1),
            by=desk.account("ann", accounts.ANALYST),
            approver=desk.account("second", accounts.REVIEWER),
            at=LATER,
        )
