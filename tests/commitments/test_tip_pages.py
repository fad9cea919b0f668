"""Tips at the desk: who sees them, and what one click makes of them."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commitments import services
from commitments.models import Proposal, Suggestion, Tip

from . import desk

pytestmark = pytest.mark.django_db
LIST = reverse("admin:commitments_tip_changelist")


@pytest.fixture(autouse=True)
def that_day():
    with time_machine.travel(desk.AT + timedelta(days=1), tick=False):
        yield


@pytest.fixture
def ann():
    return desk.signed_in("ann", "analyst")


@pytest.fixture
def rev():
    return desk.signed_in("rev", "reviewer")


@pytest.fixture
def tip():
    return services.receive_tip(
        message="The law is older than you say.",
        form_key="one",
        source_url="https://example.org/older-law",
        email="reader@example.org",
        page="/changes/",
        commitment=desk.assessed(),
        at=desk.AT,
    )


def change(tip):
    return reverse("admin:commitments_tip_change", args=[tip.pk])


def seen(client, address):
    answer = client.get(address)
    assert answer.status_code == 200, answer.content
    return unescape(answer.content.decode())


def answer_of(tip, **given):
    return {
        "seen": tip.steps.count(),
        "verdict": "accepted",
        "answer": "The date has been corrected.",
        "duplicate_of": "",
        "commitment": tip.commitment_id or "",
        **given,
    }


def leads(client, tip):
    """The buttons of a tip's page, by their words."""
    found = re.findall(
        r'<a class="button" href="([^"]+)">([^<]+)</a>', seen(client, change(tip))
    )
    return {words: address for address, words in found}


def test_the_desk_and_the_queue_tell_of_tips(ann, tip):
    html = seen(ann, "/admin/")
    assert re.search(r"<strong>1</strong> Tips that wait", html)
    assert "1 tip from readers" in seen(ann, reverse("admin:commitments_queue"))
    assert "The law is older" in seen(ann, LIST)


def test_tips_are_read_by_analysts_and_reviewers_alone(tip):
    adm = desk.signed_in("adm", "administrator")
    steps = reverse("admin:commitments_tipstep_changelist")
    for address in (LIST, change(tip), steps):
        answer = adm.get(address)
        assert answer.status_code in (302, 403)
        assert b"older" not in answer.content
    for name in ("claim", "release"):
        post = adm.post(reverse(f"admin:commitments_tip_{name}", args=[tip.pk]))
        assert post.status_code == 403
    assert "Tips from readers" not in seen(adm, "/admin/")


def test_an_analyst_claims_drafts_and_cannot_decide(ann, rev, tip):
    ann.post(reverse("admin:commitments_tip_claim", args=[tip.pk]))
    assert "ann</strong> works on it" in seen(rev, change(tip))
    assert str(tip) in seen(ann, f"{LIST}?holder=me")
    assert str(tip) not in seen(rev, f"{LIST}?holder=me")
    assert "Decide and publish" not in seen(ann, change(tip))
    refused = ann.post(change(tip), {**answer_of(tip), "_decide": "x"})
    assert refused.status_code == 422
    assert "The date has been corrected." in refused.content.decode()

    ann.post(change(tip), {**answer_of(tip), "_draft": "x"}, follow=True)

    tip.refresh_from_db()
    assert (tip.verdict, tip.decided_at) == ("accepted", None)
    assert "1</strong> Tips with a drafted answer" in seen(rev, "/admin/")
    rev.post(change(tip), {**answer_of(tip), "_decide": "x"})
    tip.refresh_from_db()
    assert tip.decided_by == f"user:{desk.account('rev').pk}"
    assert "Answer it" not in seen(rev, change(tip))


def test_a_stale_answer_keeps_what_was_typed_and_goes_through_then(ann, rev, tip):
    stale = answer_of(tip, answer="I typed this.")
    ann.post(reverse("admin:commitments_tip_claim", args=[tip.pk]))
    told = rev.post(change(tip), {**stale, "_decide": "x"})
    html = unescape(told.content.decode())
    assert "ann did something" in html and "I typed this." in html
    again = re.search(r'name="seen" value="(\d+)"', html)[1]
    rev.post(change(tip), {**stale, "seen": again, "_decide": "x"})
    assert Tip.objects.get().answer == "I typed this."


def test_duplicates_are_named_by_number(rev, tip):
    other = services.receive_tip(message="Again.", form_key="two", at=desk.AT)
    given = answer_of(other, verdict="duplicate", answer="", duplicate_of=tip.pk)
    wrong = rev.post(change(other), {**given, "duplicate_of": 999, "_decide": "x"})
    assert "There is no tip with this number" in wrong.content.decode()
    rev.post(change(other), {**given, "_decide": "x"})
    other.refresh_from_db()
    assert other.duplicate_of == tip


def test_a_correction_is_one_click_away_and_noted_on_the_tip(ann, tip):
    entry = tip.commitment.history.filter(kind="status").get()
    choose = seen(ann, leads(ann, tip)["Correct"])
    assert "The law is older" in choose
    link = re.search(rf'href="(\?entry={entry.seq}&tip={tip.pk})"', choose)[1]
    address = leads(ann, tip)["Correct"].partition("?")[0]
    form = seen(ann, address + link)
    assert 'value="https://example.org/older-law"' in form
    assert f'name="tip" value="{tip.pk}"' in form

    data = {
        "entry": entry.seq,
        "tip": tip.pk,
        "reason": "It came later.",
        "status": entry.status,
        "confidence": entry.confidence,
        "effective_on": "2026-05-01",
        "precision": "day",
        "looked_until": entry.looked_until,
        "evidence": [document.pk for document in entry.evidence.all()],
        "seen": tip.commitment.latest_entry_id,
    }
    shown = desk.hand_in(ann, address, data)

    assert shown.status_code == 302, shown.content.decode()
    proposal, tip = Proposal.objects.get(), Tip.objects.with_results().get()
    assert tip.proposal == proposal and tip.made_entry is None
    correction = desk.signed(proposal)
    assert Tip.objects.with_results().get().made_entry == correction
    assert "Led to <a href" in seen(ann, change(tip))


def test_evidence_is_suggested_filled_in_and_noted_on_the_tip(ann, tip):
    form = seen(ann, leads(ann, tip)["Suggest evidence"])
    assert 'value="https://example.org/older-law"' in form
    ann.post(
        reverse("admin:commitments_suggestion_add"),
        {"url": tip.source_url, "tip": tip.pk},
    )
    assert Tip.objects.get().suggestion == Suggestion.objects.get()
    known = tip.commitment.evidence.get()
    ann.post(
        reverse("admin:commitments_suggestion_add"), {"url": known.url, "tip": tip.pk}
    )
    assert Tip.objects.get().evidence == known


def test_a_refused_act_notes_nothing(ann, tip):
    address = leads(ann, tip)["Attach evidence"].partition("?")[0]
    answer = ann.post(address, {"tip": tip.pk, "seen": 1, "reason": "<b>x</b>"})
    assert answer.status_code == 200
    assert tip.steps.count() == 1


def test_pages_escape_what_strangers_wrote_and_carry_no_inline_code(ann):
    evil = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    tip = services.receive_tip(
        message=evil, form_key="e", page="/x?" + evil, at=desk.AT
    )
    for address in (LIST, change(tip)):
        html = ann.get(address).content.decode()
        assert "<script>alert" not in html and "<img src=x" not in html


def test_the_list_takes_no_query_per_tip(ann, tip):
    def count():
        with CaptureQueriesContext(connection) as queries:
            seen(ann, LIST)
        return len(queries)

    few = count()
    for n in range(5):
        made = services.receive_tip(
            message="More.",
            form_key=f"m{n}",
            commitment=desk.assessed(f"2.{n}"),
            at=desk.AT,
        )
        services.claim_tip(tip=made, by=desk.account(f"a{n}", "analyst"), at=desk.AT)
    assert count() == few
