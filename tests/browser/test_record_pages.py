"""The pages around the list, in a browser: changes, subjects, ledgers, embeds."""

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from playwright.sync_api import expect

from tests.tracker import record as records

from .conftest import PHONE

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def record(transactional_db, monkeypatch):
    # The live server runs in this process: it asks the same clock.
    day = records.TODAY
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *a: day)
    return records.small()


def test_changes_are_narrowed_and_widened_by_links_alone(open_page, record):
    page = open_page(viewport=PHONE, java_script_enabled=False)
    page.goto("/changes/")
    kinds = page.get_by_role("group", name="Kind of entry")
    kinds.get_by_role("link", name="Correction").click()
    expect(page.get_by_text("1 entry")).to_be_visible()
    expect(page.get_by_text("Partly delivered")).to_be_visible()
    kinds.get_by_role("link", name="All").click()
    assert page.url.endswith("/changes/")


def test_a_reader_walks_through_the_record_without_scripts(open_page, record):
    page = open_page(viewport=PHONE, java_script_enabled=False)
    heading = page.get_by_role("heading", level=1)

    # Search, narrow, open.
    page.goto("/")
    page.get_by_label("Find a commitment").fill("pact")
    page.locator("#main").get_by_role("button", name="Search").click()
    expect(page.locator("#count")).to_have_text("1 commitment")
    page.get_by_role("button", name="Filters").click()
    pillars = page.locator("#filters").get_by_role("group", name="Pillar")
    pillars.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Apply filters").click()
    page.wait_for_url("**pillar=1**")
    chips = page.locator("#chips")
    expect(chips.get_by_role("link", name="Remove filter")).to_have_count(2)
    chips.get_by_role("link", name="Clear all").click()
    expect(page.locator("#count")).to_have_text("4 commitments")
    page.locator("#results").get_by_role("link", name="Join the pact").first.click()
    expect(heading).to_contain_text("Join the pact")

    # Another day, two days beside each other, the other language, what is cited.
    page.get_by_label("As of", exact=True).fill("2026-03-01")
    page.get_by_role("button", name="Show that day").click()
    expect(page.locator("#main")).to_contain_text("You are looking at the past")
    page.goto("/compare/")
    page.get_by_label("Earlier").fill("2026-01-05")
    page.locator("#main").get_by_role("button", name="Compare").click()
    expect(heading).to_contain_text("3 of 3 commitments changed status")
    page.goto("/commitments/join-the-pact/")
    page.get_by_role("button", name="Menu").click()
    page.locator("#nav [hreflang]").click()
    expect(heading).to_contain_text("加入协定")


def test_two_days_are_compared_by_form(open_page, record):
    page = open_page()
    page.goto("/changes/")
    form = page.locator("form", has=page.get_by_role("button", name="Compare"))
    form.get_by_label("Earlier").fill("2026-01-05")
    form.get_by_role("button", name="Compare").click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("3 of 3 commitments changed status")
    page.get_by_text("Show as table").click()
    expect(page.get_by_role("cell", name="+1").first).to_be_visible()


@pytest.fixture
def other_site(live_server):
    """Another site, on a port of its own, that frames an embed and a page."""

    class Frames(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            for name, path in (("card", "/embed/join-the-pact/"), ("page", "/about/")):
                frame = f'<iframe name="{name}" src="{live_server.url}{path}"></iframe>'
                self.wfile.write(frame.encode())

        def log_message(self, *args):
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Frames) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


def test_embed_shows_in_a_frame_of_another_site_and_a_page_does_not(
    browser, record, other_site
):
    # Not watched: to be refused is what is tried here.
    context = browser.new_context()
    page = context.new_page()
    page.goto(other_site)
    card = page.frame_locator('iframe[name="card"]')
    card.get_by_role("heading", level=1).wait_for()
    expect(card.locator("main")).to_contain_text("Under way")
    page.wait_for_load_state("networkidle")
    assert "About this tracker" not in page.frame(name="page").content()
    assert context.cookies() == []
    context.close()
