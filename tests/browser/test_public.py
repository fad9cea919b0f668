"""The public pages in a browser."""

import pytest
from playwright.sync_api import expect

from tests.commitments import desk

from .conftest import DESKTOP, PHONE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_public_pages_have_no_axe_violations(open_page, violations, scheme, viewport):
    commitment = desk.assessed()
    page = open_page(viewport=viewport, color_scheme=scheme)

    found = []
    for address in (
        "/",
        "/commitments/",
        "/commitments/?q=nothing-like-it",
        "/commitments/?view=cards&q=open",
        "/commitments/?view=timeline&status=-delivered",
        commitment.get_absolute_url(),
        "/method/",
    ):
        assert page.goto(address).status == 200
        found += violations(page)
    assert found == []


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
