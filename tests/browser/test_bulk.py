"""Bulk work in a browser: a dry run with errors, then a clean one."""

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from commitments.models import Evidence
from tests.commitments import desk

from .conftest import DESKTOP, PHONE

pytestmark = pytest.mark.django_db(transaction=True)
COLUMNS = "title,publisher,url,occurred_on,type,nature,official,reliability,summary"
ROW = "{},Gazette,https://example.org/{},2026-04-01,law,{},yes,high,Shows it."


def send(page, tmp_path, *rows):
    path = tmp_path / "documents.csv"
    path.write_text("\n".join([COLUMNS, *rows]) + "\n", encoding="utf-8")
    page.goto(reverse("admin:commitments_importrun_add"))
    page.get_by_label("What the rows are").select_option("evidence")
    page.get_by_label("File").set_input_files(path)
    page.get_by_role("button", name="Check the file").click()


def test_a_dry_run_with_errors_and_then_a_clean_one(open_page, violations, tmp_path):
    page = open_page(desk.account("ann", "analyst"))

    send(
        page, tmp_path, ROW.format("One", "one", "action"), ROW.format("Two", "two", "")
    )
    page.get_by_text("Nothing was imported, because a row was refused").wait_for()
    expect(page.get_by_text("Write one of: announcement, action, data")).to_be_visible()
    assert violations(page, "#import-run") == []
    assert not Evidence.objects.exists()

    send(
        page,
        tmp_path,
        ROW.format("One", "one", "action"),
        ROW.format("Two", "two", "data"),
    )
    page.get_by_role("button", name="Import 2 new and 0 changed").click()
    page.get_by_role("status").get_by_text("Imported").wait_for()
    assert Evidence.objects.count() == 2


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_pages_of_bulk_work_have_no_axe_violations(open_page, violations, viewport):
    page = open_page(desk.account("rev", "reviewer"), viewport=viewport)

    found = []
    for name in ("commitments_importrun_add", "commitments_export"):
        page.goto(reverse(f"admin:{name}"))
        found += violations(page)
    assert found == []
