"""Lists: every noun, its number, its shape, and its forms."""

import csv
import io
import json

import pytest

from tests.factories import CommitmentFactory, EvidenceFactory, assess
from tests.plans import every_statement, is_sorted

NOUNS = (
    *("commitments", "history", "evidence", "indicators", "sources", "passages"),
    *("criteria", "milestones", "observations", "pillars", "bodies", "partners"),
    "topics",
)


def key(row):
    for name in ("slug", "seq", "id", "number"):
        if name in row:
            return row["slug"] if "slug" in row else row[name]


@pytest.mark.parametrize("noun", NOUNS)
def test_list_detail_and_count_of_every_noun_agree(record, get, noun):
    rows = get(f"{noun}/").json()["results"]

    assert rows
    assert get(f"{noun}/count/").json() == {"count": len(rows)}
    for row in rows:
        detail = get(f"{noun}/{key(row)}/").json()
        assert {name: detail[name] for name in row} == row


@pytest.mark.parametrize("noun", NOUNS)
def test_every_form_holds_the_same_rows(record, get, noun):
    rows = get(f"{noun}/").json()["results"]
    lines = b"".join(get(f"{noun}/?format=jsonl").streaming_content).splitlines()
    table = b"".join(get(f"{noun}/", accept="text/csv").streaming_content).decode()

    assert [json.loads(line) for line in lines] == rows
    cells = list(csv.DictReader(io.StringIO(table)))
    assert [list(row) for row in cells] == [list(row) for row in rows]
    assert len(cells) == len(rows)


def test_the_number_has_the_filters_of_the_list(record, get):
    assert get("commitments/count/?status=delivered").json() == {"count": 1}
    get("commitments/count/?limit=1", status=400)


def test_a_page_links_to_its_neighbours(record, get):
    first = get("history/?limit=2")
    second = get(first.json()["next"].partition("/api/v1/")[2])

    assert first["Link"] == f'<{first.json()["next"]}>; rel="next"'
    assert 'rel="prev"' in second["Link"]


@pytest.mark.parametrize("noun", NOUNS)
def test_a_page_is_not_sorted_out_of_all_rows(record, get, noun):
    with every_statement(of=is_sorted) as asked:
        second = get(f"{noun}/?limit=1").json()["next"]
        if second:
            get(second.partition("/api/v1/")[2])

    pages = [sorts for statement, sorts in asked.items() if "LIMIT 2" in statement]
    assert pages and not any(pages)


def test_fields_and_expand_shape_a_row(record, get):
    path = "commitments/join-the-pact/?fields=slug,bodies,pillar&expand=bodies,pillar"
    found = get(path).json()

    assert list(found) == ["slug", "pillar", "bodies"]
    assert found["bodies"][0]["name_zh"] == "商务部"
    assert found["pillar"]["number"] == 1
    listed = get("commitments/?fields=ref").json()["results"]
    assert all(list(row) == ["ref"] for row in listed)


@pytest.mark.parametrize(
    ("query", "field", "known"),
    [
        ("fields=colour", "fields", "slug"),
        ("expand=colour", "expand", "bodies"),
        ("format=xml", "format", "csv"),
        ("format=csv&limit=5", "limit", None),
    ],
)
def test_a_shape_that_is_not_there_is_refused(record, get, query, field, known):
    error = get(f"commitments/?{query}", status=400).json()["errors"][0]

    assert error["field"] == field
    assert known is None or known in error["known"]


def test_no_spreadsheet_runs_a_cell(db, get):
    assess(CommitmentFactory(), evidence=[EvidenceFactory(title='=HYPERLINK("x")')])

    table = b"".join(get("evidence/?format=csv").streaming_content).decode()

    assert next(csv.DictReader(io.StringIO(table)))["title"].startswith("'=")


def test_a_stream_takes_as_many_queries_for_more_rows(
    db, client, django_assert_max_num_queries
):
    for _ in range(12):
        assess(CommitmentFactory())

    with django_assert_max_num_queries(8):
        answer = client.get("/api/v1/commitments/?format=csv")
        assert b"".join(answer.streaming_content).count(b"\r\n") == 13


def test_each_form_has_its_own_tag(record, get):
    plain, table = get("topics/"), get("topics/", accept="text/csv")

    assert plain["ETag"] != table["ETag"]
    assert "Accept" in plain["Vary"]
    get("topics/", status=406, accept="image/png")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_other_methods_are_refused_in_the_one_shape(record, client, method):
    for path, status in (("commitments/", 405), ("nowhere/", 404)):
        answer = getattr(client, method)(f"/api/v1/{path}")
        assert answer.status_code == status
        assert answer["Content-Type"] == "application/problem+json"
