"""Signing in, setting up a second factor and the audit list, as people meet them."""

import re
from base64 import b32decode

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from commitments.models import Topic
from commitments.services import second_factor
from tests.browser.conftest import DESKTOP, PHONE
from tests.commitments.signing_in import PASSWORD, code_of, staff, with_device

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def required(settings):
    settings.REQUIRE_MFA = True


def by_keyboard(page, name="ada", password=PASSWORD):
    """Sign in without touching the mouse: the first field has the focus."""
    page.goto("/admin/login/")
    page.locator("#id_username:focus").wait_for()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def send(page, code):
    page.get_by_role("textbox", name=re.compile("code", re.IGNORECASE)).fill(code)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_a_form_refused_without_second_factor_is_saved_after_setting_it_up(open_page):
    user = staff()
    page = open_page()
    by_keyboard(page)
    page.goto("/admin/commitments/topic/add/")
    page.get_by_label("Name:").fill("Ports and harbours")
    page.get_by_label("Slug:").fill("ports")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Nothing was saved")

    with page.expect_popup() as opened:
        page.get_by_role("link", name=re.compile("Set up your second factor")).click()
    other = opened.value
    page.watch.over(other)
    key = other.context.pages[-1].locator(".second-factor-key").inner_text()
    assert re.fullmatch(r"([A-Z2-7]{4} ?)+", key)
    send(other, code_of(_hex(key)))
    assert other.locator(".second-factor-codes li").count() == 10
    assert second_factor.is_set_up(user)

    page.go_back()
    assert page.get_by_label("Name:").input_value() == "Ports and harbours"
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()
    assert Topic.objects.get().name == "Ports and harbours"


@pytest.mark.parametrize("signed_in_elsewhere", [False, True])
def test_what_was_typed_when_a_session_ended_is_saved_after_going_back(
    open_page, settings, signed_in_elsewhere
):
    settings.REQUIRE_MFA = False
    staff()
    page = open_page()
    by_keyboard(page)
    page.goto("/admin/commitments/topic/add/")
    page.get_by_label("Name:").fill("Ports and harbours")
    page.get_by_label("Slug:").fill("ports")
    page.context.clear_cookies(name="sessionid")
    if signed_in_elsewhere:
        by_keyboard(page.context.new_page())
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("Nothing was saved").first).to_be_visible()

    if not signed_in_elsewhere:
        by_keyboard(page.context.new_page())
    page.go_back()
    assert page.get_by_label("Name:").input_value() == "Ports and harbours"
    with page.expect_navigation():
        page.get_by_role("button", name="Save", exact=True).click()
    assert Topic.objects.get().name == "Ports and harbours"


def test_signing_in_by_keyboard_with_a_wrong_code_first(open_page):
    _, codes = with_device(staff(), timezone.now())
    page = open_page()
    by_keyboard(page)
    page.locator("#id_code:focus").wait_for()
    page.keyboard.type("000000")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    field = page.get_by_role("textbox", name=re.compile("code"))
    told = page.locator(f"#{field.get_attribute('aria-describedby')}")
    expect(told).to_contain_text("wrong, or has been used")
    assert field.get_attribute("aria-invalid") == "true"
    assert page.title().startswith("Error:")
    page.locator("#id_code:focus").wait_for()
    page.keyboard.type(codes[0])
    with page.expect_navigation():
        page.keyboard.press("Enter")
    expect(page.get_by_text("You used a recovery code; 9 are left")).to_be_visible()


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_pages_of_accounts_are_clean(open_page, violations, viewport, scheme):
    ada = staff("ada")
    staff("boss", "administrator")
    page = open_page(viewport=viewport, color_scheme=scheme)
    found = []

    def look():
        found.extend(violations(page))
        wide = page.evaluate("document.documentElement.scrollWidth")
        if wide > viewport["width"]:
            found.append(f"{page.url} is {wide} wide")

    page.goto("/admin/login/")
    look()
    by_keyboard(page, "boss", "wrong")
    look()
    by_keyboard(page, "boss")
    look()
    key = _hex(page.locator(".second-factor-key").inner_text())
    page.goto("/admin/")
    look()
    page.goto("/admin/second-factor/")
    send(page, "12")
    look()
    send(page, code_of(key))
    look()
    for address in (
        "second-factor/",
        "second-factor/remove/",
        "second-factor/recovery-codes/",
        "auth/user/",
        f"auth/user/{ada.pk}/change/",
        f"auth/user/{ada.pk}/second-factor/",
        "auth/group/",
        "commitments/auditevent/",
    ):
        page.goto(f"/admin/{address}")
        look()
    with page.expect_navigation():
        page.locator("#result_list tbody a").first.click()
    look()
    with page.expect_navigation():
        page.get_by_role("button", name="Log out").click()
    by_keyboard(page, "boss")
    look()
    for _ in range(5):
        by_keyboard(page, "ada", "wrong")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Too many tries")
    look()
    assert found == []


def _hex(key):
    """The shown key as an app reads it."""
    return b32decode(key.replace(" ", "")).hex()
