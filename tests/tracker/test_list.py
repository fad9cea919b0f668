"""The list under its filters: leaving out, searching everything, three views."""

import csv
import io
import json
import re
from datetime import date, timedelta

import openpyxl
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commitments import services
from tests.factories import (
    AT,
    CommitmentFactory,
    DraftFactory,
    EvidenceFactory,
    PlanFactory,
    UserFactory,
    assess,
)
from tracker.searching import marked, passage

pytestmark = pytest.mark.django_db
TODAY = date(2026, 7, 10)


@pytest.fixture(autouse=True)
def today(monkeypatch):
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *a: TODAY)


@pytest.fixture
def record():
    """Four commitments: delivered, partly, under way, and not assessed."""
    PlanFactory()
    made = {}
    for name, status, met in (
        ("delivered", "delivered", ["a", "b"]),
        ("partly", "partly_delivered", ["a"]),
        ("moving", "under_way", []),
    ):
        made[name] = CommitmentFactory(title=f"The {name} one")
        evidence = EvidenceFactory(
            title=f"Gazette on {name}",
            title_original="海南自由贸易港公告",
            summary="Tariff lines were cut.",
            nature="action",
            official=True,
            type="law",
        )
        assess(
            made[name],
            status=status,
            criteria_met=met,
            evidence=[evidence],
            reason=f"A fishery rule took effect for {name}.",
        )
    made["none"] = CommitmentFactory(title="The unassessed one")
    return made


def ask(client, query="", code=200):
    answer = client.get(f"/commitments/?{query}")
    assert answer.status_code == code, answer.content.decode()[:500]
    return answer.content.decode()


def titles(page):
    return set(re.findall(r"The (?:<mark>)?(\w+)(?:</mark>)? (?:<mark>)?one", page))


def by_api(client, query):
    answer = client.get(f"/api/v1/commitments/?{query}").json()
    return {row["title"].split()[1] for row in answer["results"]}


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("status=-delivered", {"partly", "moving", "unassessed"}),
        ("status=-delivered&status=-under_way", {"partly", "unassessed"}),
        ("status=partly_delivered&status=-partly_delivered", set()),
        ("q=fishery", {"delivered", "partly", "moving"}),
        ("q=gazette+partly", {"partly"}),
        ("q=海南自由贸易港", {"delivered", "partly", "moving"}),
        ("q=tariff&status=-delivered", {"partly", "moving"}),
        ("q=Part+a+is+done&status=delivered", {"delivered"}),
    ],
)
def test_the_page_and_the_api_leave_the_same(client, record, query, left):
    assert titles(ask(client, query)) == left
    assert by_api(client, query) == left


def test_a_facet_counts_under_the_others_and_not_under_itself(client, record):
    page = ask(client, "status=-delivered")

    assert "Delivery status: not Delivered" in page
    options = dict(
        re.findall(
            r'name="status" value="(\w+)".*?<b><span class="vh">, </span>(\d+)',
            page,
            re.DOTALL,
        )
    )
    assert options["delivered"] == "1"


@pytest.mark.parametrize("query", ["status=-done", "pillar=-9", "view=map", "view="])
def test_what_is_not_known_is_refused(client, record, query):
    assert "value" in ask(client, query, code=200 if query == "view=" else 400)


def test_the_api_knows_no_views(client, record):
    assert client.get("/api/v1/commitments/?view=cards").status_code == 400


def test_hits_are_marked_where_they_were_found(client, record):
    page = ask(client, "q=fishery")

    assert "<b>Reason given:</b>" in page
    assert "<mark>fishery</mark>" in page
    assert "<mark>Gazette</mark>" in ask(client, "q=gazette")
    assert "<mark>海南</mark>" in ask(client, "q=海南")


def test_a_search_finds_nothing_that_was_not_known_then(client, record):
    early = "known_at=2026-06-30&q=fishery"

    assert titles(ask(client, early)) == set()


def test_a_search_finds_no_draft(client, record):
    DraftFactory(title="The hidden one", statement="A fishery secret.")

    assert "The hidden one" not in ask(client, "q=fishery")


@pytest.mark.parametrize("view", ["table", "cards", "timeline"])
def test_each_view_shows_the_same_rows_and_keeps_the_filters(client, record, view):
    page = ask(client, f"view={view}&status=-delivered&sort=status")

    assert titles(page) == {"partly", "moving", "unassessed"}
    for other in {"table", "cards", "timeline"} - {view}:
        address = "?status=-delivered&amp;sort=status"
        wanted = address if other == "table" else f"{address}&amp;view={other}"
        assert f'href="{wanted}"' in page
    assert 'aria-current="true">' in page
    chip = re.search(r'class="chip" href="([^"]*)"', page)[1]
    assert ("view=" in chip) == (view != "table")


@pytest.mark.parametrize("view", ["table", "cards", "timeline"])
def test_queries_do_not_grow(client, record, view):
    query = f"view={view}&q=one"
    with CaptureQueriesContext(connection) as few:
        ask(client, query)
    for _ in range(3):
        assess(CommitmentFactory(title="The further one"))
    with CaptureQueriesContext(connection) as many:
        ask(client, query)

    assert len(many) == len(few)


@pytest.mark.parametrize(
    ("text", "search", "html"),
    [
        ("A <b> & c", "b", "A &lt;<mark>b</mark>&gt; &amp; c"),
        ("A <b> & c", "<b>", "A <mark>&lt;b&gt;</mark> &amp; c"),
        ("Zone", "zone ZONE", "<mark>Zone</mark>"),
        ("a.b", "a.b", "<mark>a.b</mark>"),
        ("x", "", "x"),
    ],
)
def test_marks_never_let_markup_through(text, search, html):
    assert marked(text, search) == html


def test_a_passage_is_cut_around_the_hit():
    text = "x " * 200 + "needle" + " y" * 200

    found = passage(text, "needle")

    assert found.startswith("…") and found.endswith("…")
    assert "needle" in found
    assert len(found) < 200
    assert passage(text, "absent") == ""


# --- Downloads --------------------------------------------------------------------


def rows_of(client, format, query=""):
    answer = client.get(f"/commitments.{format}?{query}")
    assert answer.status_code == 200
    assert "attachment" in answer["Content-Disposition"]
    given = b"".join(answer.streaming_content)
    if format == "xlsx":
        names, *cells = openpyxl.load_workbook(io.BytesIO(given)).active.values
        return [dict(zip(names, row, strict=True)) for row in cells]
    text = given.decode("utf-8-sig")
    if format == "csv":
        return list(csv.DictReader(io.StringIO(text)))
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.parametrize("format", ["csv", "jsonl", "xlsx"])
@pytest.mark.parametrize(
    "query", ["", "status=-delivered&sort=status", "q=fishery", "as_of=2026-01-15"]
)
def test_a_download_holds_exactly_what_is_shown(client, record, format, query):
    shown = re.findall(r'<span class="ref">([\d.]+)</span>', ask(client, query))

    assert [row["ref"] for row in rows_of(client, format, query)] == shown


def test_the_page_offers_the_same_question(client, record):
    page = ask(client, "status=-delivered&view=cards")

    for format in ("csv", "jsonl", "xlsx"):
        assert f'href="/commitments.{format}?status=-delivered"' in page
    assert 'href="/feeds/changes.atom?status=-delivered"' in page


def test_a_cell_is_no_formula(client, record):
    CommitmentFactory(title="=1+1")

    assert "'=1+1" in {row["title"] for row in rows_of(client, "csv")}
    assert "'=1+1" in {row["title"] for row in rows_of(client, "xlsx")}
    assert "=1+1" in {row["title"] for row in rows_of(client, "jsonl")}


def test_a_workbook_keeps_days_and_numbers_and_runs_and_links_nothing(client, record):
    CommitmentFactory(title="=HYPERLINK(1)", ref="9.1")
    answer = client.get("/commitments.xlsx")
    given = b"".join(answer.streaming_content)
    sheet = openpyxl.load_workbook(io.BytesIO(given)).active
    names, *rows = sheet.iter_rows()
    cells = [dict(zip([n.value for n in names], row, strict=True)) for row in rows]
    assert {cell.data_type for row in rows for cell in row} <= {"s", "n", "d", "b"}
    assert not any(cell.hyperlink for row in rows for cell in row)
    lines = rows_of(client, "jsonl")
    for row, line in zip(cells, lines, strict=True):
        assert row["ref"].value == line["ref"]
        assert row["sources"].value == line["sources"]
        assert row["claim_gap"].value is line["claim_gap"]
        since = row["status_since"].value
        assert (since and since.date().isoformat()) == line["status_since"]
    # The same rows on the same day are the same bytes.
    assert b"".join(client.get("/commitments.xlsx").streaming_content) == given


def test_a_download_says_what_it_does_not_know(client, record):
    answer = client.get("/commitments.csv?status=done")

    assert answer.status_code == 400
    assert "no value of" in answer.content.decode()


# --- Home ------------------------------------------------------------------------


def stats(page):
    found = re.findall(
        r"<dt>([^<]*)(?:<small>([^<]*)</small>)?</dt><dd>(\d+)</dd>", page
    )
    return {label.split(":")[0]: (int(n), change) for label, change, n in found}


def test_home_tells_what_changed_since_a_quarter_ago(client, record):
    assess(
        record["moving"],
        status="partly_delivered",
        criteria_met=["a"],
        evidence=[EvidenceFactory(nature="action", official=True, type="law")],
        effective_on=date(2026, 6, 1),
    )
    page = client.get("/").content.decode()

    found = stats(page)
    assert found["delivered"] == (1, "no change in a quarter")
    assert found["partly delivered"] == (2, "+1 in a quarter")
    assert "from=2026-04-10" in page


def test_home_says_nothing_of_a_quarter_before_the_record(client, today):
    assert stats(client.get("/").content.decode())["delivered"] == (0, "")


def test_home_says_when_the_tracker_has_gone_quiet(client, record, monkeypatch):
    assert "gone quiet" not in client.get("/").content.decode()

    later = date(2026, 8, 5)
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *a: later)
    page = client.get("/").content.decode()
    assert "gone quiet" in page
    assert "2 Jul 2026" in page

    services.review(
        commitment=record["moving"],
        reason="Looked, nothing new.",
        evidence=[],
        effective_on=date(2026, 8, 4),
        looked_until=date(2026, 8, 4),
        at=AT + timedelta(days=33),
        by=UserFactory(),
    )
    assert "gone quiet" not in client.get("/").content.decode()


def test_more_than_fit_come_on_pages_with_the_filters_kept(client, record, monkeypatch):
    monkeypatch.setattr("tracker.pages.listing.ROWS", 2)
    first, last = ask(client, "kind=rule"), ask(client, "kind=rule&page=2")

    assert "4 commitments" in first and "4 commitments" in last
    assert len(titles(first)) == len(titles(last)) == 2
    assert titles(first) | titles(last) == set(record) - {"none"} | {"unassessed"}
    assert 'href="?kind=rule&amp;page=2" rel="next"' in first
    assert 'rel="prev"' not in first and 'rel="next"' not in last
    assert 'href="?kind=rule" rel="prev"' in last


@pytest.mark.parametrize("number", ["0", "-1", "x", "3", "1000000000", "9" * 40])
def test_a_page_that_is_not_there_is_refused_and_says_why(
    client, record, number, monkeypatch
):
    monkeypatch.setattr("tracker.pages.listing.ROWS", 2)

    assert "page" in ask(client, f"page={number}", code=400)


def test_all_of_the_plan_come_on_one_page(client, record):
    page = ask(client)

    assert 'rel="next"' not in page and "4 commitments" in page
