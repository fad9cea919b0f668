"""The pages in Chinese, in a browser."""

import pytest
from playwright.sync_api import expect

from tests.commitments import desk

from .conftest import PHONE

pytestmark = pytest.mark.django_db(transaction=True)


def test_the_switch_of_language_keeps_the_page_and_its_filters(open_page):
    desk.assessed()
    page = open_page()
    page.goto("/commitments/?sort=due")

    page.get_by_role("link", name="中文").click()
    page.wait_for_url("**/zh-hans/commitments/?sort=due")
    expect(page.get_by_role("heading", level=1)).to_have_text("承诺")

    page.get_by_role("link", name="English").click()
    page.wait_for_url("**/commitments/?sort=due")
    expect(page.get_by_role("heading", level=1)).to_have_text("Commitments")


def test_the_switch_is_in_the_menu_of_a_phone(open_page):
    desk.assessed()
    page = open_page(viewport=PHONE)
    page.goto("/")

    page.get_by_role("button", name="Menu").click()
    page.get_by_role("link", name="中文").click()
    page.wait_for_url("**/zh-hans/")


def test_what_the_script_says_is_in_chinese_too(open_page):
    desk.assessed()
    page = open_page()
    page.goto("/zh-hans/")

    theme = page.locator("[data-theme-toggle]")
    expect(theme).to_have_text("主题：自动。更改")
    theme.click()
    expect(theme).to_have_text("主题：浅色。更改")


def test_filters_answer_in_place_in_chinese(open_page):
    desk.assessed()
    page = open_page()
    page.goto("/zh-hans/commitments/")
    page.evaluate("window.stayed = true")

    page.locator("#q").fill("nothing-like-it")
    page.keyboard.press("Enter")

    page.wait_for_url("**/zh-hans/commitments/?q=nothing-like-it**")
    expect(page.locator("#count")).to_have_text("0项承诺")
    assert page.evaluate("window.stayed") is True
