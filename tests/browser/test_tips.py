"""A tip's way in a browser: a reader sends it, the desk answers, the ledger shows it."""

import re

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from commitments import services
from commitments.models import Tip
from tests.commitments import desk
from tracker import tip_form

from .conftest import DESKTOP, PHONE

pytestmark = pytest.mark.django_db(transaction=True)
ANSWER = "The law is in force since May; the entry says so now."


@pytest.fixture(autouse=True)
def nobody_is_counted(monkeypatch):
    monkeypatch.setattr("tracker.api.rates.count", lambda *a, **k: 1)


def send(page, commitment, *, message="The law is older than you say."):
    page.goto(commitment.get_absolute_url())
    page.get_by_role("main").get_by_role(
        "link", name="Something wrong or missing?"
    ).click()
    expect(page.get_by_label("Commitment (optional)")).to_have_value(commitment.ref)
    page.get_by_label("What is wrong or missing?").fill(message)
    page.get_by_label("Address of a public source").fill("https://example.org/older")
    page.get_by_label("Your e-mail address").fill("reader@example.org")
    # Faster than people type is refused: the form was shown just now.
    page.wait_for_timeout(tip_form.SOONEST.total_seconds() * 1000 + 1000)
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Thank you: we have it")


def test_a_reader_sends_a_tip_the_desk_triages_it_and_the_ledger_shows_it(open_page):
    commitment = desk.assessed()
    reader = open_page(viewport=PHONE, java_script_enabled=False)
    ann = open_page(desk.account("ann", "analyst"))
    rev = open_page(desk.account("rev", "reviewer"))
    send(reader, commitment)
    expect(reader.get_by_text("Waits for an answer")).to_be_visible()

    ann.goto("/admin/")
    ann.get_by_role("link", name="1 Tips that wait").click()
    ann.get_by_role("link", name=re.compile("^Tip ")).first.click()
    ann.get_by_role("button", name="Claim").click()
    ann.get_by_text("ann works on it").wait_for()
    ann.get_by_role("radio", name="Accepted").check()
    ann.get_by_label("Our answer").fill(ANSWER)
    ann.get_by_role("button", name="Keep as a draft").click()
    ann.get_by_text("Kept as a draft.").wait_for()

    rev.goto(ann.url)
    expect(rev.get_by_label("Our answer")).to_have_value(ANSWER)
    rev.get_by_role("button", name="Decide and publish").click()
    rev.get_by_text("Decided: readers see it.").wait_for()

    reader.reload()
    expect(reader.get_by_text(ANSWER)).to_be_visible()
    reader.goto("/corrections/")
    ledger = reader.get_by_role("region", name="What readers told us")
    expect(ledger.get_by_text(ANSWER)).to_be_visible()
    expect(reader.get_by_text("older than you say")).to_have_count(0)


def test_a_refused_form_keeps_what_was_typed(open_page):
    page = open_page(viewport=PHONE)
    page.goto(reverse("tell"))
    page.get_by_label("What is wrong or missing?").fill("My words.")
    page.get_by_label("Commitment (optional)").fill("99.9")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.get_by_label("What is wrong or missing?")).to_have_value("My words.")
    expect(page.get_by_text("No commitment has the number “99.9”")).to_be_visible()
    assert not Tip.objects.exists()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_pages_of_tips_have_no_axe_violations(
    open_page, violations, scheme, viewport
):
    commitment, rev = desk.assessed(), desk.account("rev", "reviewer")
    tips = [
        services.receive_tip(
            message=f"Tip {n}.", form_key=str(n), commitment=commitment, at=desk.AT
        )
        for n in range(3)
    ]
    for tip, verdict in zip(tips, ("accepted", "declined"), strict=False):
        services.decide_tip(
            tip=tip, verdict=verdict, answer=ANSWER, by=rev, at=desk.AT, seen=1
        )
    page = open_page(rev, viewport=viewport, color_scheme=scheme)

    found = []
    for address in (
        reverse("tell"),
        reverse("tips"),
        reverse("corrections"),
        reverse("tip", args=[tips[0].reference]),
        reverse("admin:commitments_tip_change", args=[tips[0].pk]),
        reverse("admin:commitments_tip_change", args=[tips[2].pk]),
        "/admin/",
    ):
        assert page.goto(address).status == 200
        found += violations(page)
        over = page.evaluate("document.documentElement.scrollWidth - innerWidth")
        if over > 0 and "/admin/" not in address:
            found.append(f"{address} is {over} px too wide")
    page.goto(reverse("tell"))
    page.get_by_label("What is wrong or missing?").fill("My words.")
    page.get_by_label("Commitment (optional)").fill("99.9")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_role("alert")).to_be_visible()
    found += violations(page)
    assert found == []
