"""Any past day, of every noun that has a past; the others say that they have none."""

import pytest

from commitments import services
from commitments.models import Evidence
from tests.factories import UserFactory
from tests.tracker.record import moment

NOUNS = ("commitments", "history", "evidence", "criteria", "milestones")


@pytest.mark.parametrize("noun", NOUNS)
@pytest.mark.parametrize(
    "day",
    ["as_of=2026-03-15", "known_at=2026-07-05", "as_of=2026-06-10&known_at=2026-07-06"],
)
def test_list_detail_and_count_agree_on_a_past_day(record, get, noun, day):
    rows = get(f"{noun}/?{day}").json()["results"]

    assert get(f"{noun}/count/?{day}").json() == {"count": len(rows)}
    for row in rows:
        key = row.get("slug") or row.get("seq") or row["id"]
        detail = get(f"{noun}/{key}/?{day}").json()
        assert {name: detail[name] for name in row} == row


def test_titles_are_those_of_the_day(record, get):
    path = "commitments/join-the-pact/"

    assert get(path).json()["title"] == "Join the pact at once & here"
    assert get(f"{path}?as_of=2026-07-31").json()["title"] == (
        "Join the pact now & here"
    )
    known = get("commitments/?known_at=2026-08-01").json()["results"]
    assert "Join the pact now & here" in [row["title"] for row in known]


def test_parts_are_met_from_the_day_on_which_they_were(record, get):
    def met(query):
        rows = get(f"criteria/?commitment=cut-the-list{query}").json()["results"]
        return [row["met"] for row in rows]

    assert met("") == [True, True]
    assert met("&as_of=2026-04-30") == [False, False]
    assert get("criteria/?known_at=2026-07-02").json()["results"] == []


def test_what_was_not_yet_written_is_not_there(record, get):
    late = get("history/?order=recorded&limit=1").json()["results"][0]

    get(f"history/{late['seq']}/")
    get(f"history/{late['seq']}/?known_at=2026-08-01", status=404)


def test_a_document_is_there_from_its_first_citation(record, get):
    every = get("evidence/count/").json()["count"]
    then = get("evidence/?known_at=2026-07-04").json()["results"]

    assert 0 < len(then) < every
    assert all(row["link"] is None for row in then)


def test_a_document_is_that_of_the_commitments_that_had_cited_it(record, get):
    notice = Evidence.objects.get(title="Notice 12")
    path, days = f"evidence/{notice.slug}/", "known_at=2026-10-01"
    before = get(f"{path}?{days}").content
    assert get(path).json()["commitments"] == ["cut-the-list"]
    services.attach_evidence(
        commitment=record.moved,
        evidence=[notice],
        reason="It serves this one too.",
        by=UserFactory(),
        at=moment(11, 1),
    )

    def of(query):
        rows = get(f"evidence/?commitment=join-the-pact{query}").json()["results"]
        return notice.slug in [row["id"] for row in rows]

    assert get(path).json()["commitments"] == ["cut-the-list", "join-the-pact"]
    assert get(f"{path}?{days}").content == before
    told = get(f"{path}?{days}&expand=commitments").json()["commitments"]
    assert [one["slug"] for one in told] == ["cut-the-list"]
    assert (of(""), of(f"&{days}"), of("&known_at=2026-11-01")) == (True, False, True)


def test_values_of_later_days_are_left_out(record, get):
    assert get("observations/").json()["results"]
    assert get("observations/?as_of=2026-06-29").json()["results"] == []
    assert get("indicators/tariff/?as_of=2026-06-29").json()["observations"] == []
    assert len(get("indicators/tariff/").json()["observations"]) == 1


@pytest.mark.parametrize(
    ("path", "why"),
    [
        ("bodies/?as_of=2026-03-01", "fact beside the history"),
        ("sources/speech/?known_at=2026-03-01", "fact beside the history"),
        ("passages/count/?as_of=2026-03-01", "fact beside the history"),
        ("indicators/?known_at=2026-03-01", "is not kept"),
        ("observations/?known_at=2026-03-01", "is not kept"),
        ("changes/?as_of=2026-03-01", "by positions"),
    ],
)
def test_what_has_no_past_says_why(record, get, path, why):
    problem = get(path, status=400).json()

    assert why in problem["detail"]
    assert problem["errors"][0]["field"] in ("as_of", "known_at")


@pytest.mark.parametrize("noun", [*NOUNS, "indicators", "observations"])
def test_a_day_ahead_is_refused(record, get, noun):
    assert "lies ahead" in get(f"{noun}/?as_of=2999-01-01", status=400).json()["detail"]


def test_the_history_takes_the_filters_of_the_page_of_changes(record, get, page):
    asked = "entry=correction&entry=wording&status=under_way&order=happened"
    rows = get(f"history/?{asked}").json()["results"]

    assert [row["kind"] for row in rows] == ["wording", "correction"]
    shown = page(f"/changes/?{asked}")
    assert all(row["reason"] in shown for row in rows)
    assert get("history/count/?material=true").json()["count"] == sum(
        row["kind"] in ("status", "claim", "correction")
        for row in get("history/").json()["results"]
    )


def test_counts_have_the_filters_of_the_list(record, get):
    assert get("stats/?pillar=2").json()["commitments"] == 2
    assert get("stats/?status=-delivered").json()["status"]["delivered"] == 0
    assert get("stats/?q=pact").json()["commitments"] == 1
