"""Any past day, on every page: by the address, by a date control, and marked as past."""

import pytest
from django.conf import settings as configured

from commitments import method, services
from commitments.models import Evidence
from tests.tracker.record import moment


@pytest.fixture
def record(record):
    Evidence.objects.filter(title="Notice 12").update(slug="notice-12")
    return record


PAGES = [
    *("/", "/commitments/", "/commitments/join-the-pact/", "/sources/speech/"),
    *("/method/", "/changes/", "/bodies/", "/bodies/mofcom/", "/partners/"),
    *("/partners/asean/", "/topics/", "/topics/trade/", "/indicators/"),
    *("/indicators/tariff/", "/evidence/notice-12/"),
    *("/claim-evidence-gap/", "/freshness/", "/corrections/", "/checkpoints/"),
    *("/data/", "/about/"),
]


def test_every_page_can_be_asked_for_a_past_day(page, record):
    for address in PAGES:
        today = page(address)
        assert 'type="date"' in today, address
        assert 'name="as_of"' in today and 'name="known_at"' in today, address
        assert "You are looking at the past" not in today, address
        assert 'content="noindex"' not in today, address

        past = page(address, as_of="2026-10-01", known_at="2026-10-02")
        assert "You are looking at the past" in past, address
        assert "1 Oct 2026" in past and "2 Oct 2026" in past, address
        assert '<meta name="robots" content="noindex">' in past, address
        assert 'rel="canonical"' not in past, address
        assert 'value="2026-10-01"' in past and 'value="2026-10-02"' in past, address
        # The way on keeps the day.
        days = "as_of=2026-10-01&amp;known_at=2026-10-02"
        assert f'href="/commitments/?{days}"' in past, address


def test_a_day_that_cannot_be_is_named_and_mended(page, record):
    for address in [*PAGES, "/compare/"]:
        html = page(address, code=400, known_at="2026-02-30")
        assert "no day of the calendar" in html, address
        assert 'content="noindex"' in html, address


def test_comparing_takes_what_was_known_by_a_control(page, record):
    html = page("/compare/", known_at="2026-07-06")
    assert 'name="known_at" value="2026-07-06"' in html
    assert "only what we knew at the end of" in html


def test_pages_that_no_day_changes_say_so(page, record):
    for address in ("/data/", "/about/"):
        assert "reads the same on every day" in page(address, as_of="2026-10-01")


def test_checkpoints_are_those_signed_by_then(page, record):
    services.write_checkpoint(at=moment(9, 3))
    assert "1 checkpoint" in page("/checkpoints/", as_of="2026-09-03")
    assert "0 checkpoints" in page("/checkpoints/", as_of="2026-09-02")


def test_figures_say_that_readings_carry_no_time_of_recording(page, record):
    for address in (
        "/commitments/join-the-pact/",
        "/indicators/",
        "/indicators/tariff/",
    ):
        told = "Readings carry no time of recording"
        assert told in page(address, known_at="2026-10-02")
        assert told not in page(address, as_of="2026-10-02")


def test_method_tells_its_versions_and_what_was_judged_by_each(page, record):
    newest, *_ = method.VERSIONS
    assert newest.number == configured.METHOD_VERSION
    assert len({version.number for version in method.VERSIONS}) == len(method.VERSIONS)
    html = page("/method/")
    part = html[html.index('id="versions"') :]
    assert f">{newest.number}<" in part
    assert str(newest.changed[0])[:30] in part
    assert page("/method/", known_at="2026-07-01").count('<td class="r">0</td>') == 1
