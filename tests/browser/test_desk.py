"""The desk in a browser: drafting, signing off, two people at one commitment."""

from itertools import pairwise

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from commitments import services
from commitments.models import Commitment, HistoryEntry, Proposal
from tests.commitments import desk

from .conftest import DESKTOP, PHONE

pytestmark = pytest.mark.django_db(transaction=True)
REASON = "The law is in force since May."


def act(commitment, name="assess"):
    return reverse(f"admin:commitments_commitment_{name}", args=[commitment.pk])


def fill(page, *, reason=REASON):
    """Fill the assess form as an analyst does, with a new document."""
    page.get_by_role("radio", name="Partly delivered").check()
    page.get_by_role("checkbox", name="(a)").check()
    page.get_by_label("Why this is the status").fill(reason)
    page.get_by_label("In effect since").fill("2026-05-01")
    page.get_by_label("Address").fill("https://example.org/new-law")
    page.get_by_label("Title:", exact=True).fill("The new law")
    page.get_by_label("Publisher").fill("Gazette")
    page.get_by_label("Occurred on").fill("2026-05-01")
    page.get_by_label("Type").select_option("law")
    page.get_by_label("It shows:", exact=True).select_option("action")
    page.get_by_label("Official:", exact=True).check()
    page.get_by_label("Reliability").select_option("high")
    page.get_by_label("What it shows").fill("In force since May.")


def press(page, name):
    """Press a button by key: beside a frame that just moved a click may go astray."""
    button = page.get_by_role("button", name=name)
    button.focus()
    page.keyboard.press("Enter")


def hand_in(page):
    page.get_by_role("button", name="Preview").click()
    press(page, "Hand in for sign-off")
    page.get_by_text("Handed in.").wait_for()


def test_an_assessment_is_drafted_previewed_and_signed_off(open_page):
    commitment = desk.assessed()
    ann = open_page(desk.account("ann", "analyst"))
    rev = open_page(desk.account("rev", "reviewer"))

    ann.goto(act(commitment))
    fill(ann)
    expect(ann.locator(".desk-count").first).to_have_text("7 of at most 60 words")
    ann.get_by_role("button", name="Preview").click()
    frame = ann.frame_locator("iframe")
    frame.locator("#h-now", has_text="Partly delivered").wait_for()
    expect(frame.get_by_text(REASON).first).to_be_visible()
    assert not Proposal.objects.exists()
    press(ann, "Hand in for sign-off")
    ann.get_by_text("a second person decides on it").wait_for()

    rev.goto("/admin/")
    rev.get_by_role("link", name="1 Waiting for my sign-off").click()
    rev.locator("#result_list tbody a").first.click()
    rev.frame_locator("iframe").get_by_text(REASON).first.wait_for()
    press(rev, "Approve and publish")
    rev.get_by_text("signed off by a second person").first.wait_for()

    rev.goto(commitment.get_absolute_url())
    expect(rev.get_by_text(REASON).first).to_be_visible()
    entry = HistoryEntry.objects.latest("seq")
    assert (entry.text.author_name, entry.text.approver_name) == ("ann", "rev")


def test_a_proposal_is_returned_with_a_comment_and_handed_in_again(open_page):
    commitment = desk.assessed()
    ann = open_page(desk.account("ann", "analyst"))
    rev = open_page(desk.account("rev", "reviewer"))
    ann.goto(act(commitment))
    fill(ann)
    hand_in(ann)

    rev.goto(ann.url)
    press(rev, "Return with comment")
    rev.get_by_text("Say how grave it is").wait_for()
    rev.get_by_label("Comment").fill("Which law is it?")
    rev.get_by_label("How grave").select_option("important")
    press(rev, "Return with comment")
    rev.get_by_text("Returned to its author with your comment").wait_for()

    ann.reload()
    expect(ann.get_by_text("Which law is it?")).to_be_visible()
    ann.get_by_role("link", name="Change it").click()
    assert ann.get_by_label("Why this is the status").input_value() == REASON
    ann.get_by_label("Why this is the status").fill(
        "The Foreign Trade Law is in force."
    )
    hand_in(ann)
    rev.goto(ann.url)
    press(rev, "Approve and publish")
    rev.get_by_text("signed off by a second person").first.wait_for()

    entry = HistoryEntry.objects.latest("seq")
    assert entry.text.reason == "The Foreign Trade Law is in force."


def test_of_two_people_the_second_is_told_and_loses_no_character(open_page):
    commitment = desk.assessed()
    ann = open_page(desk.account("ann", "analyst"))
    bo = open_page(desk.account("bo", "analyst"))
    ann.goto(act(commitment))
    bo.goto(act(commitment))
    fill(ann)
    fill(bo, reason="Bo read it with care: <5 % of lines remain.")
    hand_in(ann)

    bo.get_by_role("button", name="Preview").click()
    bo.get_by_text("submitted for sign-off by ann").wait_for()
    expect(bo.get_by_text(REASON)).to_be_visible()
    typed = bo.get_by_label("Why this is the status").input_value()
    assert typed == "Bo read it with care: <5 % of lines remain."
    assert bo.get_by_label("Title:", exact=True).input_value() == "The new law"
    assert bo.get_by_label("What it shows").input_value() == "In force since May."
    assert bo.get_by_role("radio", name="Partly delivered").is_checked()
    assert Proposal.objects.count() == 1
    hand_in(bo)

    assert Proposal.objects.filter(author__username="bo").count() == 1


def test_three_items_of_the_queue_are_worked_by_keyboard_alone(open_page):
    for number in range(1, 5):
        desk.assessed(f"1.{number}")
    services.flag_commitments(on=desk.AT.date().replace(year=2027), at=desk.AT)
    page = open_page(desk.account("ann", "analyst"))
    page.goto(reverse("admin:commitments_queue"))

    def reach(name):
        target = page.get_by_label(name, exact=True)
        for _ in range(200):
            page.keyboard.press("Tab")
            if target.evaluate("node => node === document.activeElement"):
                return
        raise AssertionError(f"{name} is not reached by the Tab key")

    for number in (1, 2, 3):
        reach(f"Claim 1.{number}")
        page.keyboard.press("Enter")
        page.get_by_text(f"1.{number}: Claimed for 48 hours").wait_for()
        reach(f"Still accurate: 1.{number}")
        page.keyboard.press("Enter")
        page.keyboard.press("Tab")
        page.keyboard.type("Read the ministry's site.")
        page.keyboard.press("Enter")
        page.get_by_text(f"1.{number}: Recorded").wait_for()

    assert HistoryEntry.objects.filter(kind="review").count() == 3


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_desk_has_no_axe_violations(open_page, violations, scheme, viewport):
    commitment = desk.assessed()
    services.flag_commitments(on=desk.AT.date().replace(year=2027), at=desk.AT)
    ann, rev = desk.account("ann", "analyst"), desk.account("rev", "reviewer")
    proposal = services.propose(
        commitment=commitment,
        kind="status",
        arguments={
            "status": "partly_delivered",
            "criteria_met": ["a"],
            "confidence": "high",
            "reason": REASON,
            "evidence": [desk.document("new")],
            "effective_on": desk.AT.date(),
            "looked_until": desk.AT.date(),
        },
        by=ann,
        at=desk.AT,
    )
    page = open_page(rev, viewport=viewport, color_scheme=scheme)

    found = []
    for address in (
        "/admin/",
        reverse("admin:commitments_queue"),
        reverse("admin:commitments_proposal_changelist"),
        reverse("admin:commitments_proposal_change", args=[proposal.pk]),
        act(commitment),
        act(commitment, "review"),
        act(commitment, "correct"),
    ):
        assert page.goto(address).status == 200
        found += violations(page)
    page.goto(reverse("admin:commitments_commitment_change", args=[commitment.pk]))
    found += violations(page, "#record-history")
    assert found == []


def test_the_sweep_has_no_axe_violations(open_page, violations):
    commitment = desk.assessed()
    on = desk.AT.date()
    Commitment.objects.filter(pk=commitment.pk).update(due_on=on)
    rev = desk.account("rev", "reviewer")
    sweep = services.open_sweep(by=rev, on=on, at=desk.AT)
    page = open_page(rev)

    page.goto(reverse("admin:commitments_sweep_change", args=[sweep.pk]))

    expect(page.get_by_text("1 of 1 still to be decided")).to_be_visible()
    assert violations(page) == []


@pytest.mark.parametrize("width", [390, 768, 1280])
def test_what_can_be_done_with_a_commitment_covers_nothing_and_leaves_room(
    open_page, width
):
    commitment = desk.assessed()
    page = open_page(desk.account("ann", "analyst"))
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(reverse("admin:commitments_commitment_change", args=[commitment.pk]))

    title, tools, form = (
        page.locator(part).bounding_box()
        for part in (
            "#content > h2",
            ".object-tools",
            "#commitment_form fieldset >> nth=0",
        )
    )
    assert title["y"] + title["height"] <= tools["y"]
    assert tools["y"] + tools["height"] <= form["y"]
    assert form["width"] > 0.6 * min(width, 900)
    buttons = [one.bounding_box() for one in page.locator(".object-tools a").all()]
    lines = sorted({round(one["y"]) for one in buttons})
    assert all(b - a >= buttons[0]["height"] for a, b in pairwise(lines))
