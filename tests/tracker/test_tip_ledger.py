"""The public ledger of tips, and the mails that answer them."""

import re
from unittest.mock import patch

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commitments import accounts, services
from commitments.models import DataVersion
from tests.commitments import desk
from tests.factories import CommitmentFactory
from tests.tracker.record import moment
from tracker import outbox, tip_mail


def told(day, **given):
    """A tip that came on a day of November, decided by a reviewer if asked."""
    verdict, answered = given.pop("verdict", ""), given.pop("answered", None)
    tip = services.receive_tip(
        message=f"zq-{day}", form_key=f"f{day}", at=moment(11, day), **given
    )
    if verdict:
        services.decide_tip(
            tip=tip,
            verdict=verdict,
            answer=f"Our answer of {day}.",
            by=desk.account("rev", accounts.REVIEWER),
            at=moment(11, answered),
            seen=1,
        )
    return tip


@pytest.fixture
def ledger(record):
    tips = [
        told(1, verdict="accepted", answered=2, commitment=record.moved),
        told(3, verdict="declined", answered=8),
        told(5, verdict="accepted", answered=20),
        told(6),
    ]
    services.link_tip(
        tip=tips[0],
        made=record.correction,
        by=desk.account("rev", accounts.REVIEWER),
        at=moment(11, 2),
    )
    return tips


def figures(html):
    found = re.findall(r"<dt>([^<]+)</dt><dd>([^<]+)</dd>", html)
    return {words.split(",")[0]: number.strip() for words, number in found}


@pytest.mark.parametrize("address", ["/corrections/", "/corrections/tips/"])
def test_the_ledger_counts_outcomes_and_the_median_time(page, ledger, address):
    html = page(address)
    assert figures(html) == {
        "received": "4",
        "wait for an answer": "1",
        "accepted": "2",
        "declined": "1",
        "said before": "0",
        "not answered in time": "0",
        "days to an answer": "5.0",
    }
    assert "of which 1 led to a correction" in html
    assert "Our answer of 3." in html
    assert "/commitments/join-the-pact/#entry-" in html
    assert "zq-" not in html


@pytest.mark.parametrize("name", ["as_of", "known_at"])
def test_a_past_day_shows_the_ledger_as_it_stood(page, ledger, name):
    html = page("/corrections/tips/", **{name: "2026-11-07"})
    assert figures(html)["received"] == "4"
    assert figures(html)["wait for an answer"] == "3"
    assert figures(html)["days to an answer"] == "1.0"
    assert "Our answer of 1." in html and "Our answer of 3." not in html
    assert (
        figures(page("/corrections/tips/", **{name: "2026-10-31"}))["received"] == "0"
    )


def test_a_drafted_answer_is_seen_by_nobody(page, ledger):
    services.draft_answer(
        tip=ledger[3],
        verdict="declined",
        answer="zqdraft",
        by=desk.account("ann", accounts.ANALYST),
        at=moment(11, 7),
        seen=1,
    )
    ours = f"/corrections/tips/{ledger[3].reference}/"
    assert "zqdraft" not in page("/corrections/tips/")
    html = page(ours)
    assert "zqdraft" not in html and "Declined" not in html
    assert "Waits for an answer" in html


def test_older_tips_are_on_further_pages(page, record):
    with patch("tracker.tip_ledger.SHOWN", 2):
        for day in range(1, 6):
            told(day, verdict="declined", answered=9)
        seen, address = [], "/corrections/tips/"
        while address:
            html = page(address)
            seen += re.findall(r'<li id="tip-(\d+)"', html)
            older = re.search(r'href="(\?before=\d+)"', html)
            address = f"/corrections/tips/{older[1]}" if older else ""
    assert len(seen) == 5 and seen == sorted(seen, key=int, reverse=True)
    page("/corrections/tips/", code=400, before="x")


def test_the_ledger_takes_as_many_queries_for_many_as_for_few(page, ledger):
    def count():
        with CaptureQueriesContext(connection) as queries:
            page("/corrections/tips/")
        return len(queries)

    few = count()
    for day in range(9, 19):
        told(day, verdict="accepted", answered=20, commitment=CommitmentFactory())
    assert count() == few


def test_after_a_restore_no_answer_is_sent_again_before_it_is_released(record):
    told(1, verdict="accepted", answered=2, email="me@example.org")
    outbox.hold(at=moment(11, 3))
    assert tip_mail.send_answers(at=moment(11, 3)) == 0
    outbox.release(at=moment(11, 4), discard=True)
    told(5, verdict="accepted", answered=6, email="you@example.org")

    assert tip_mail.send_answers(at=moment(11, 7)) == 1
    assert [message.to for message in mail.outbox] == [["you@example.org"]]


def test_a_release_that_lets_nothing_go_sends_what_waited(record):
    told(1, verdict="accepted", answered=2, email="me@example.org")
    outbox.hold(at=moment(11, 3))
    outbox.release(at=moment(11, 4))
    assert tip_mail.send_answers(at=moment(11, 7)) == 1


def test_tips_do_not_empty_the_cache_and_the_ledger_counts_them_all_the_same(
    client, record
):
    def count(address, what="received"):
        answer = client.get(address)
        # No cache of ours or of others keeps it: it follows not from the record alone.
        assert answer["Cache-Control"] == "no-cache"
        return figures(answer.content.decode())[what]

    before = DataVersion.current()
    for day in range(1, 4):
        services.receive_tip(message="zq", form_key=f"f{day}", at=moment(7, day))
        for address in ("/corrections/", "/corrections/tips/"):
            assert count(address) == str(day)
    services.forget_senders(at=moment(11, 3))

    assert count("/corrections/", "not answered in time") == "3"
    # What is kept of all other pages goes by this number.
    assert DataVersion.current() == before
    assert "public" in client.get("/commitments/")["Cache-Control"]
