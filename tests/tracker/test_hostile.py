"""Addresses that nobody means well by: each public page answers in words."""

import pytest

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


@pytest.mark.parametrize("address", PAGES)
def test_any_past_day_is_answered(client, record, address):
    for day in DAYS:
        for name in ("as_of", "known_at"):
            code = client.get(address, {name: day}).status_code
            assert code in (200, 404), (address, name, day)


@pytest.mark.parametrize("address", PAGES)
def test_impossible_day_is_refused_in_words(client, record, address):
    for query in IMPOSSIBLE:
        answer = client.get(f"{address}?{query}")
        assert answer.status_code == 400, query
        assert len(answer.content) > 40


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
