"""What changed since: complete, in order, and a copy kept by it equals the source."""

import json
import random
import re
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from threading import Event as Flagged

import pytest
from django.db import connection, connections

from commitments import services
from commitments.check import check_record
from commitments.models import Commitment, HistoryEntry
from tests.factories import (
    AT,
    CommitmentFactory,
    DraftFactory,
    EvidenceFactory,
    UserFactory,
    assess,
    two_people,
)
from tracker.models import Event

GUIDE = Path(__file__).parents[3] / "docs" / "api.md"


@pytest.fixture
def feed(client):
    def feed(status=200, **query):
        answer = client.get("/api/v1/changes/", query)
        assert answer.status_code == status, answer.content
        return answer.json()

    return feed


def test_each_kind_of_entry_has_its_type(record, feed):
    kinds = {row["kind"]: row["type"] for row in feed()["results"]}

    assert kinds == {
        "published": "material",
        "status": "material",
        "claim": "material",
        "wording": "editorial",
        "correction": "correction",
        "withdrawn": "tombstone",
        "merged": "tombstone",
    }


def test_an_entry_leads_from_old_values_to_new_ones_for_good(db, feed):
    commitment = CommitmentFactory()
    assess(commitment, status="announced", effective_on=date(2026, 2, 1))
    first = feed()["results"]

    # An earlier day, recorded later, does not rewrite what was handed out.
    assess(commitment, status="under_way", effective_on=date(2026, 1, 5))
    again = feed()["results"]

    assert again[:2] == first
    assert first[0]["old"] is None
    assert (first[1]["old"]["status"], first[1]["new"]["status"]) == ("", "announced")
    assert again[2]["new"]["status"] == "announced"


def test_what_left_is_a_tombstone_that_says_where_to(record, feed):
    gone = [row for row in feed()["results"] if row["type"] == "tombstone"]

    assert [(row["commitment"], row["new"]["standing"]) for row in gone] == [
        ("gone", "withdrawn"),
        ("joined", "merged"),
    ]
    assert gone[1]["new"]["merged_into"] == "join-the-pact"


def test_a_draft_published_late_comes_after_all_that_was_handed_out(db, feed):
    draft = DraftFactory()
    assess(CommitmentFactory())
    position = feed()["last"]

    services.publish(commitment=draft, by=UserFactory(), at=AT)

    assert [r["commitment"] for r in feed(after=position)["results"]] == [draft.slug]


def test_going_on_from_any_position_gives_the_rest(record, feed):
    everything = feed()["results"]

    for row in everything:
        rest = feed(after=row["seq"], limit=2)
        following = [r for r in everything if r["seq"] > row["seq"]]
        assert rest["results"] == following[:2]
        assert rest["more"] is (len(following) > 2)


@pytest.mark.parametrize(
    "query", [{"after": "x"}, {"after": -1}, {"limit": 0}, {"limit": 501}, {"x": 1}]
)
def test_a_wrong_parameter_is_named(db, feed, query):
    assert feed(status=400, **query)["errors"][0]["field"] == next(iter(query))


def test_more_changes_take_no_more_queries(record, client, django_assert_num_queries):
    # The version for the tag, and what the outbox keeps of the entries.
    with django_assert_num_queries(2):
        client.get("/api/v1/changes/")


def test_an_entry_older_than_the_outbox_is_told_the_same(record, client):
    told = client.get("/api/v1/changes/").content
    Event.objects.filter(pk__gt=3).delete()

    assert client.get("/api/v1/changes/").content == told


def test_an_event_that_differs_from_its_entry_is_found_by_the_check(record):
    assert list(check_record()) == []

    Event.objects.filter(pk=2).update(body="{}")

    assert list(check_record()) == ["entry 2: its event differs from the record"]


def client_of_the_guide():
    names = {}
    samples = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    exec(next(s for s in samples if "def sync(" in s), names)
    return names["sync"], names["nothing"]()


@pytest.mark.django_db
def test_a_copy_neither_keeps_what_left_nor_lacks_what_came_back(client, monkeypatch):
    (sync, copy), people = client_of_the_guide(), two_people()

    def kept():
        sync("", copy)
        return set(copy["commitments"])

    monkeypatch.setattr("urllib.request.urlopen", lambda url: Answer(client, url))
    one = CommitmentFactory()
    wrong = assess(one)
    put_right = {"strike": True, "reason": "Another one.", **people, "at": AT}
    left = services.withdraw(
        commitment=one, reason="Never said.", by=UserFactory(), at=AT
    )
    assert kept() == set()
    services.correct(entry=wrong, **put_right)
    assert kept() == set()
    services.correct(entry=left, **put_right)
    assert kept() == {one.slug}


@pytest.mark.django_db
@pytest.mark.parametrize("ahead", [0, 1, 3])
def test_a_copy_ahead_of_a_restored_tracker_begins_anew(client, monkeypatch, ahead):
    sync, copy = client_of_the_guide()
    monkeypatch.setattr("urllib.request.urlopen", lambda url: Answer(client, url))
    one = CommitmentFactory()
    sync("", copy)
    true = json.loads(json.dumps(copy))
    # What the tracker told after the backup, of which it knows nothing any more.
    copy["last"] += ahead
    copy["digest"] = "f" * 64
    copy["commitments"] = {"lost": copy["commitments"][one.slug]}

    sync("", copy)

    assert copy == true


class Answer(BytesIO):
    """What the site answers, as ``urlopen`` gives it."""

    def __init__(self, client, url):
        super().__init__(client.get(url).content)


def write(seed, documents, people):
    """Write a random history: publish, assess, look, withdraw."""
    chance = random.Random(seed)
    try:
        mine = []
        for step in range(12):
            if not mine or chance.random() < 0.3:
                mine.append(
                    CommitmentFactory(slug=f"c-{seed}-{step}", ref=f"{seed}.{step}")
                )
                continue
            one = chance.choice(mine)
            if step > 8 and len(mine) > 1:
                mine.remove(one)
                services.withdraw(
                    commitment=one, reason="Never said.", by=people[0], at=AT
                )
                continue
            one.refresh_from_db()
            wanted = "announced" if one.status == "under_way" else "under_way"
            day = max(date(2026, 1, 1), one.status_since or date(2026, 1, 1))
            assess(
                one,
                status=wanted,
                evidence=documents,
                by=people[0],
                approver=people[1],
                effective_on=day + timedelta(days=1),
            )
    finally:
        connection.close()


def test_the_client_of_the_guide_ends_equal_while_writers_write(
    live_server, transactional_db
):
    from tests.factories import PillarFactory, ReviewerFactory

    (sync, copy), chance = client_of_the_guide(), random.Random(6)
    documents, people = [EvidenceFactory()], (UserFactory(), ReviewerFactory())
    PillarFactory()
    writers = 4 if connection.vendor == "postgresql" else 1
    stopped = Flagged()

    def keep_up():
        # Stops after a random number of pages, and goes on from what it kept.
        handed_out = []
        while not stopped.is_set():
            seen = copy["last"]
            sync(live_server.url, copy, pages=chance.randint(1, 3), limit=3)
            assert copy["last"] >= seen
            handed_out.append(copy["last"])
        return handed_out

    with ThreadPoolExecutor(writers + 1) as pool:
        reader = pool.submit(keep_up)
        work = [pool.submit(write, n + 1, documents, people) for n in range(writers)]
        try:
            for one in work:
                one.result()
        finally:
            stopped.set()
        assert reader.result()
    connections.close_all()
    sync(live_server.url, copy)

    source = {
        c.slug: (c.title, c.status, c.official_position, c.due_on.isoformat())
        for c in Commitment.objects.standing_now()
    }
    assert copy["last"] == HistoryEntry.objects.count()
    assert {
        slug: (v["title"], v["status"], v["official_position"], v["due_on"])
        for slug, v in copy["commitments"].items()
    } == source
