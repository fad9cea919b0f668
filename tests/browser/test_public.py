"""The public pages in a browser."""

import pytest

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
        commitment.get_absolute_url(),
        "/method/",
    ):
        assert page.goto(address).status == 200
        found += violations(page)
    assert found == []


def test_public_pages_work_without_javascript(open_page):
    desk.assessed()
    page = open_page(java_script_enabled=False)

    page.goto("/")
    page.get_by_role("link", name="Commitments", exact=True).first.click()

    assert page.get_by_role("heading", level=1).is_visible()
