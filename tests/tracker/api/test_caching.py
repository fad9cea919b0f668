"""What caches are told, and what asking again costs."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils.http import http_date

from commitments.models import DataVersion
from tests.factories import CommitmentFactory, assess
from tracker.api.urls import LISTS
from tracker.releases.making import make_release

CHANGED = datetime(2026, 11, 24, 10, 30, 15, 500_000, tzinfo=UTC)


@pytest.fixture
def settled(record, monkeypatch):
    """The record, last changed at a known moment, by code of the year before."""
    monkeypatch.setattr(
        "tracker.versions.code", lambda: ("code", datetime(2025, 1, 1, tzinfo=UTC))
    )
    DataVersion.objects.update(changed_at=CHANGED)
    return record


NOUNS = sorted(LISTS)
EVERYWHERE = [
    *("", "stats/", "changes/", "changes/?after=3", "schema/"),
    *(f"{noun}/" for noun in NOUNS),
    *(f"{noun}/count/" for noun in NOUNS),
    *(f"{noun}/?format=csv" for noun in NOUNS),
    *(f"{noun}/?format=jsonl" for noun in NOUNS),
]
KEPT = "public, max-age=0, s-maxage=60, stale-while-revalidate=60, stale-if-error=86400"


@pytest.fixture
def release(settled):
    made = make_release(at=CHANGED)
    DataVersion.objects.update(changed_at=CHANGED)
    return made


def is_told_all(answer):
    assert answer["ETag"].startswith('"')
    assert answer["Last-Modified"] == http_date(int(CHANGED.timestamp()))
    assert answer["Vary"] == "Accept"
    assert answer["Cache-Control"] == KEPT
    assert answer["Access-Control-Allow-Origin"] == "*"


def test_every_list_number_and_export_tells_caches_all_they_need(settled, get):
    tags = []
    for path in EVERYWHERE:
        answer = get(path)
        is_told_all(answer)
        tags.append(answer["ETag"])
        again = get(path, status=304, **{"If-None-Match": answer["ETag"]})
        for name in ("ETag", "Last-Modified", "Vary", "Cache-Control"):
            assert again[name] == answer[name], path
    # Each address and each form has a tag of its own.
    assert len(set(tags)) == len(tags)


def test_every_row_by_itself_tells_caches_all_they_need(release, get):
    for noun in NOUNS:
        row = get(f"{noun}/?limit=1").json()["results"][0]
        view = LISTS[noun][0]
        name = getattr(view, "lookup_url_kwarg", None) or view.lookup_field
        place = row["id"] if name == "pk" or noun == "evidence" else row[name]
        answer = get(f"{noun}/{place}/")
        is_told_all(answer)
        get(f"{noun}/{place}/", status=304, **{"If-None-Match": answer["ETag"]})


def test_every_list_of_more_than_a_page_links_to_the_next_and_back(release, get):
    linked = []
    for noun in [*NOUNS, "changes"]:
        answer = get(f"{noun}/?limit=1")
        following = answer.json()["next"]
        if following is None:
            assert get(f"{noun}/count/").json()["count"] == 1
            continue
        assert answer["Link"] == f'<{following}>; rel="next"'
        linked.append(noun)
        if noun == "changes":
            continue
        second = get(following.partition("/api/v1/")[2])
        back = second.json()["previous"]
        assert f'<{back}>; rel="prev"' in second["Link"]
        there = get(back.partition("/api/v1/")[2])
        assert there.json()["results"] == answer.json()["results"]
    assert {"commitments", "criteria", "evidence", "history", "changes"} <= {*linked}


FILES = [
    *("/feeds/changes.atom", "/feeds/changes.json", "/feeds/dates.ics"),
    *("/zh-hans/feeds/changes.atom", "/zh-hans/feeds/changes.json"),
    *("/commitments.csv", "/commitments.jsonl", "/commitments.csv?status=delivered"),
]


@pytest.mark.parametrize("address", FILES)
def test_every_feed_and_file_can_be_asked_for_again(settled, client, address):
    answer = client.get(address)
    assert answer.status_code == 200
    assert answer["ETag"].startswith('"')
    assert answer["Last-Modified"] == http_date(int(CHANGED.timestamp()))
    assert answer["Cache-Control"] == "public, max-age=0, must-revalidate"

    for held in (
        {"if-none-match": answer["ETag"]},
        {"if-modified-since": answer["Last-Modified"]},
    ):
        again = client.get(address, headers=held)
        assert again.status_code == 304 and not again.content
        assert again["ETag"] == answer["ETag"]
        assert again["Cache-Control"] == answer["Cache-Control"]


@pytest.mark.parametrize("address", FILES)
def test_a_feed_or_file_that_is_asked_for_wrongly_is_kept_by_nobody(
    settled, client, address
):
    path = address.partition("?")[0]
    tag = client.get(f"{path}?colour=red").headers.get("ETag", '"x"')

    answer = client.get(f"{path}?colour=red", headers={"if-none-match": tag})

    assert answer.status_code == 400 and b"colour" in answer.content
    assert answer["Cache-Control"] == "no-store" and "ETag" not in answer


@pytest.mark.parametrize("path", ["commitments/", "evidence/", "schema/", "stats/"])
def test_asking_again_costs_one_small_read(
    settled, get, django_assert_num_queries, path
):
    answer = get(path)

    with django_assert_num_queries(1) as asked:
        again = get(path, status=304, **{"If-None-Match": answer["ETag"]})
    assert "commitments_dataversion" in asked.captured_queries[0]["sql"]
    for name in ("ETag", "Last-Modified", "Vary", "Cache-Control"):
        assert again[name] == answer[name]
    assert again.content == b""
    get(path, status=304, **{"If-Modified-Since": answer["Last-Modified"]})


def test_a_change_of_data_day_or_code_changes_the_tag(settled, get, monkeypatch):
    tags = {get("commitments/")["ETag"]}
    assess(CommitmentFactory())
    tags.add(get("commitments/")["ETag"])
    monkeypatch.setattr(
        "django.utils.timezone.localdate", lambda *a: datetime(2026, 11, 25).date()
    )
    tags.add(get("commitments/")["ETag"])
    monkeypatch.setattr("tracker.versions.code", lambda: ("new", CHANGED))
    tags.add(get("commitments/")["ETag"])

    assert len(tags) == 4


def test_while_a_change_is_young_its_second_is_not_told(record, get):
    assert "Last-Modified" not in get("commitments/")
    DataVersion.objects.update(changed_at=datetime.now(UTC) - timedelta(days=1))


def test_an_error_is_kept_by_nobody_and_has_no_tag(settled, get):
    for path, status in (("commitments/?x=1", 400), ("commitments/none/", 404)):
        answer = get(path, status=status)
        assert answer["Cache-Control"] == "no-store"
        assert "ETag" not in answer


def test_any_tag_is_held_against_what_there_is(settled, get):
    get("commitments/", status=304, **{"If-None-Match": "*"})
    get("commitments/none/", status=404, **{"If-None-Match": "*"})
    get("commitments/", status=412, **{"If-Match": '"another"'})


@pytest.mark.parametrize("path", ["commitments/", "commitments/?format=csv", "stats/"])
def test_head_is_the_answer_without_its_body(settled, client, path):
    whole, head = client.get(f"/api/v1/{path}"), client.head(f"/api/v1/{path}")

    assert head.status_code == 200 and head.content == b""
    for name in ("ETag", "Last-Modified", "Vary", "Cache-Control", "Content-Type"):
        assert head[name] == whole[name]


def test_an_address_without_its_last_stroke_leads_on(record, client):
    answer = client.get("/api/v1/commitments?status=delivered")

    assert answer.status_code == 301
    assert answer["Location"] == "/api/v1/commitments/?status=delivered"
    assert client.get("/api/v1/nowhere").status_code == 404


def test_options_tells_the_methods_and_nothing_else(record, client):
    answer = client.options("/api/v1/evidence/")

    assert answer.status_code == 204 and answer.content == b""
    assert answer["Allow"] == "GET, POST, HEAD, OPTIONS"


def test_a_tag_from_before_a_restore_holds_for_no_other_data(settled, get):
    before = get("changes/")["ETag"]
    # What is recorded after a restore counts up to the same number again.
    DataVersion.objects.update(changed_at=CHANGED + timedelta(hours=1))

    assert get("changes/", **{"If-None-Match": before})["ETag"] != before
