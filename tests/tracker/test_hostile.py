"""Addresses that nobody means well by: each public page answers in words."""

from datetime import date
from itertools import product

import pytest

from commitments import services
from commitments.models import Milestone
from tests.factories import DraftFactory, UserFactory, assess
from tests.tracker.record import moment

PAGES = [
    *("/changes/", "/bodies/", "/bodies/mofcom/", "/partners/asean/", "/topics/"),
    *("/indicators/", "/indicators/tariff/", "/claim-evidence-gap/", "/freshness/"),
    *("/corrections/", "/embed/join-the-pact/", "/embed/timeline/join-the-pact/"),
    *("/embed/status-bar/", "/embed/join-the-pact.svg", "/share/join-the-pact.png"),
    *("/embed/status-bar.svg", "/embed/timeline/join-the-pact.svg", "/share.png"),
    *("/feeds/changes.atom", "/feeds/changes.json", "/feeds/dates.ics"),
]
IMPOSSIBLE = [
    "as_of=9999-12-31",
    "as_of=2026-11-25",
    "as_of=-1",
    "as_of=" + "9" * 5000,
    "as_of=2026-01-01&as_of=2026-01-02",
    "known_at=%E2%80%AE",
    "known_at=0000-00-00",
]
DAYS = ["0001-01-01", "0001-04-30", "1899-12-31", "2025-12-28", "2026-11-24"]


def test_any_past_day_is_answered(client, record):
    shown = ["/", "/commitments/", *PAGES]
    for address, day, name in product(shown, DAYS, ("as_of", "known_at")):
        code = client.get(address, {name: day}).status_code
        assert code in (200, 404), (address, name, day)


def test_a_promise_for_the_last_days_of_the_calendar_breaks_no_page(client, record):
    due, last = date(9999, 9, 2), date(9999, 12, 31)
    given = {"original_due_on": due, "original_due_precision": "day"}
    draft = DraftFactory(slug="for-ever", ref="1.70", **given)
    Milestone.objects.create(commitment=draft, key="end", title="The end", due_on=last)

    services.publish(commitment=draft, by=UserFactory(), at=moment(9, 3))

    for address in [*EVERY, "/commitments/for-ever/", "/api/v1/commitments/"]:
        assert client.get(address).status_code in (200, 400), address
    calendar = client.get("/feeds/dates.ics").content.decode()
    assert f"{due:%Y%m%d}" in calendar and f"{last:%Y%m%d}" in calendar


def test_a_promise_of_the_first_days_of_the_calendar_can_be_recorded(client, record):
    first = date(1, 1, 1)
    draft = DraftFactory(ref="1.70", stated_on=first, original_due_on=first)
    DraftFactory._meta.model.objects.filter(pk=draft.pk).update(
        original_due_precision="day"
    )

    services.publish(commitment=draft, by=UserFactory(), at=moment(9, 3))
    assess(draft, status="announced", effective_on=date(2026, 3, 1), at=moment(9, 3))

    assert client.get("/api/v1/commitments/").status_code == 200


def test_impossible_day_is_refused_in_words(client, record):
    for address, query in product(PAGES, IMPOSSIBLE):
        answer = client.get(f"{address}?{query}")
        assert answer.status_code == 400, (address, query)
        assert len(answer.content) > 40, (address, query)


def test_any_two_days_are_compared(client, record):
    for day in DAYS:
        assert client.get("/compare/", {"from": day}).status_code == 200
        assert client.get("/compare/", {"to": day}).status_code == 200


def test_nothing_but_reading_is_taken(client, record):
    for address in PAGES:
        assert client.post(address).status_code == 405, address


def test_long_search_is_refused_not_run(client, record):
    assert client.get("/changes/", {"q": "x" * 201}).status_code == 400
    assert client.get("/feeds/changes.atom", {"q": "x" * 201}).status_code == 400


EVERY = [
    *("/", "/commitments/", "/commitments/?view=cards", "/commitments/?view=timeline"),
    *("/commitments/join-the-pact/", "/commitments/gone/", "/sources/speech/"),
    *("/method/", "/about/", "/data/", "/checkpoints/", "/compare/", "/partners/"),
    *(
        "/topics/trade/",
        "/commitments.csv",
        "/commitments.jsonl",
        "/commitments.xlsx",
        "/oembed/",
    ),
    *("/cite/join-the-pact.bib", "/cite/join-the-pact.ris", "/sitemap.xml"),
    *("/robots.txt", "/llms.txt", "/checkpoints.jsonl"),
    *PAGES,
]
UNREADABLE = ["q=%00", "as_of=%FF%FE", "x=%C3%28", "%00=1"]
ODD = [
    "page=1000000000",
    "page=-1",
    "before=" + "9" * 400,
    "status=nonsense",
    "status=" + "x" * 5000,
    "pillar=99999999999999999999",
    "sort=;drop",
    "view=hologram",
    "from=9999-99-99&to=x",
    "q=%F0%9F%90%89%22%27%3B--%25_%5C",
    "=&&&==",
    "theme=%3Cscript%3E",
    "as_of[]=2026-01-01",
]


def test_no_odd_address_breaks_a_page(client, record):
    for address, query in product(EVERY, ODD):
        glue = "&" if "?" in address else "?"
        answer = client.get(f"{address}{glue}{query}")
        assert answer.status_code in (200, 400, 404), (address, query)
        if answer.status_code == 400 and "html" in answer["Content-Type"]:
            text = answer.content.decode()
            assert "<h1" in text and "noindex" in text, (address, query)
            assert "<script>" not in text


def test_nul_and_broken_utf8_are_answered_with_a_page(client, record):
    for address, query in product(EVERY, UNREADABLE):
        glue = "&" if "?" in address else "?"
        answer = client.get(f"{address}{glue}{query}")
        assert answer.status_code == 400, (address, query)
        assert b"This address cannot be read" in answer.content


def test_paths_that_nobody_made_are_404_in_words(client, record):
    for path in (
        *("/commitments/" + "x" * 3000 + "/", "/commitments/../admin/", "/embed//"),
        *("/bodies/%E2%80%AE/", "/share/-.png", "/cite/x.doc", "/%F0%9F%90%89/"),
    ):
        answer = client.get(path)
        assert answer.status_code == 404, path
        assert b"<h1" in answer.content, path


@pytest.mark.parametrize("name", ["as_of", "known_at"])
def test_a_day_before_the_record_begins_says_so(client, record, name):
    answer = client.get("/commitments/join-the-pact/", {name: "1999-01-01"})
    assert answer.status_code == 404
    assert "was not on record then" in answer.content.decode()
    empty = client.get("/commitments/", {name: "1999-01-01"}).content.decode()
    assert "0 commitments" in empty and "You are looking at the past" in empty
    home = client.get("/", {name: "1999-01-01"})
    assert home.status_code == 200
    assert "No commitment is on record yet" in home.content.decode()
