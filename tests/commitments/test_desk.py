"""The desk: each figure is a link to the list of just these rows."""

import re
from datetime import timedelta
from html import unescape

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commitments import services
from commitments.models import Commitment

from . import desk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def that_day():
    with time_machine.travel(desk.AT + timedelta(days=200), tick=False):
        yield


def propose(commitment, by, **given):
    arguments = {
        "status": "partly_delivered",
        "criteria_met": ["a"],
        "confidence": "high",
        "reason": "It is in force.",
        "evidence": [desk.document(f"doc-{commitment.ref}-{by}")],
        "effective_on": desk.AT.date(),
        "looked_until": desk.AT.date(),
    }
    return services.propose(
        commitment=commitment,
        kind="status",
        arguments=arguments,
        by=by,
        at=desk.AT + timedelta(days=198),
        **given,
    )


@pytest.fixture
def record():
    """Something for every figure."""
    ann, rev = desk.account("ann", "analyst"), desk.account("rev", "reviewer")
    first, second, third = (desk.assessed(f"1.{n}") for n in range(1, 4))
    today = (desk.AT + timedelta(days=200)).date()
    for commitment, days in ((first, 20), (second, 60), (third, -10)):
        Commitment.objects.filter(pk=commitment.pk).update(
            due_on=today + timedelta(days=days)
        )
    propose(first, ann)
    propose(second, ann, submit=False)
    propose(second, rev)
    returned = propose(third, ann)
    services.send_back(
        proposal=returned,
        comment="Which?",
        severity="minor",
        by=rev,
        at=desk.AT,
        revision=1,
    )
    services.record_claim(
        commitment=third,
        position="declared_complete",
        body=desk.body(),
        reason="Said so.",
        evidence=list(third.evidence.all()),
        effective_on=desk.AT.date(),
        by=ann,
        approver=rev,
        at=desk.AT + timedelta(days=199),
    )
    services.flag_commitments(on=today, at=desk.AT + timedelta(days=200))


def figures(client):
    """Return (count, address) of every figure on the desk."""
    page = client.get("/admin/").content.decode()
    home = page[page.index('id="content-main"') : page.index('id="desk-lists"')]
    found = re.findall(
        r'<a href="([^"]+)"[^>]*>(?:<strong>)?(\d+)(?:</strong>|<)', home
    )
    return [(int(count), unescape(url)) for url, count in found]


@pytest.mark.parametrize("group", ["analyst", "reviewer"])
def test_every_figure_leads_to_as_many_rows(record, group):
    client = desk.signed_in("ann" if group == "analyst" else "rev", group)

    found = figures(client)

    assert len(found) > 10
    assert sum(count > 0 for count, _ in found) > 7
    for count, url in found:
        answer = client.get(url)
        assert answer.status_code == 200, url
        assert answer.context["cl"].result_count == count, url


def test_reviewers_see_what_waits_for_them_and_analysts_their_own(record):
    page = desk.signed_in("rev", "reviewer").get("/admin/").content.decode()
    assert "<strong>1</strong> Waiting for my sign-off" in page
    page = desk.signed_in("ann", "analyst").get("/admin/").content.decode()
    assert "Waiting for my sign-off" not in page
    assert "<strong>1</strong> My drafts" in page
    assert "<strong>1</strong> Returned to me" in page


def test_the_desk_takes_no_query_per_commitment(record):
    client = desk.signed_in("ann", "analyst")

    def count():
        with CaptureQueriesContext(connection) as queries:
            client.get("/admin/")
        return len(queries)

    count()
    before = count()
    for number in range(4, 9):
        desk.assessed(f"1.{number}")
    services.flag_commitments(
        on=(desk.AT + timedelta(days=200)).date(), at=desk.AT + timedelta(days=200)
    )
    assert count() == before


def test_an_empty_record_has_a_desk_too():
    page = desk.signed_in("root", "administrator").get("/admin/").content.decode()

    assert "No flag is open." in page
    assert "100 %" in page
    assert "Work the review queue" not in page
