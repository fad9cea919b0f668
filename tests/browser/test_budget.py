"""What a page costs before it can be read: nothing moves, one file holds it up."""

import pytest

from tests.commitments import desk

from .conftest import DESKTOP, PHONE

pytestmark = pytest.mark.django_db(transaction=True)

SHIFTS = """() => new Promise(done => {
  let sum = 0;
  new PerformanceObserver(list => {
    for (const e of list.getEntries()) if (!e.hadRecentInput) sum += e.value;
  }).observe({type: "layout-shift", buffered: true});
  setTimeout(() => done(sum), 300);
})"""
BLOCKING = """() => performance.getEntriesByType("resource")
  .filter(e => e.renderBlockingStatus === "blocking")
  .map(e => new URL(e.name).pathname)"""


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_nothing_moves_and_only_the_style_sheet_holds_up_first_paint(
    open_page, viewport
):
    commitment = desk.assessed()
    page = open_page(viewport=viewport)
    for address in (
        *("/", "/commitments/", "/commitments/?view=cards", "/changes/", "/compare/"),
        *(commitment.get_absolute_url(), "/method/", "/freshness/", "/data/"),
        f"/embed/{commitment.slug}/",
    ):
        page.goto(address)
        assert page.evaluate(SHIFTS) == 0, address
        blocking = page.evaluate(BLOCKING)
        assert len(blocking) == 1 and blocking[0].endswith(".css"), address


def test_a_shift_and_a_blocking_script_would_be_found(open_page):
    page = open_page()
    page.goto("/about/")
    page.evaluate(
        """() => requestAnimationFrame(() => setTimeout(() => {
          document.querySelector("main").style.marginTop = "300px";
        }, 50))"""
    )
    assert page.evaluate(SHIFTS) > 0
