import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commitments.models import Indicator
from tests.factories import EvidenceFactory

ADDRESS = "/indicators/tariff/"


def test_index_shows_baseline_and_latest(page, record):
    html = page("/indicators/")
    assert "7.3" in html
    assert "<b>6.9</b>" in html
    assert "1 figure; 1 with a later value" in html


def test_reading_is_not_known_before_its_day(page, record):
    html = page("/indicators/", as_of="2026-06-29")
    assert "6.9" not in html
    assert "none yet" in html
    assert "Tariff report" not in page(ADDRESS, as_of="2026-06-29")


@pytest.mark.parametrize("day", ["2025-12-31", "2025-01-31"])
def test_a_reading_no_later_than_the_baseline_is_no_later_value(page, record, day):
    record.indicator.observations.update(observed_on=day)
    html = page("/indicators/")
    assert "1 figure; 0 with a later value" in html
    assert "<b>6.9</b>" not in html
    assert "Tariff report" in page(ADDRESS)


@pytest.mark.parametrize("address", ["/indicators/", ADDRESS])
def test_page_says_that_readings_have_no_time_of_recording(page, record, address):
    assert "no time of recording" in page(address, known_at="2026-08-01")
    assert "no time of recording" not in page(address)


def test_page_shows_every_value_with_its_source(page, record):
    html = page(ADDRESS)
    assert "#p-4.3.10" in html
    assert "Tariff report" in html
    assert 'class="chart indicator"' in html
    assert 'href="/commitments/join-the-pact/"' in html


def test_without_a_reading_no_line_is_drawn(page, record):
    html = page(ADDRESS, as_of="2026-01-05")
    assert "chart indicator" not in html
    assert "The baseline stands alone." in html


def test_values_are_those_of_the_api(client, page, record):
    told = client.get("/api/v1/indicators/tariff/").json()
    html = page(ADDRESS)
    for value in (told["baseline"], *(o["value"] for o in told["observations"])):
        assert f"{value:g}" in html


def test_large_figures_are_written_out(page, record):
    Indicator.objects.filter(pk=record.indicator.pk).update(baseline="700000.0000")
    assert "700,000" in page(ADDRESS)


def test_unknown_indicator_is_a_helpful_404(page, record):
    assert "There is no page at this address" in page("/indicators/luck/", code=404)


@pytest.mark.parametrize("address", ["/indicators/", ADDRESS])
def test_wrong_day_is_named_with_400(page, record, address):
    assert 'role="alert"' in page(address, code=400, known_at="x")


def test_empty_record_is_shown(page, db, today):
    assert "None is on record yet." in page("/indicators/")


@pytest.mark.parametrize("address", ["/indicators/", ADDRESS])
def test_queries_do_not_grow(page, record, address):
    with CaptureQueriesContext(connection) as few:
        page(address)
    for n in range(4):
        other = Indicator.objects.create(
            **{
                **Indicator.objects.filter(slug="tariff").values().get(),
                "id": None,
                "slug": f"i{n}",
            }
        )
        for one in (other, record.indicator):
            one.observations.create(
                observed_on=f"2026-07-0{n + 1}",
                precision="day",
                value=n,
                evidence=EvidenceFactory(),
            )
        other.commitments.add(record.gap)
    with CaptureQueriesContext(connection) as many:
        page(address)
    assert len(many) == len(few)
