"""What the list is sorted and narrowed by is in indexes: no page reads the whole record."""

import re
from dataclasses import replace
from datetime import date, timedelta
from itertools import product

import pytest
from django.db import connection
from django.http import QueryDict

from commitments.models import Commitment
from commitments.statuses import Freshness, Schedule
from tests.factories import CommitmentFactory, assess
from tests.plans import READ_ALL, SORT, every_statement, is_sorted, plan
from tracker import browse, facets, orders
from tracker.api.commitments import _numbers, _statement, numbers
from tracker.api.pagination import Page
from tracker.browse import parse
from tracker.orders import NOW

pytestmark = pytest.mark.django_db
LIST = "/api/v1/commitments/"
INDEXES = {
    "ref": "commitment_by_ref",
    "status": "commitment_by_step",
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


# Each filter by what a row itself holds: chosen, left out, and some together.
FILTERS = ["kind=rule", "position=withdrawn", "pillar=1", "status=reversed"]
FILTERS += [f"schedule={value}" for value in Schedule.values]
FILTERS += [f"freshness={value}" for value in Freshness.values]
FILTERS += [query.replace("=", "=-") for query in FILTERS]
FILTERS += ["claim_gap=true", "claim_gap=false", "kind=rule&kind=zone"]
FILTERS += ["kind=rule&status=-delivered&freshness=stale"]
# How each says that it reads an index, and no row of the table.
ALONE = {"postgresql": "Index Only Scan using", "sqlite": "COVERING INDEX"}


def first_page(query, sort, *, today):
    """Return the statement of the first page, as the API asks it."""
    question = parse(QueryDict(query), today=today)
    page = Page(sort, backwards=False, at=None, limit=25)
    return _numbers(question, page).query.sql_with_params()


@pytest.mark.parametrize("sort", INDEXES)
def test_no_row_is_read_that_a_filter_leaves_out(today, record, sort):
    alone = ALONE[connection.vendor]
    for query in FILTERS:
        asked = first_page(query, sort, today=today)
        found = plan(*asked, without=(*READ_ALL, *SORT))

        assert "TEMP B-TREE" not in found and "Sort" not in found, (query, found)
        assert re.search(rf"{alone} commitment_by_\w+", found), (query, found)


@pytest.mark.skipif(connection.vendor != "postgresql", reason="PostgreSQL's own way")
@pytest.mark.parametrize("query", ["body=mofcom", "partner=asean", "topic=trade"])
def test_postgresql_does_not_look_for_the_bodies_of_one_commitment_after_the_other(
    today, record, query
):
    asked = first_page(query, "ref", today=today)

    # It can, where nothing tells it that each commitment is found once.
    ways = (*READ_ALL, *SORT, "hashagg")
    assert "Semi Join" not in plan(*asked, without=ways)
    repeated = asked[0].replace("SELECT DISTINCT", "SELECT")
    assert "Semi Join" in plan(repeated, asked[1], without=ways)


@pytest.mark.parametrize("query", ["", "kind=rule", "position=announced"])
def test_the_facets_of_the_list_are_counted_from_an_index(today, record, query):
    """But for those with rows of their own: with few, PostgreSQL joins them any way."""
    with every_statement(of=plan) as asked:
        facets.counted(parse(QueryDict(query), today=today))

    counts = [
        found
        for statement, found in asked.items()
        if "COUNT(" in statement and "JOIN" not in statement
    ]
    assert len(counts) == 5
    for found in counts:
        assert ALONE[connection.vendor] + " commitment_by_" in found, found


@pytest.mark.parametrize("sort", INDEXES)
def test_a_page_of_the_list_is_found_in_the_order_it_has(client, today, record, sort):
    with every_statement(of=is_sorted) as asked:
        client.get("/commitments/", {"kind": "rule", "sort": sort})

    pages = [sorts for statement, sorts in asked.items() if "LIMIT 200" in statement]
    assert pages == [False]


def test_a_page_of_the_list_holds_the_states_of_its_place(today, record):
    days = ("as_of=2026-07-20", "known_at=2026-07-20&kind=rule")
    for query, sort in product((*QUERIES, *days), NOW):
        question = parse(QueryDict(f"{query}&sort={sort}"), today=today)
        every = [state.pk for state in browse.states(question)]
        for start, stop in ((0, 2), (1, 3), (0, 200)):
            found = [state.pk for state in browse.page(question, start, stop)]
            assert found == every[start:stop], (query, sort)


@pytest.mark.parametrize(
    "on", [date(2026, 7, 20), date(2026, 11, 24), date(2031, 1, 2)]
)
@pytest.mark.parametrize(
    ("name", "values"), [("schedule", Schedule.values), ("freshness", Freshness.values)]
)
def test_what_follows_from_the_day_is_found_or_left_out(record, on, name, values):
    """Dates that are not there are neither lost nor found twice."""
    for rows in (browse.now(), browse.at(parse(QueryDict(""), today=on))):
        held = {
            row.pk: getattr(row, name)(on=on) if commitment.trackable else ""
            for row, commitment in ((r, getattr(r, "commitment", r)) for r in rows)
        }
        for value in values:
            chosen = parse(QueryDict(f"{name}={value}"), today=on)
            found = {row.pk for row in browse.narrowed(rows, chosen)}
            assert found == {pk for pk, one in held.items() if one == value}
            rest = parse(QueryDict(f"{name}=-{value}"), today=on)
            left = {row.pk for row in browse.narrowed(rows, rest)}
            assert left == held.keys() - found


QUERIES = ("", "status=under_way", "status=-delivered", "pillar=2", "q=pact")
QUERIES += ("schedule=-met_on_time&body=mofcom", "freshness=current&topic=trade")
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
