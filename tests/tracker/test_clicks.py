"""What networks add to a link in order to follow clicks changes nothing for its reader."""

import pytest
from django.test import Client

from tests.tracker import record
from tests.tracker.counting_site import Site, asked, given
from tracker import clicks

MARKS = [
    "fbclid=IwAR0-a_b",
    "utm_source=mail&utm_medium=email&utm_campaign=2026%2F11",
    "gclid=Cj0&gad_source=1",
    "mc_cid=1&mc_eid=2",
    "from=timeline&isappinstalled=0",
    "from=singlemessage",
    "UTM_Source=x",
]


@pytest.mark.parametrize("marks", MARKS)
@pytest.mark.parametrize("before", ["", "q=a+b&status=-delivered", "as_of=2026-04-01"])
def test_what_follows_clicks_is_left_out_and_nothing_else(marks, before):
    assert clicks.without(f"{before}&{marks}" if before else marks) == before
    assert clicks.without(f"{marks}&{before}" if before else marks) == before


@pytest.mark.parametrize(
    "query",
    [
        "from=2026-04-01&to=2026-06-01",
        "q=fbclid%3D1",
        "q=utm_source",
        "status=announced&&q=",
        "a;fbclid=1",
        "%ff=%00",
    ],
)
def test_what_is_asked_stays_as_it_is_written(query):
    assert clicks.without(query) == query


@pytest.mark.django_db
@pytest.mark.parametrize(
    "address",
    [
        "/",
        "/commitments/?status=announced",
        "/commitments/cut-the-list/",
        "/compare/?from=2026-04-01&to=2026-06-01",
        "/zh-hans/changes/",
        "/feeds/changes.atom",
        "/api/v1/commitments/?limit=2",
    ],
)
def test_a_link_that_was_passed_on_leads_to_the_same_page(address):
    record.small()
    plain = Client().get(address)
    also = "&" if "?" in address else "?"
    for marks in MARKS:
        marked = Client().get(f"{address}{also}{marks}")
        assert marked.status_code == 200, marks
        # Nor does it lead on with the mark of one reader.
        assert marked.content == plain.content, marks


def test_all_clicks_at_a_link_share_an_answer():
    site = Site()
    cache = site.cache()
    first = given(cache, asked("/a", "q=x"))
    for number in range(3):
        assert given(cache, asked("/a", f"fbclid={number}&q=x")) == first
    assert given(cache, asked("/a", "utm_source=x")) == given(cache, asked("/a"))
    assert site.computed == 2
    assert "QUERY_STRING" not in site.seen or not site.seen["QUERY_STRING"]
