import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commitments import services, statuses
from tests.factories import (
    CommitmentFactory,
    EvidenceFactory,
    UserFactory,
    assess,
    two_people,
)
from tests.tracker.record import moment
from tracker.pages.ledgers import InTime

ADDRESSES = ["/claim-evidence-gap/", "/freshness/", "/corrections/"]


def in_list(page, **query):
    html = page("/commitments/", **query)
    return int(re.search(r'<h2 id="count"[^>]*>(\d+)', html)[1])


def linked_counts(html):
    """Each number of a table that leads to the list, with where it leads."""
    return re.findall(r'<a href="(/commitments/\?[^"]+)">(\d+)</a>', html)


def test_gap_names_who_said_it_and_what_the_evidence_shows(page, record):
    html = page("/claim-evidence-gap/")
    assert "1 commitment declared complete, while the evidence shows less" in html
    assert "The minister said it is done." in html
    assert "Ministry of Commerce" in html
    assert 'href="/commitments/build-a-zone/"' in html


@pytest.mark.parametrize(
    "past", [{}, {"as_of": "2026-05-01"}, {"known_at": "2026-07-05"}]
)
def test_gaps_are_those_of_the_list(page, record, past):
    html = page("/claim-evidence-gap/", **past)
    count = re.search(r"<h1>(\d+|No)", html)[1].replace("No", "0")
    assert int(count) == in_list(page, claim_gap="true", **past)


def test_gap_closes_when_the_evidence_shows_delivery(page, record):
    assess(
        record.gap,
        status="delivered",
        criteria_met=["a", "b"],
        evidence=[EvidenceFactory(official=True, type="notice")],
        effective_on=date(2026, 9, 1),
        at=moment(9, 5),
    )
    assert "No commitment is declared complete" in page("/claim-evidence-gap/")


@pytest.mark.parametrize("address", ["/claim-evidence-gap/", "/freshness/"])
def test_numbers_in_tables_are_those_of_the_list(client, page, record, address):
    found = linked_counts(page(address))
    assert found
    for link, count in found:
        html = page(link.replace("&amp;", "&"))
        # The list also holds what cannot be tracked; tables count the rest.
        untracked = html.count(">Not trackable<")
        total = int(re.search(r'<h2 id="count"[^>]*>(\d+)', html)[1])
        assert total - untracked == int(count)


def test_freshness_says_how_many_were_reviewed_in_time(page, record):
    # Looked at to 2 July; on 24 November the two open ones are late.
    html = page("/freshness/")
    assert "1 of 3 commitments was reviewed in time" in html
    assert "33%" in html
    # With the two that were withdrawn and merged later, and never reviewed.
    assert "3 of 5 commitments were reviewed in time" in page(
        "/freshness/", as_of="2026-07-20"
    )


def test_share_is_never_rounded_up():
    rows = [type("Row", (), {"freshness": f}) for f in ["current"] * 199 + ["stale"]]
    assert InTime("P", 1, rows).share == 99
    assert InTime("P", 1, []).share is None


def test_contract_shows_the_intervals_of_the_rules(page, record):
    html = page("/freshness/")
    for days in (
        statuses.REVIEW_EVERY,
        statuses.REVIEW_EVERY_WHEN_HOT,
        statuses.REVIEW_EVERY_WHEN_DELIVERED,
    ):
        assert f"{days.days} days</td>" in html


def test_never_reviewed_comes_first_among_the_late(page, record):
    CommitmentFactory(slug="never-seen")
    html = page("/freshness/")
    late = html[html.index('id="h-late"') :]
    first = re.search(r'href="/commitments/([a-z-]+)/"', late)[1]
    assert first == "never-seen"


def test_corrections_show_what_was_wrong_and_why(page, record):
    html = page("/corrections/")
    assert "1 correction among" in html
    assert "Partly delivered" in html
    assert "The notice was a draft." in html
    assert "No entry has needed one by then." in page(
        "/corrections/", known_at="2026-07-31"
    )


def test_redaction_is_in_the_ledger_without_the_text(page, record):
    services.redact(
        entry=record.correction,
        fields=["reason"],
        reason="It named a person.",
        by=UserFactory(),
        at=moment(9, 5),
    )
    html = page("/corrections/")
    assert "2 corrections among" in html
    assert "The notice was a draft." not in html
    assert "It named a person." in html
    assert "The text of this entry has been removed." in html


@pytest.mark.parametrize("address", ADDRESSES)
def test_wrong_day_is_named_with_400(page, record, address):
    assert 'role="alert"' in page(address, code=400, as_of="x")


@pytest.mark.parametrize("address", ADDRESSES)
def test_empty_record_is_shown(page, db, today, address):
    assert "<h1>" in page(address)


@pytest.mark.parametrize("address", ADDRESSES)
def test_queries_do_not_grow(page, record, address):
    with CaptureQueriesContext(connection) as few:
        page(address)
    for n in range(3):
        commitment = CommitmentFactory()
        wrong = assess(commitment, at=moment(9, 5 + n))
        services.record_claim(
            commitment=commitment,
            position="declared_complete",
            body=record.body,
            effective_on=date(2026, 6, 1),
            evidence=[EvidenceFactory(official=True)],
            reason="Done.",
            **two_people(),
            at=moment(9, 5 + n, 10),
        )
        services.correct(
            entry=wrong,
            status="announced",
            reason="No.",
            **two_people(),
            at=moment(9, 5 + n, 11),
        )
    with CaptureQueriesContext(connection) as many:
        page(address)
    assert len(many) == len(few)
