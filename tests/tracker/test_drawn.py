"""What long pages show again is made once, and never shown where it no longer holds."""

from datetime import date

import pytest

from commitments.models import Commitment
from tests.tracker import record as records
from tracker import browse, facets, reading
from tracker.templatetags import tracker as tags

DAYS = [date(2026, 2, 15), date(2026, 7, 20), records.TODAY, date(2031, 1, 2)]


@pytest.mark.parametrize("view", ["table", "cards", "timeline"])
def test_a_row_is_drawn_once_for_all_the_pages_it_stands_on(page, record, view):
    tags._drawn.cache_clear()
    page("/commitments/", view=view)
    first = tags._drawn.cache_info().misses
    page("/commitments/", view=view, sort="due")

    assert first > len(record.all)
    assert tags._drawn.cache_info().misses == first


@pytest.mark.parametrize("prefix", ["", "/zh-hans"])
@pytest.mark.parametrize("view", ["table", "cards", "timeline"])
@pytest.mark.parametrize(
    "change", [{"title": "Another title"}, {"title_zh": "另一个标题"}, {"ref": "1.9"}]
)
def test_a_row_that_changed_is_drawn_anew(page, record, prefix, view, change):
    address = f"{prefix}/commitments/"
    page(address, view=view)
    Commitment.objects.filter(pk=record.moved.pk).update(**change)
    after = page(address, view=view)
    tags._drawn.cache_clear()

    assert after == page(address, view=view)


def test_a_mark_of_the_home_page_that_changed_is_drawn_anew(page, record):
    assert "1.2 Join the pact" in page("/")
    Commitment.objects.filter(pk=record.moved.pk).update(title="Join another")

    assert "1.2 Join the pact" not in page("/")
    assert page("/").count('title="1.2 Join another"') == 2


def test_a_text_in_english_only_is_not_taken_for_one_in_both(page, record):
    """The two are equal, and are shown differently."""
    Commitment.objects.filter(pk=record.moved.pk).update(title="RCEP", title_zh="")
    marked = "RCEP</span><small"
    for address in ("/zh-hans/commitments/", "/zh-hans/"):
        assert marked in page(address)
    Commitment.objects.filter(pk=record.moved.pk).update(title_zh="RCEP")

    for address in ("/zh-hans/commitments/", "/zh-hans/"):
        assert marked not in page(address)


def test_facets_of_a_whole_page_are_counted_as_the_database_does(record):
    for on in DAYS:
        question = browse.Question(today=on)
        whole = reading.rows(browse.states(question), question)
        past = browse.Question(today=on, as_of=on)

        assert facets.counted(past, whole) == facets.counted(past)
