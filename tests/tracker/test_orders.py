"""What the list is sorted by is in an index: no page sorts the whole record."""

from dataclasses import replace
from datetime import timedelta
from itertools import product

import pytest
from django.http import QueryDict

from commitments.models import Commitment
from tests.factories import CommitmentFactory, assess
from tests.plans import READ_ALL, SORT, is_sorted, plan
from tracker import browse, orders
from tracker.api.commitments import _numbers, _statement, numbers
from tracker.api.pagination import Page
from tracker.browse import parse
from tracker.orders import NOW

pytestmark = pytest.mark.django_db
LIST = "/api/v1/commitments/"
INDEXES = {
    "ref": "commitment_by_ref",
    "due": "commitment_by_due",
    "review": "commitment_by_review",
    "changed": "commitment_by_event",
}


@pytest.mark.parametrize("sort", INDEXES)
def test_a_page_is_read_from_the_index_of_its_order(sort):
    page = orders.ordered(browse.now(), NOW[sort])[:26]

    asked = page.query.sql_with_params()

    assert not is_sorted(*asked)
    assert INDEXES[sort] in plan(*asked, without=(*READ_ALL, *SORT))


@pytest.mark.parametrize("sort", INDEXES)
def test_a_later_page_enters_the_index_at_its_place(sort):
    for number in range(3):
        assess(CommitmentFactory(ref=f"1.{number + 1}"))
    first = list(orders.ordered(browse.now(), NOW[sort])[:2])
    place = orders.place(first[-1], NOW[sort])
    rows = orders.ordered(browse.now(), NOW[sort])
    later = orders.behind(rows, NOW[sort], place)[:2]

    asked = later.query.sql_with_params()

    assert not is_sorted(*asked)
    assert INDEXES[sort] in plan(*asked, without=(*READ_ALL, *SORT))
    assert [one.ref for one in later] == ["1.3"]


QUERIES = ("", "status=under_way", "status=-delivered", "pillar=2", "q=pact")
QUERIES += ("schedule=overdue", "freshness=-current", "body=mofcom", "kind=rule")
QUERIES += ("topic=-trade", "partner=asean&claim_gap=true", "position=none_stated")
QUERIES += ("claim_gap=false", "q=nowhere", "status=under_way&status=announced")


def test_today_commitments_and_their_states_match_alike(today, record):
    for query in QUERIES:
        for sort in NOW:
            question = parse(QueryDict(f"{query}&sort={sort}"), today=today)
            rows = browse.narrowed(browse.now(), question)
            now = [one.pk for one in orders.ordered(rows, NOW[sort])]
            then = [one.commitment_id for one in browse.states(question)]
            assert now == then, (query, sort)
    assert Commitment.objects.standing_now().count() == 4


def test_a_statement_that_is_kept_finds_what_a_new_one_does(today, record):
    """Each page forwards and backwards, twice, and of another day the day after."""
    asked, before = 0, _statement.cache_info().hits

    def told(rows):
        return [tuple(map(str, row)) for row in rows]

    for on in (today, today + timedelta(days=400), today):
        for query, sort in product(QUERIES, NOW):
            question = parse(QueryDict(query), today=on)
            page = Page(sort, backwards=False, at=None, limit=2)
            while True:
                new = list(_numbers(question, page))
                kept = numbers(question, page)
                # SQLite gives days as the text that a cursor holds anyway.
                assert told(kept) == told(new), (query, page)
                # The second has one page before it; the last one none behind.
                asked += 1
                if len(new) <= page.limit or page.backwards:
                    break
                at = tuple(orders.place(new[page.limit - 1], NOW[sort]))
                page = replace(page, at=at, backwards=page.at is not None)
    assert asked > 200
    assert _statement.cache_info().hits - before > asked / 4


def test_one_page_asked_again_is_written_once(client, record, monkeypatch):
    _statement.cache_clear()
    first = client.get(LIST, {"limit": 2, "status": "-delivered"})
    assert _statement.cache_info().misses == 1

    monkeypatch.setattr("tracker.api.commitments._numbers", None)
    again = client.get(LIST, {"limit": 2, "status": "-delivered"})
    assert first.status_code == 200
    assert again.json() == first.json()
    assert again.json()["results"]
