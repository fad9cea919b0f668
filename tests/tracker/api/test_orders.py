"""Orders and pages: those of the site, found by place, and unmoved by new rows."""

import base64
import json
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import CommitmentFactory, assess
from tracker import orders

SORTS = list(orders.COMMITMENTS)


def pages(get, path, between=None):
    """Each row of a list, fetched page by page; ``between`` is called after each."""
    rows = []
    while path:
        page = get(path).json()
        rows += page["results"]
        path = (page["next"] or "").partition("/api/v1/")[2]
        if between:
            between()
    return rows


@pytest.fixture
def many(record):
    """Beside the small record, rows with the same and with missing values."""
    for n in range(4):
        one = CommitmentFactory(
            slug=f"no-date-{n}",
            ref=f"3.{n + 1}",
            original_due_on=None,
            original_due_precision="",
        )
        if n % 2:
            assess(one, status="announced", effective_on=date(2026, 2, 1))
    return record


@pytest.mark.parametrize("sort", SORTS)
def test_the_api_orders_as_the_page_does(many, get, client, sort):
    rows = pages(get, f"commitments/?sort={sort}&limit=3")
    shown = client.get("/commitments.jsonl", {"sort": sort})

    lines = b"".join(shown.streaming_content).splitlines()
    assert [row["slug"] for row in rows] == [json.loads(x)["slug"] for x in lines]
    assert len(rows) == 8


@pytest.mark.parametrize("sort", SORTS)
def test_rows_that_come_meanwhile_neither_repeat_nor_hide_others(many, get, sort):
    before = {row["slug"] for row in get("commitments/").json()["results"]}
    made = []

    def add():
        made.append(CommitmentFactory(ref=f"1.{90 + len(made)}").slug)

    seen = [row["slug"] for row in pages(get, f"commitments/?sort={sort}&limit=2", add)]

    assert made and len(seen) == len(set(seen))
    assert before <= set(seen)


@pytest.mark.parametrize("sort", SORTS)
def test_going_back_shows_the_same_rows(many, get, sort):
    first = get(f"commitments/?sort={sort}&limit=3").json()
    second = get(first["next"].partition("/api/v1/")[2]).json()
    back = get(second["previous"].partition("/api/v1/")[2]).json()

    assert back["results"] == first["results"]
    assert back["previous"] is None


@pytest.mark.parametrize(
    "path",
    [
        "history/?order=happened",
        "history/?order=recorded",
        "history/",
        "evidence/?sort=occurred",
        "evidence/?sort=published",
        "milestones/?sort=due",
        "observations/?sort=observed",
        "passages/?sort=place",
        "bodies/?sort=name",
    ],
)
def test_every_order_goes_through_all_rows_once(many, get, path):
    joined = "&" if "?" in path else "?"
    rows = pages(get, f"{path}{joined}limit=1")

    assert rows == get(f"{path}{joined}limit=100").json()["results"]
    noun = path.partition("/")[0]
    assert len(rows) == get(f"{noun}/count/").json()["count"]


def test_a_stream_has_the_order_of_the_pages(many, get):
    lines = get("commitments/?sort=changed&format=jsonl").streaming_content

    rows = [json.loads(line) for line in b"".join(lines).splitlines()]

    assert rows == pages(get, "commitments/?sort=changed&limit=3")


def test_the_last_page_is_found_as_the_first_is(many, get):
    path, told = "commitments/?sort=changed&limit=1", []
    while path:
        with CaptureQueriesContext(connection) as queries:
            page = get(path).json()
        told.append(len(queries))
        assert "OFFSET" not in " ".join(query["sql"] for query in queries)
        path = (page["next"] or "").partition("/api/v1/")[2]

    assert len(told) == 8 and len(set(told)) == 1


def cursor(*parts):
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "given",
    [
        "x",
        "%00",
        "é",
        "A" * 3000,
        cursor("ref", False),
        cursor("ref", False, 1, 2, 3),
        cursor("ref", False, "1", 2),
        cursor("ref", False, None, 2),
        cursor("ref", False, True, 2),
        cursor("ref", False, 2**70, 2),
        cursor("ref", 1, 1, 2),
        cursor("due", False, "2026-01-01", 1, 2),
        cursor("ref", False, [1], {}),
        "&cursor=x",
    ],
)
def test_a_cursor_that_is_none_is_refused(many, get, given):
    problem = get(f"commitments/?cursor={given}", status=400).json()

    assert "cursor" in problem["detail"] or "NUL" in problem["detail"]


@pytest.mark.parametrize("noun", ["commitments", "evidence", "bodies", "criteria"])
def test_an_unknown_order_is_refused_with_the_known(record, get, noun):
    error = get(f"{noun}/?sort=colour", status=400).json()["errors"][0]

    assert error["field"] == "sort" and error["known"]
