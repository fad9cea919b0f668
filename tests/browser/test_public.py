"""The public pages in a browser."""

import re

import pytest
from playwright.sync_api import expect

from tests.commitments import desk

from .conftest import PHONE

pytestmark = pytest.mark.django_db(transaction=True)


def test_filters_answer_in_place_and_the_back_button_works(open_page):
    desk.assessed()
    page = open_page()
    page.goto("/commitments/")
    page.evaluate("window.stayed = true")

    box = page.locator("input[name=status][value=delivered], input[name=status]").first
    value = box.get_attribute("value")
    box.focus()
    page.keyboard.press("Space")
    page.wait_for_url(f"**/commitments/?status={value}")
    page.locator("#chips a.chip").first.wait_for()
    # The feed that programs find is that of the filters now.
    atom = page.locator('head link[type="application/atom+xml"]')
    expect(atom).to_have_attribute("href", f"/feeds/changes.atom?status={value}")

    # Focus stays where the reader was, on the box that was drawn anew.
    assert page.evaluate("document.activeElement.value") == value
    page.get_by_role("link", name="Cards").click()
    page.wait_for_url("**view=cards**")
    page.locator("ul.cards").wait_for()
    page.locator("#chips a.chip").first.click()
    page.wait_for_url("**/commitments/?view=cards")
    assert page.evaluate("document.activeElement !== document.body")

    page.go_back()
    page.locator("#chips a.chip").first.wait_for()
    page.go_back()
    page.locator("table.list").wait_for()
    page.go_back()
    page.locator("#chips").wait_for(state="hidden")
    assert page.locator("input[name=status]:checked").count() == 0
    assert page.evaluate("window.stayed") is True


def test_a_search_answers_in_place_and_is_announced(open_page):
    desk.assessed()
    page = open_page(viewport=PHONE)
    page.goto("/commitments/")
    page.evaluate("window.stayed = true")

    page.get_by_label("Search titles").fill("nothing-like-it")
    page.keyboard.press("Enter")

    page.wait_for_url("**q=nothing-like-it**")
    expect(page.locator("#count")).to_have_text("0 commitments")
    assert page.locator("#count").get_attribute("aria-live") == "polite"
    assert page.evaluate("window.stayed") is True


def test_public_pages_work_without_javascript(open_page):
    desk.assessed()
    page = open_page(java_script_enabled=False)

    page.goto("/")
    page.get_by_role("link", name="Commitments", exact=True).first.click()

    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_a_day_chosen_in_place_brings_its_banner_and_keeps_focus(open_page):
    desk.assessed()
    page = open_page()
    page.goto("/commitments/")
    page.evaluate("window.stayed = true")

    page.get_by_label("As of", exact=True).fill("2026-10-01")

    expect(page.locator("#notes")).to_contain_text("You are looking at the past")
    expect(page).to_have_url(re.compile("as_of=2026-10-01"))
    assert page.evaluate("window.stayed") is True
    assert page.evaluate("document.activeElement.name") == "as_of"
    way_on = page.locator("#nav").get_by_role("link", name="Changes")
    expect(way_on).to_have_attribute("href", "/changes/?as_of=2026-10-01")


def test_the_filters_can_be_walked_and_set_by_keyboard_alone(open_page):
    desk.assessed()
    page = open_page()
    page.goto("/commitments/")
    asked = []
    page.on("request", lambda request: asked.append(request.url))

    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.wait_for_url("**#main")
    expect(page.locator("#main")).to_be_focused()
    page.keyboard.press("Tab")
    # The first filter, and its first value.
    assert page.evaluate("document.activeElement.tagName") == "SUMMARY"
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    page.wait_for_url(re.compile(r"/commitments/\?pillar=\d+$"))
    chip = page.locator("#chips a.chip").first
    expect(chip).to_be_visible()
    assert page.evaluate("document.activeElement.name") == "pillar"
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
    assert float(outline.removesuffix("px")) >= 2

    # Without the filter there is no chip left: focus goes on to the count.
    chip.focus()
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile(r"/commitments/\??$"))
    expect(page.locator("#count")).to_be_focused()
    # The skip link asked for nothing: what it led to stayed in place.
    assert len([address for address in asked if "/commitments/" in address]) == 2


def test_a_citation_is_copied_at_a_press(open_page):
    commitment = desk.assessed()
    page = open_page(permissions=["clipboard-read", "clipboard-write"])
    page.goto(commitment.get_absolute_url())

    button = page.locator("#cite").get_by_role("button", name="Copy this")
    button.click()

    expect(page.locator("#cite").get_by_role("button")).to_have_text("Copied")
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied == page.locator("#cite-plain").inner_text().strip()
    assert f"{commitment.get_absolute_url()}?known_at=" in copied


def test_reduced_motion_stills_the_page(open_page):
    moving = "() => getComputedStyle(document.documentElement).scrollBehavior"
    page = open_page(reduced_motion="reduce")
    page.goto("/about/")
    assert page.evaluate(moving) == "auto"
    lasting = """() => [...document.querySelectorAll("*")].filter(e => {
      const s = getComputedStyle(e);
      return [s.animationDuration, s.transitionDuration].some(d => parseFloat(d) > 0);
    }).length"""
    assert page.evaluate(lasting) == 0


def test_the_list_prints_its_results_and_not_its_controls(open_page):
    desk.assessed()
    page = open_page()
    page.goto("/commitments/")
    page.emulate_media(media="print")
    expect(page.locator("table.list")).to_be_visible()
    for what in (".panel", ".controls", ".views", ".dl", "nav.nav", ".mast-q"):
        for one in page.locator(what).all():
            expect(one).to_be_hidden()
