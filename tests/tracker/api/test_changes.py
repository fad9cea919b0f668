"""What changed since: in order, without gaps, and the same for whoever asks when."""

import random
import re
import threading
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django.db import close_old_connections, connection
from django.test.utils import CaptureQueriesContext

from commitments import services
from commitments.models import Commitment, HistoryEntry
from tests.factories import (
    CommitmentFactory,
    DraftFactory,
    EvidenceFactory,
    ReviewerFactory,
    UserFactory,
    assess,
    two_people,
)

GUIDE = Path(__file__).parents[3] / "docs" / "api.md"
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)


def changes(client, **query):
    answer = client.get("/api/v1/changes/", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


@pytest.mark.django_db
def test_each_change_tells_what_stood_before_and_after(client):
    one = CommitmentFactory()
    assess(one)
    services.move_deadline(
        commitment=one,
        due_on=date(2028, 1, 1),
        due_precision="day",
        reason="Moved by a notice.",
        evidence=[EvidenceFactory()],
        effective_on=date(2026, 7, 2),
        at=NOW,
        **two_people(),
    )
    services.withdraw(
        commitment=one,
        reason="It was read twice.",
        by=ReviewerFactory(),
        at=NOW,
    )

    page = changes(client)

    assert [c["type"] for c in page["results"]] == [
        "material",
        "material",
        "schedule",
        "tombstone",
    ]
    first, status, moved, gone = page["results"]
    assert (first["old"], first["new"]["status"]) == (None, None)
    assert (status["old"]["status"], status["new"]["status"]) == (None, "under_way")
    assert (moved["old"]["due_on"], moved["new"]["due_on"]) == (
        "2030-12-31",
        "2028-01-01",
    )
    assert gone["new"]["standing"] == "withdrawn"
    assert status["reason"] == "A notice took effect."
    assert (page["after"], page["more"]) == (gone["seq"], False)


@pytest.mark.django_db
def test_a_page_goes_on_from_the_last_number(client):
    for _ in range(3):
        assess(CommitmentFactory())
    every = changes(client)["results"]

    first = changes(client, limit=4)
    rest = changes(client, after=first["after"])

    assert first["more"] is True
    assert first["results"] + rest["results"] == every
    assert changes(client, after=rest["after"]) == {
        "results": [],
        "after": rest["after"],
        "more": False,
    }


@pytest.mark.django_db
def test_an_answer_once_given_never_changes(client):
    one = CommitmentFactory()
    entry = assess(one)
    before = changes(client)["results"]

    services.correct(
        entry=entry,
        reason="It was announced only.",
        status="announced",
        criteria_met=[],
        confidence="medium",
        evidence=[EvidenceFactory()],
        effective_on=date(2026, 3, 1),
        looked_until=date(2026, 7, 2),
        at=NOW,
        **two_people(),
    )

    after = changes(client)["results"]
    assert after[: len(before)] == before
    correction = after[-1]
    assert (correction["type"], correction["corrects"]) == ("correction", entry.seq)
    assert correction["old"]["status"] == "under_way"
    assert correction["new"]["status"] == "announced"


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    ["after=x", "after=-1", "after=1e3", f"after={10**30}", "limit=501", "limit=0x1"]
    + ["before=1", "after=%00", "after=１"],
)
def test_what_is_no_number_is_refused(client, query):
    answer = client.get(f"/api/v1/changes/?{query}")

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"


@pytest.mark.django_db
def test_drafts_and_names_do_not_leave(client):
    DraftFactory(title="A hidden draft")
    assess(CommitmentFactory(), by=UserFactory(first_name="Marker", last_name="Name"))

    page = client.get("/api/v1/changes/").content.decode()

    assert "hidden" not in page
    assert "Marker" not in page


@pytest.mark.django_db
def test_queries_do_not_grow(client):
    assess(CommitmentFactory())
    with CaptureQueriesContext(connection) as few:
        changes(client)
    for _ in range(4):
        assess(CommitmentFactory())
    with CaptureQueriesContext(connection) as many:
        changes(client)

    assert len(many) == len(few)


def client_of_the_guide():
    names = {}
    for sample in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL):
        exec(sample, names)
    return names["sync"], names["everything"]


class Stopped(Exception):
    """The client's process ended, at any moment."""


@pytest.mark.django_db(transaction=True)
def test_the_client_of_the_guide_ends_equal_to_the_source(
    live_server, tmp_path, monkeypatch
):
    sync, everything = client_of_the_guide()
    commitments = [CommitmentFactory() for _ in range(4)]
    people = [two_people() for _ in range(3)]
    evidence = EvidenceFactory()
    failures = []

    def write(who, turn):
        chance = random.Random(turn)
        try:
            for n in range(12):
                one = Commitment.objects.get(pk=chance.choice(commitments).pk)
                try:
                    assess(
                        one,
                        status=chance.choice(["announced", "under_way"]),
                        evidence=[evidence],
                        at=NOW + timedelta(minutes=n),
                        **who,
                    )
                except services.record.RuleBroken:
                    # The same status again is no change.
                    continue
        except Exception as error:  # noqa: BLE001 - told by the test itself
            failures.append(error)
        finally:
            close_old_connections()
            connection.close()

    writers = [
        threading.Thread(target=write, args=(who, turn))
        for turn, who in enumerate(people)
    ]
    path, chance, seen = tmp_path / "copy.json", random.Random(7), []
    replace = Path.replace

    def perhaps_stop(self, target):
        if chance.random() < 0.3:
            raise Stopped
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", perhaps_stop)
    for writer in writers:
        writer.start()
    while any(writer.is_alive() for writer in writers):
        try:
            seen.append(sync(live_server.url, path)["after"])
        except Stopped:
            continue
    for writer in writers:
        writer.join()
    monkeypatch.setattr(Path, "replace", replace)
    services.withdraw(
        commitment=Commitment.objects.get(pk=commitments[0].pk),
        reason="It was read twice.",
        by=ReviewerFactory(),
        at=NOW + timedelta(days=1),
    )

    kept = sync(live_server.url, path)

    assert failures == []
    assert seen == sorted(seen)
    assert kept["after"] == HistoryEntry.objects.latest("seq").seq
    source = {
        row["slug"]: row["status"]
        for row in everything(f"{live_server.url}/api/v1/commitments/")
    }
    assert {k: v["status"] for k, v in kept["commitments"].items()} == source
