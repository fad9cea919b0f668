"""Clocks jump, of the web server and of the workers apart: nothing is told or done twice."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from importlib import import_module

import pytest
import time_machine
from django.core import mail

from commitments import chain
from commitments.check import check_record
from commitments.models import Flag, HistoryEntry
from config.schedule import BEAT
from tests.factories import CommitmentFactory, ReviewerFactory
from tests.tracker.following.people import change, follower
from tracker.models import Delivery, Event, Issue, Mail, Release
from tracker.models.follower import Cadence

pytestmark = pytest.mark.django_db

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
NOON = datetime(2027, 3, 10, 12, tzinfo=UTC)
# What a clock shows while it should show the first: a day ahead and behind, the hours
# that summer time takes and gives where the machine wrongly follows it, a leap day, and
# the last second of a year.
JUMPS = {
    "a day ahead": (NOON, NOON + DAY),
    "a day behind": (NOON, NOON - DAY),
    "an hour ahead at the start of summer time": (
        datetime(2027, 3, 28, 0, 59, tzinfo=UTC),
        datetime(2027, 3, 28, 2, 1, tzinfo=UTC),
    ),
    "an hour behind at its end": (
        datetime(2027, 10, 31, 1, 1, tzinfo=UTC),
        datetime(2027, 10, 31, 0, 1, tzinfo=UTC),
    ),
    "onto a leap day": (
        datetime(2028, 2, 28, 12, tzinfo=UTC),
        datetime(2028, 2, 29, 12, tzinfo=UTC),
    ),
    "back from a leap day": (
        datetime(2028, 3, 1, 12, tzinfo=UTC),
        datetime(2028, 2, 29, 12, tzinfo=UTC),
    ),
    "into the next year": (
        datetime(2027, 12, 31, 23, 59, 59, tzinfo=UTC),
        datetime(2028, 1, 1, 23, 59, 59, tzinfo=UTC),
    ),
    "back into the last year": (
        datetime(2028, 1, 1, 0, 0, 1, tzinfo=UTC),
        datetime(2027, 12, 31, 0, 0, 1, tzinfo=UTC),
    ),
}


def run_every_job(at):
    """Run all that is scheduled, as if it were due, on a clock that shows ``at``."""
    with time_machine.travel(at, tick=False):
        for job in BEAT.values():
            module, _, name = job["task"].rpartition(".")
            # It changes nothing, asks for no time, and not within a transaction.
            if name == "verify_record":
                continue
            getattr(import_module(module), name)(**job.get("kwargs", {}))


def open_flags():
    rows = Flag.objects.open().values_list("commitment", "reason", "since_on")
    return sorted(rows)


def doubled(rows):
    return [row for row, times in Counter(rows).items() if times > 1]


@pytest.fixture
def record(settings):
    settings.LINK_CHECKS = False
    ReviewerFactory()
    return [CommitmentFactory() for _ in range(3)]


@pytest.mark.parametrize(
    "who",
    [
        "the workers",
        "the web server",
        pytest.param("both", marks=pytest.mark.faults),
    ],
)
@pytest.mark.parametrize("jump", JUMPS)
def test_a_clock_that_jumps_and_comes_back(record, jump, who):
    right, wrong = JUMPS[jump]
    web = right if who == "the workers" else wrong
    work = right if who == "the web server" else wrong
    for cadence in Cadence.values:
        follower(f"{cadence}@example.org", at=right - 8 * DAY, cadence=cadence)
    change(record[0], at=right - 2 * DAY, status="under_way")
    run_every_job(right - HOUR)

    run_every_job(work)
    change(record[1], at=web, status="under_way")
    run_every_job(work)
    run_every_job(right)
    change(record[2], at=right, status="under_way")
    run_every_job(right + HOUR)
    after = open_flags()
    for days in (1, 2, 9, 10):
        run_every_job(right + days * DAY)

    # Flags say what is so on a day, whatever days were shown in between.
    run_every_job(right + HOUR)
    assert open_flags() == after
    assert not list(chain.verify())
    assert not list(check_record())
    recorded = list(HistoryEntry.objects.order_by("seq").values_list("recorded_at"))
    assert recorded == sorted(recorded)
    # Each change once: at once, in one day's mail, and in one week's.
    told = [
        (one.follower_id, seq)
        for one in Mail.objects.exclude(state=Mail.State.DROPPED).select_related(
            "letter"
        )
        for seq in one.letter.content.get("events", [])
    ]
    assert not doubled(told)
    told_by_mail = HistoryEntry.objects.filter(recorded_at__gte=right - 2 * DAY)
    assert len(told) == 3 * len(Cadence.values) == 3 * told_by_mail.count()
    assert not doubled(Issue.objects.values_list("cadence", "period"))
    assert not Mail.objects.due(at=right + 10 * DAY).exists()
    assert not Event.objects.waiting("mails").exists()
    assert not Delivery.objects.waiting().exists()
    desk = [(tuple(m.to), m.subject) for m in mail.outbox if m.to[0].startswith("rev")]
    assert desk
    assert not doubled(desk)
    months = [release.made_at.strftime("%Y-%m") for release in Release.objects.all()]
    assert not doubled(months)
