from datetime import date

import pytest

from commitments import services
from commitments.statuses import FlagReason
from tests.factories import (
    AT,
    CommitmentFactory,
    DraftFactory,
    EvidenceFactory,
    PlanFactory,
    UserFactory,
    assess,
)

pytestmark = pytest.mark.django_db


def slugs(answer):
    return [row["slug"] for row in answer.json()["results"]]


def test_a_commitment_tells_its_test_status_and_history(get):
    commitment, document = CommitmentFactory(), EvidenceFactory(official=True)
    assess(
        commitment, status="partly_delivered", criteria_met=["a"], evidence=[document]
    )

    found = get(f"commitments/{commitment.slug}/").json()

    assert found["status"] == "partly_delivered"
    assert found["reason"] == "A notice took effect."
    assert [(c["key"], c["met"]) for c in found["criteria"]] == [
        ("a", True),
        ("b", False),
    ]
    assert [entry["kind"] for entry in found["history"]] == ["published", "status"]
    assert found["history"][1]["evidence"][0]["id"] == document.slug


def test_the_same_question_of_past_days(get):
    commitment = CommitmentFactory()
    assess(commitment, status="announced", effective_on=date(2026, 1, 5))
    assess(commitment, effective_on=date(2026, 3, 1))
    path = f"commitments/{commitment.slug}/"

    then = get(f"{path}?as_of=2026-02-01").json()

    assert (then["status"], len(then["history"])) == ("announced", 2)
    assert get("commitments/?status=announced&as_of=2026-02-01").json()["results"]
    assert slugs(get("commitments/?status=announced")) == []
    assert get("stats/?as_of=2026-02-01").json()["status"]["announced"] == 1
    get(f"{path}?known_at=2026-07-02", status=404)


def test_drafts_are_nowhere(get):
    draft = DraftFactory(title="Secret canary")
    document = EvidenceFactory(title="Secret canary")
    draft.evidence.add(document)

    for path in ("commitments/", "history/", "evidence/", "stats/", "sources/"):
        assert b"canary" not in get(path).content
    get(f"commitments/{draft.slug}/", status=404)


def test_names_of_analysts_never_leave(get):
    commitment = CommitmentFactory()
    assess(commitment, by=UserFactory(username="canary"))

    for path in ("history/", f"commitments/{commitment.slug}/"):
        assert b"canary" not in get(path).content


def test_a_merged_commitment_leads_on(get, client):
    gone, into = CommitmentFactory(), CommitmentFactory()
    services.merge(
        commitment=gone, into=into, reason="The same.", by=UserFactory(), at=AT
    )

    answer = get(f"commitments/{gone.slug}/", status=301)

    assert answer["Location"] == f"/api/v1/commitments/{into.slug}/"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("commitments/?colour=red", "colour"),
        ("commitments/?status=red", "status"),
        ("commitments/?as_of=2026-02-30", "as_of"),
        ("commitments/?limit=0", "limit"),
        ("commitments/?limit=1000", "limit"),
        ("history/?after=x", "after"),
        ("evidence/?type=x", "type"),
        ("bodies/?x=1", "x"),
        ("stats/?status=red", "status"),
    ],
)
def test_a_wrong_parameter_is_named_with_the_known_ones(get, path, field):
    answer = get(path, status=400)

    problem = answer.json()
    assert answer["Content-Type"] == "application/problem+json"
    assert problem["status"] == 400
    assert problem["errors"][0]["field"] == field


@pytest.mark.parametrize("path", ["nowhere/", "commitments/no-such/", "history/99/"])
def test_nothing_there_is_a_problem_too(get, path):
    assert get(path, status=404)["Content-Type"] == "application/problem+json"


def test_pages_meet_without_gap_or_repeat(get):
    made = [CommitmentFactory().slug for _ in range(5)]

    seen, path = [], "commitments/?limit=2"
    while path:
        answer = get(path).json()
        seen += [row["slug"] for row in answer["results"]]
        path = (answer["next"] or "").partition("/api/v1/")[2]

    assert sorted(seen) == sorted(made)


@pytest.mark.parametrize("path", ["commitments/", "history/", "stats/", "evidence/"])
def test_more_commitments_take_no_more_queries(
    get, path, django_assert_max_num_queries
):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    counts = []
    for _ in range(2):
        for _ in range(3):
            assess(CommitmentFactory())
        with CaptureQueriesContext(connection) as queries:
            get(path)
        counts.append(len(queries))

    assert counts[0] == counts[1]


def test_asking_again_with_the_tag_costs_two_reads(get, django_assert_num_queries):
    commitment = CommitmentFactory()
    tag = get("commitments/")["ETag"]

    with django_assert_num_queries(1):
        get("commitments/", status=304, **{"If-None-Match": tag})
    assess(commitment)
    get("commitments/", status=200, **{"If-None-Match": tag})


def test_reads_are_open_to_other_sites_and_writes_refused(get, client):
    PlanFactory()
    there = {"origin": "https://newsroom.example"}
    assert get("stats/", **there)["Access-Control-Allow-Origin"] == "*"
    assert get("nowhere/", 404, **there)["Access-Control-Allow-Origin"] == "*"
    assert client.post("/api/v1/commitments/").status_code == 405
    asked = {**there, "access-control-request-method": "POST"}
    answer = client.options("/api/v1/proposals/", headers=asked)
    assert "POST" not in answer["Access-Control-Allow-Methods"]
    assert "authorization" not in answer["Access-Control-Allow-Headers"]


def test_the_schema_names_every_list(get):
    schema = get("schema/?format=json").json()

    assert schema["openapi"] == "3.1.0"
    for name in get("").json():
        if name not in ("schema", "docs"):
            assert f"/api/v1/{name}/" in schema["paths"]


def test_the_reference_loads_nothing_from_elsewhere(get):
    page = get("docs/").content.decode()

    assert "http://" not in page and "https://" not in page
    assert "<script>" not in page
    assert FlagReason.STALE not in page


def test_an_errors_type_leads_to_what_it_means(client, settings):
    problem = client.get("/api/v1/commitments/?colour=red").json()
    address, _, anchor = problem["type"].removeprefix(settings.SITE_URL).partition("#")

    page = client.get(address)

    assert page.status_code == 200
    assert f'id="{anchor}"' in page.content.decode()
    assert problem["errors"][0]["field"] == "colour"


@pytest.mark.parametrize("query", ["q=%00", "q=%ff%fe", "%00=1"])
def test_unreadable_addresses_are_problems_too(client, query):
    answer = client.get(f"/api/v1/commitments/?{query}")

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert answer.json()["detail"] == "What was sent holds a NUL or is not UTF-8."
