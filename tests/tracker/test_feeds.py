import json
import re
from datetime import date
from urllib.parse import parse_qs, urlsplit
from xml.etree import ElementTree

import feedparser
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from icalendar import Calendar

from commitments import services
from commitments.models import HistoryEntry
from tests.factories import CommitmentFactory, DraftFactory, UserFactory, assess
from tests.tracker.record import moment
from tracker import feeds

ATOM, JSON, ICS = "/feeds/changes.atom", "/feeds/changes.json", "/feeds/dates.ics"
ADDRESSES = [ATOM, JSON, ICS]


def atom(client, **query):
    answer = client.get(ATOM, query)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("application/atom+xml")
    feed = feedparser.parse(answer.content)
    assert not feed.bozo, feed.get("bozo_exception")
    assert feed.version == "atom10"
    return feed


def items(client, **query):
    answer = client.get(JSON, query)
    assert answer.status_code == 200
    assert answer["Content-Type"] == "application/feed+json"
    return json.loads(answer.content)


def events(client, **query):
    answer = client.get(ICS, query)
    assert answer.status_code == 200
    assert answer["Content-Type"].startswith("text/calendar")
    return Calendar.from_ical(answer.content).walk("VEVENT")


def test_atom_tells_of_every_entry_last_recorded_first(client, record, settings):
    feed = atom(client)
    assert len(feed.entries) == HistoryEntry.objects.count()
    assert feed.entries[0].title.startswith("1.4")  # the merger
    assert feed.feed.updated_parsed[:4] == (2026, 9, 2, 9)
    for entry in feed.entries:
        assert entry.id.startswith("urn:uuid:")
        path, _, anchor = entry.link.partition("#")
        target = client.get(path.removeprefix(settings.SITE_URL))
        assert f'id="{anchor}"' in target.content.decode()


def test_atom_entry_has_old_new_reason_and_evidence(client, record):
    entry = next(
        e for e in atom(client).entries if e.link.endswith(f"#entry-{record.wrong.seq}")
    )
    assert entry.title == (
        "1.2 Join the pact at once & here: "
        "Delivery status: Announced → Partly delivered"
    )
    assert "We misread the notice." in entry.summary
    assert "Took effect: 1 Mar 2026" in entry.summary
    assert "https://example.org/" in entry.summary
    assert entry.updated_parsed[:3] == (2026, 7, 5)


def test_ids_stay_the_same_in_every_feed_at_every_address(client, record, settings):
    before = {e.link.split("#")[1]: e.id for e in atom(client).entries}
    settings.SITE_URL = "https://elsewhere.example"
    assess(CommitmentFactory(), at=moment(9, 5))
    after = {e.link.split("#")[1]: e.id for e in atom(client).entries}
    assert before.items() <= after.items()
    assert len(set(after.values())) == len(after)
    told = {i["url"].split("#")[1]: i["id"] for i in items(client)["items"]}
    assert told == after


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"commitment": "join-the-pact"},
        {"pillar": "2"},
        {"body": "mofcom"},
        {"partner": "asean"},
        {"topic": "trade"},
        {"entry": ["status", "claim"]},
        {"material": "true"},
        {"status": "announced", "sort": "due", "q": "sector"},
        {"as_of": "2026-03-15"},
        {"known_at": "2026-07-04"},
    ],
)
def test_both_feeds_and_the_page_tell_of_the_same_entries(client, record, query):
    links = [entry.link for entry in atom(client, **query).entries]
    assert links == [item["url"] for item in items(client, **query)["items"]]
    page = client.get("/changes/", query).content.decode()
    assert page.count('<li id="entry-') == len(links)
    for link in links:
        assert link.split("#")[1] in page


def test_follower_of_a_filter_hears_that_one_was_withdrawn(client, record):
    titles = [e.title for e in atom(client, body="mofcom").entries]
    assert any("No longer tracked" in title for title in titles)


def test_json_feed_holds_the_plain_values(client, record):
    told = items(client)
    assert told["version"] == "https://jsonfeed.org/version/1.1"
    item = next(
        i for i in told["items"] if i["_tracker"]["seq"] == record.correction.seq
    )
    assert (item["_tracker"]["old"], item["_tracker"]["new"]) == (
        "Partly delivered",
        "Under way",
    )
    assert item["_tracker"]["reason"] == "The notice was a draft."
    assert item["_tracker"]["digest"] == record.correction.digest
    assert item["date_published"] == "2026-08-01T09:00:00Z"


def test_feed_names_the_page_with_its_filters(client, record):
    feed = atom(client, pillar="1")
    assert feed.feed.link.endswith("/changes/?pillar=1")
    own = [link.href for link in feed.feed.links if link.rel == "self"]
    assert own[0].endswith(f"{ATOM}?pillar=1")


def test_feed_is_capped_not_the_record(client, record, monkeypatch):
    monkeypatch.setattr(feeds, "SHOWN", 3)
    assert len(atom(client).entries) == 3


def test_text_that_xml_cannot_carry_does_not_break_the_feed(client, record):
    record.gap.__class__.objects.filter(pk=record.gap.pk).update(title="A\x0bB\x1f")
    assert any("2.1 AB:" in entry.title for entry in atom(client).entries)


def test_empty_feed_is_valid_and_keeps_its_time(client, db, today):
    first, second = client.get(ATOM).content, client.get(ATOM).content
    assert first == second
    root = ElementTree.fromstring(first)
    assert root.findtext("{http://www.w3.org/2005/Atom}updated").startswith(
        "2026-01-01"
    )
    assert items(client)["items"] == []
    assert events(client) == []


def test_calendar_has_promised_dates_and_milestones(client, record):
    found = {str(e["summary"]): e for e in events(client)}
    due = found["1.2 Join the pact at once & here: Promised date"]
    assert due["dtstart"].dt == date(2027, 3, 1)
    assert due["dtend"].dt == date(2027, 3, 2)
    assert due["url"].endswith("/commitments/join-the-pact/")
    step = found["1.2 Join the pact at once & here: Request filed"]
    assert "Known no finer than Jan 2027" in step["description"]
    assert any(name.endswith("Promised date (met)") for name in found)


def test_calendar_keeps_its_ids_and_has_each_once(client, record, settings):
    before = [str(e["uid"]) for e in events(client)]
    settings.SITE_URL = "https://elsewhere.example"
    assert [str(e["uid"]) for e in events(client)] == before
    assert len(set(before)) == len(before)
    assert client.get(ICS).content == client.get(ICS).content
    for event in events(client):
        assert event["dtstamp"].dt.year == 2026


@pytest.mark.parametrize("query", [{}, {"pillar": "2"}, {"body": "mofcom"}])
def test_calendar_has_the_commitments_of_the_list(client, record, query):
    dues = [e for e in events(client, **query) if "Promised date" in e["summary"]]
    rows = client.get("/api/v1/commitments/", query).json()["results"]
    assert len(dues) == sum(row["due_on"] is not None for row in rows)


def test_calendar_of_a_past_day_has_the_steps_of_what_was_withdrawn_since(
    client, record
):
    def summaries():
        return [str(e["summary"]) for e in events(client, as_of="2026-11-01")]

    before = summaries()
    services.withdraw(
        commitment=record.moved,
        reason="It was never said.",
        by=UserFactory(),
        at=moment(11, 20),
    )
    assert "1.2 Join the pact at once & here: Request filed" in before
    assert summaries() == before


def test_calendar_of_one_commitment(client, record):
    assert len(events(client, commitment="join-the-pact")) == 2
    assert events(client, commitment="gone") == []


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize(
    "query", ["colour=red", "entry=x", "commitment=x", "as_of=x", "pillar=9"]
)
def test_wrong_parameter_is_named_with_400(client, record, address, query):
    answer = client.get(f"{address}?{query}")
    assert answer.status_code == 400
    assert query.split("=")[0] in answer.content.decode()


@pytest.mark.parametrize("address", ADDRESSES)
def test_unchanged_feed_is_not_sent_again(client, record, address):
    answer = client.get(address)
    again = client.get(address, headers={"If-None-Match": answer["ETag"]})
    assert again.status_code == 304
    assess(CommitmentFactory(), at=moment(9, 5))
    changed = client.get(address, headers={"If-None-Match": answer["ETag"]})
    assert changed.status_code == 200


@pytest.mark.parametrize("address", ADDRESSES)
def test_drafts_are_never_told(client, record, address):
    DraftFactory(title="Secret plan")
    assert b"Secret" not in client.get(address).content


@pytest.mark.parametrize("address", ADDRESSES)
def test_queries_do_not_grow(client, record, address):
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for day in range(4):
        assess(CommitmentFactory(), at=moment(9, 5 + day))
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few)


@pytest.mark.parametrize("kind", ["changes.atom", "changes.json", "dates.ics"])
def test_list_leads_to_the_feeds_of_its_filters(client, record, kind):
    query = "status=announced&pillar=2&as_of=2026-10-01"
    html = client.get(f"/commitments/?{query}").content.decode()
    link = re.search(rf'href="(/feeds/{kind}\?[^"]*)"', html)[1].replace("&amp;", "&")
    assert parse_qs(urlsplit(link).query) == parse_qs(query)
    assert client.get(link).status_code == 200
