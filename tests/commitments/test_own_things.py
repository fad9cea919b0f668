"""What is one analyst's own is not another's, by the address itself either."""

import re

import pytest
from django.urls import reverse
from django.utils import timezone

from commitments import services
from commitments.models import DigestPause, Proposal
from tests.commitments.bulk import files
from tests.factories import CommitmentFactory, propose

from . import desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def ann():
    return desk.account("ann", "analyst")


@pytest.fixture
def bo():
    return desk.signed_in("bo")


def address(name, row):
    return reverse(f"admin:commitments_{name}", args=[row.pk])


def told(client, where):
    return client.post(where, follow=True).content.decode()


def test_another_analyst_withdraws_no_proposal(ann, bo):
    proposal = propose(CommitmentFactory(), ann)
    where = address("proposal_withdraw", proposal)

    assert "Only its author withdraws a proposal." in told(bo, where)
    assert Proposal.objects.get().state == "waiting"
    assert "It stays on record." in told(desk.signed_in("ann"), where)
    assert Proposal.objects.get().state == "withdrawn"


@pytest.mark.parametrize("method", ["get", "post"])
def test_another_analyst_neither_opens_nor_revises_a_proposal(ann, bo, method):
    proposal = propose(CommitmentFactory(), ann)
    form = f"{address('commitment_assess', proposal.commitment)}?proposal={proposal.pk}"

    assert getattr(bo, method)(form).status_code == 404
    assert getattr(desk.signed_in("ann"), method)(form).status_code == 200
    assert Proposal.objects.get().revision == proposal.revision


@pytest.mark.parametrize("act", ["claim", "release"])
def test_another_analyst_neither_takes_nor_frees_a_claimed_tip(ann, bo, act):
    at = timezone.now()
    tip = services.receive_tip(message="It is wrong.", form_key="1", at=at)
    services.claim_tip(tip=tip, by=ann, at=at)

    assert "works on this" in told(bo, address(f"tip_{act}", tip))
    tip.refresh_from_db()
    assert tip.claimed_by == ann
    told(desk.signed_in("rev", "reviewer"), address("tip_release", tip))
    tip.refresh_from_db()
    assert tip.claimed_by is None


def test_nobody_stops_the_mails_of_another(ann, bo):
    switch = reverse("admin:commitments_digests_switch")
    bo.post(switch, {"wanted": "no", "account": ann.pk})
    assert DigestPause.objects.get().account.username == "bo"

    services.pause_digests(account=ann, at=timezone.now())
    bo.post(switch, {"wanted": "yes", "account": ann.pk})
    assert DigestPause.objects.get().account == ann


def test_a_file_is_the_desks_and_whoever_imports_it_is_named(ann, bo):
    """Not its sender's alone: what a colleague left is imported or given up by any."""
    sender = desk.signed_in("ann")
    left, _ = files.send(sender, files.documents())
    sent, _ = files.send(sender, files.documents())

    files.decide(bo, left, "discard")
    page = files.decide(bo, sent).content.decode()

    assert (left.state, left.by) == ("discarded", ann)
    assert (sent.state, sent.by.username) == ("done", "bo")
    assert re.search("sent by ann on .*; imported by bo;", page)
