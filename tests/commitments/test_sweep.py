"""The half-yearly sweep: nothing due leaves it without a recorded decision."""

import csv
from datetime import date, timedelta

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commitments import services
from commitments.models import Commitment, Sweep
from commitments.rules import RuleBroken
from commitments.services.sweep import ahead

from . import desk

pytestmark = pytest.mark.django_db
TODAY = desk.AT.date()


@pytest.fixture(autouse=True)
def that_day():
    with time_machine.travel(desk.AT, tick=False):
        yield


@pytest.fixture
def reviewer():
    return desk.signed_in("rev", "reviewer")


def due(ref, days, before=None):
    commitment = desk.assessed(ref)
    if before:
        before(commitment)
    Commitment.objects.filter(pk=commitment.pk).update(
        due_on=TODAY + timedelta(days=days)
    )
    commitment.refresh_from_db()
    return commitment


def opened(client):
    response = client.post(reverse("admin:sweep_open"))
    assert response.status_code == 302
    return Sweep.objects.get(closed_at=None)


def page(client, sweep):
    address = reverse("admin:commitments_sweep_change", args=[sweep.pk])
    return client.get(address).content.decode()


def close(client, sweep):
    address = reverse("admin:sweep_close", args=[sweep.pk])
    return client.post(address, follow=True).content.decode()


def reviewed(commitment):
    services.review(
        commitment=commitment,
        reason="Nothing new.",
        looked_until=TODAY,
        effective_on=TODAY,
        by=desk.account("ann", "analyst"),
        at=desk.AT,
    )


@pytest.mark.parametrize(
    ("day", "later"),
    [
        (date(2026, 6, 1), date(2026, 12, 1)),
        (date(2026, 8, 31), date(2027, 2, 28)),
        (date(2026, 12, 15), date(2027, 6, 15)),
    ],
)
def test_six_months_ahead(day, later):
    assert ahead(day) == later


def test_it_takes_what_is_overdue_or_due_within_six_months(reviewer):
    due("1.1", -5), due("1.2", 100), due("1.3", 400), desk.assessed("1.4")

    sweep = opened(reviewer)

    assert [(i.commitment.ref, i.why) for i in sweep.items.all()] == [
        ("1.1", "overdue"),
        ("1.2", "due"),
    ]
    assert "2 of 2 still to be decided" in page(reviewer, sweep)


def test_it_is_closed_only_when_every_item_is_decided(reviewer):
    first, second, third = due("1.1", -5), due("1.2", 100), due("1.3", 20)
    sweep = opened(reviewer)
    reviewed(first)

    refused = close(reviewer, sweep)
    assert "Still undecided: 1.3 Promise 1.3; 1.2 Promise 1.2" in refused
    services.move_deadline(
        commitment=second,
        due_on=date(2028, 1, 1),
        due_precision="day",
        reason="The notice moved it.",
        evidence=list(second.evidence.all()),
        effective_on=TODAY,
        by=desk.account("ann", "analyst"),
        approver=desk.account("rev", "reviewer"),
        at=desk.AT,
    )
    services.withdraw(
        commitment=third, reason="Out.", by=desk.account("rev", "reviewer"), at=desk.AT
    )
    assert "Each item is decided" in page(reviewer, sweep)
    assert "Closed." in close(reviewer, sweep)

    sweep.refresh_from_db()
    decided = {i.commitment.ref: i.decision.acts_as for i in sweep.items.all()}
    assert decided == {"1.1": "review", "1.2": "deadline", "1.3": "withdrawn"}
    assert "is closed" in close(reviewer, sweep)


def test_evidence_alone_decides_nothing_nor_does_what_came_before(reviewer):
    commitment = due("1.1", -5, before=reviewed)
    sweep = opened(reviewer)
    services.attach_evidence(
        commitment=commitment,
        evidence=[desk.document("more")],
        reason="More.",
        by=desk.account("ann", "analyst"),
        at=desk.AT,
    )

    assert "Undecided" in page(reviewer, sweep)


def test_a_decision_that_is_struck_out_decides_nothing(reviewer):
    commitment = due("1.1", -5)
    sweep = opened(reviewer)
    reviewed(commitment)
    shared = {"reason": "Of another one.", "at": desk.AT}
    people = {
        "by": desk.account("ann", "analyst"),
        "approver": desk.account("rev", "reviewer"),
    }
    review = commitment.history.get(kind="review")

    put_right = services.correct(
        entry=review, looked_until=date(2026, 5, 1), **people, **shared
    )
    assert "Each item is decided" in page(reviewer, sweep)
    services.correct(entry=put_right, strike=True, **people, **shared)

    assert "Still undecided: 1.1 Promise 1.1" in close(reviewer, sweep)


def test_only_reviewers_open_and_close_and_one_is_open_at_a_time(reviewer):
    due("1.1", -5)
    analyst = desk.signed_in("ann", "analyst")
    address = reverse("admin:sweep_open")

    assert analyst.post(address).status_code == 403
    sweep = opened(reviewer)
    again = reviewer.post(address, follow=True).content.decode()
    assert "still open" in again
    close_it = reverse("admin:sweep_close", args=[sweep.pk])
    assert analyst.post(close_it).status_code == 403
    with pytest.raises(RuleBroken, match="Only reviewers"):
        services.open_sweep(by=desk.account("ann"), on=TODAY, at=desk.AT)
    with pytest.raises(RuleBroken, match="Only reviewers"):
        services.close_sweep(sweep=sweep, by=desk.account("ann"), at=desk.AT)
    assert reviewer.get(address).status_code == 405
    with pytest.raises(IntegrityError), transaction.atomic():
        Sweep.objects.create(
            on=TODAY,
            until=TODAY + timedelta(days=1),
            opened_at=desk.AT,
            opened_actor="x",
            opened_after=0,
        )


def test_nothing_due_opens_nothing(reviewer):
    desk.assessed()
    told = reviewer.post(reverse("admin:sweep_open"), follow=True).content.decode()

    assert "Nothing is overdue or due until 2026-12-01" in told
    assert not Sweep.objects.exists()


def test_the_report_is_downloaded_and_runs_no_formula(reviewer):
    commitment = due("1.1", -5)
    Commitment.objects.filter(pk=commitment.pk).update(title="=1+1")
    sweep = opened(reviewer)
    reviewed(commitment)

    report = reverse("admin:sweep_report", args=[sweep.pk])
    answer = reviewer.get(report)
    header, row = csv.reader(answer.content.decode().splitlines())

    assert answer["Content-Disposition"].endswith('"sweep-2026-06-01.csv"')
    told = dict(zip(header, row, strict=True))
    assert told["commitment"] == "'=1+1"
    assert (told["decision"], told["author"]) == ("Review", "ann")
    # Who is in no group reads nothing of the desk.
    assert desk.signed_in("out", None).get(report).status_code == 403


def test_the_sweep_takes_no_query_per_item(reviewer):
    due("1.1", -5)
    first = opened(reviewer)

    def count(sweep):
        with CaptureQueriesContext(connection) as queries:
            page(reviewer, sweep)
        return len(queries)

    count(first)
    before = count(first)
    for number in range(2, 7):
        first.items.create(commitment=due(f"1.{number}", 9), why="due", due_on=TODAY)
    assert count(first) == before
