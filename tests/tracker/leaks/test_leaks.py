"""What is private stays private: a marker in each private column, all answers read."""

import json
from datetime import timedelta

import pytest
from django.core import mail

from commitments import services
from commitments.models import HistoryEntry
from tests.commitments.links.web import played
from tests.factories import DraftFactory, assess
from tests.security import routes
from tests.tracker.following import people
from tests.tracker.releases.conftest import own_storage  # noqa: F401 - a fixture
from tests.tracker.webhooks.sink import Sink
from tracker.models import Release
from tracker.releases import keeping, making
from tracker.webhooks import endpoints, notices, sending

from . import fields, planted, reading

pytestmark = [pytest.mark.django_db, pytest.mark.owner, pytest.mark.timeout(900)]


def test_every_text_is_listed_as_public_or_private():
    lists = {
        name: fields.listed(getattr(fields, name))
        for name in ("PUBLIC", "ONCE_PUBLISHED", "PRIVATE", "WORDS")
    }
    both = set(lists["PUBLIC"]) & set(lists["PRIVATE"])
    assert not both
    known = {column for columns in lists.values() for column in columns}
    assert fields.of_texts() - known == set(), "say in fields.py whether it is public"
    assert known - fields.of_texts() == set(), "no such column"


@pytest.fixture
def one(record, settings):
    """A record with a marker in every private column."""
    settings.API_RATE = settings.API_KEY_RATE = 0
    services.write_checkpoint(at=records_at())
    return planted.plant(record)


def records_at():
    return planted.AT - timedelta(days=30)


@pytest.fixture
def names(one):
    """Values for the parts of addresses: of what is public, and of what is not."""
    record = one.record
    public = [record.moved.slug, "mofcom", "asean", "trade", "tariff", "speech"]
    public += ["pillar-1", record.moved.evidence.first().slug, record.withdrawn.slug]
    private = [one.draft.slug, one.draft.evidence.last().slug]
    return {
        "slug": [*public, *private],
        "id": [
            "1",
            str(one.draft.criteria.first().pk),
            str(one.draft.milestones.get().pk),
        ],
        "seq": ["1", str(HistoryEntry.objects.count())],
        "number": ["1"],
        "delivery": ["1"],
    }


def leaks(client, one, addresses, **headers):
    found, read = [], 0
    for address in dict.fromkeys(addresses):
        content = reading.read(client, address, **headers)
        read += 1
        if planted.MARK in address:
            for mark in one.markers:
                if mark in address.encode():
                    content = content.replace(mark, b"")
        found += [f"{address}: {told}" for told in one.found_in(content)]
    return found, read


def test_every_private_column_holds_a_marker(one):
    """The test below can fail: each column is planted, and would be found."""
    columns = {*fields.listed(fields.PRIVATE), *fields.listed(fields.ONCE_PUBLISHED)}
    assert {f"{model}.{name}" for model, name in columns} == set(one.markers.values())
    for mark, told in one.markers.items():
        assert told in one.found_in(b"x" + mark + b"y")


def test_no_page_and_no_file_holds_a_private_text(client, one):
    known = routes.known(one.record) | {"url": "nowhere/"}
    hidden = {**known, "slug": one.draft.slug, "reference": "nothing"}
    hidden |= {name: one.draft.slug for name in known if name.startswith("api-")}
    for page in ("evidence", "api-evidence-detail"):
        hidden[f"{page}:slug"] = one.draft.evidence.last().slug
    addresses = [*reading.pages(known), *reading.pages(hidden)]
    addresses += [
        f"{a}?{day}" for a in reading.pages(known) for day in reading.DAYS[:1]
    ]
    addresses += [f"/corrections/tips/{tip.reference}/" for tip in one.tips]
    found, read = leaks(client, one, addresses)
    assert found == []
    assert read > 240


def test_no_answer_of_the_api_holds_a_private_text(client, one, names):
    found, read = leaks(client, one, reading.of_the_api(names))
    assert found == []
    assert read > 1000


SEARCHED = (
    *("/api/v1/commitments/", "/api/v1/commitments/count/", "/api/v1/stats/"),
    *("/api/v1/history/", "/api/v1/history/count/", "/commitments/", "/changes/"),
    *("/zh-hans/commitments/", "/feeds/changes.atom", "/feeds/changes.json"),
    *("/feeds/dates.ics", "/commitments.csv", "/commitments.jsonl"),
)


def test_no_search_finds_or_counts_a_private_text(client, one):
    """Whoever searches for a marker is told what who searches for nonsense is told."""
    for address in SEARCHED:
        for day in ("", "&as_of=2026-07-05", "&known_at=2026-07-05"):
            told = [
                b"".join(client.get(f"{address}?q={word}{day}")).replace(
                    word.encode(), b""
                )
                for word in (planted.MARK, "qqy")
            ]
            assert told[0] == told[1], (address, day)


FILTERS = ("commitment", "body", "partner", "topic", "indicator", "source", "language")


def test_what_is_not_public_is_answered_as_what_never_was(client, one):
    """A filter by the name of a draft says no more than one by no name at all."""
    for noun in ("criteria", "milestones", "history", "evidence", "indicators"):
        for way in ("", "count/"):
            told = [
                client.get(f"/api/v1/{noun}/{way}", {"commitment": name})
                for name in (one.draft.slug, "zz-no-such")
            ]
            texts = [
                a.content.decode().replace(one.draft.slug, "zz-no-such") for a in told
            ]
            assert told[0].status_code == told[1].status_code
            assert texts[0] == texts[1], noun
    languages = client.get("/api/v1/evidence/?language=zz").json()["errors"][0]["known"]
    assert "en" in languages or languages
    assert not [word for word in languages if planted.MARK in word]


def answered(client, addresses):
    return {address: b"".join(client.get(address)) for address in addresses}


def test_no_count_and_no_order_tells_of_a_draft(client, record):
    before = answered(client, COUNTED)
    draft = DraftFactory(pillar=record.moved.pillar)
    draft.bodies.add(record.body)
    draft.partners.add(record.partner)
    draft.topics.add(record.topic)
    draft.milestones.create(key="m", title="A step")
    draft.evidence.add(record.moved.evidence.first())
    record.indicator.commitments.add(draft)
    assert answered(client, COUNTED) == before


COUNTED = [
    *("/api/v1/stats/", "/api/v1/stats/?body=mofcom", "/api/v1/commitments/"),
    *(f"/api/v1/{noun}/count/" for noun in ("commitments", "criteria", "milestones")),
    *("/api/v1/history/count/", "/api/v1/evidence/count/", "/api/v1/bodies/"),
    *("/api/v1/commitments/count/?topic=trade", "/api/v1/indicators/tariff/"),
    *("/api/v1/passages/?expand=commitments", "/api/v1/commitments/?sort=due"),
    *("/api/v1/indicators/?expand=commitments", "/commitments.csv", "/sitemap.xml"),
]


def test_no_tag_moves_with_what_is_private(client, record):
    """A tag that changed would tell that something happened at the desk."""
    tags = {a: client.get(a).headers.get("ETag") for a in COUNTED if "/api/" in a}
    pages = answered(client, ("/", "/changes/", "/commitments/", "/data/"))
    made = planted.Planted(record)
    planted.work_at_the_desk(made, is_answered=False)
    DraftFactory()
    assert all(tags.values()) and made.tips
    assert {a: client.get(a).headers.get("ETag") for a in tags} == tags
    assert answered(client, pages) == pages


def test_no_file_of_a_release_holds_a_private_text(client, one):
    made = making.make_release(at=moment_after())
    read = 0
    for release in Release.objects.all():
        for file in release.files.select_related("release"):
            with keeping.opened(file) as held:
                content = held.read()
            for part in reading.unpacked(file.name, content):
                assert one.found_in(part) == [], file.name
            read += 1
        answer = client.get(f"/data/releases/{release.number}/")
        assert one.found_in(answer.content) == []
    assert made.number == 2 and read > 60


def moment_after():
    return planted.AT + timedelta(days=10)


def test_neither_a_webhook_nor_a_mail_to_another_holds_a_private_text(one, settings):
    """One endpoint and one follower of their own, told of a change like everybody."""
    at = planted.AT + timedelta(days=2)
    key, _ = services.make_key(
        name="mine", scopes=["webhooks"], expires_at=at + timedelta(900), at=at
    )
    people.follower("ann@example.org", at=at)
    with played() as web:
        sink = Sink(web, "hook.test/in")
        endpoint, _ = endpoints.register(
            key=key, url=sink.url, email="owner@example.org", at=at
        )
        sending.relay(clock=lambda: at)
        assess(one.record.gap, status="under_way", at=at, effective_on=at.date())
        for hour in range(3):
            sending.relay(clock=lambda hour=hour: at + timedelta(hours=hour))
        sink.always = 410
        endpoints.send_test(
            endpoint=endpoint.__class__.objects.get(pk=endpoint.pk), at=at
        )
        sending.relay(clock=lambda: at + timedelta(hours=4))
    assert sink.arrived
    told = b"".join(sink.arrived) + json.dumps(sink.headers).encode()
    assert one.found_in(told) == []

    mail.outbox.clear()
    people.tell(at=at)
    people.send(at=at + timedelta(minutes=5))
    notices.send_notices(at=at + timedelta(hours=5))
    mine = [
        m for m in mail.outbox if m.to in (["ann@example.org"], ["owner@example.org"])
    ]
    assert [m for m in mine if m.to == ["ann@example.org"]]
    for message in mine:
        assert one.found_in(message.message().as_bytes()) == [], message.subject
        assert one.found_in(message.body.encode()) == []
        assert all(
            one.found_in(text.encode()) == [] for text, _ in message.alternatives
        )
