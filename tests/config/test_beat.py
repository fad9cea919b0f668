"""The scheduler: one acts, what was missed runs once, and a stop is taken over."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from celery.schedules import crontab, schedule
from django.db import OperationalError

from commitments.models import ScheduledJob, SchedulerLease
from commitments.services import schedule as upkeep
from config.beat import PAUSE, OneScheduler
from config.celery import app

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
JOBS = {
    "nightly": {"task": "night", "schedule": crontab(hour=2, minute=10)},
    "often": {"task": "soon", "schedule": schedule(60)},
}


class Recorded(OneScheduler):
    """Keeps what it would have sent; a broken broker refuses."""

    broken = False

    def __init__(self):
        self.sent = []
        super().__init__(app=app)

    def setup_schedule(self):
        self.data = {
            name: self.Entry(**entry, name=name, app=app)
            for name, entry in JOBS.items()
        }

    producer = None

    def apply_async(self, entry, producer=None, advance=True, **kwargs):
        if self.broken:
            raise ConnectionError("no broker")
        self.sent.append(entry.name)


@pytest.fixture
def clock():
    with time_machine.travel(NOON, tick=False) as travelled:
        yield travelled


@pytest.fixture
def first(clock):
    beat = Recorded()
    beat.tick()
    return beat


def test_a_new_installation_waits_for_the_first_hour_of_each_job(first):
    assert first.sent == []
    assert set(ScheduledJob.objects.values_list("name", flat=True)) == set(JOBS)


def test_what_was_missed_for_three_nights_runs_once(clock, first):
    clock.move_to(NOON + timedelta(days=3))
    later = Recorded()
    for _ in range(5):
        later.tick()
    assert sorted(later.sent) == ["nightly", "often"]


def test_of_two_schedulers_one_acts(clock, first):
    second = Recorded()
    for _ in range(60):
        clock.shift(PAUSE)
        first.tick()
        second.tick()
    assert second.sent == []
    assert first.sent == ["often"] * 5


def test_the_second_goes_on_where_a_dead_one_stopped(clock, first):
    second = Recorded()
    clock.shift(61)
    first.tick()
    clock.shift(upkeep.LEASE - timedelta(seconds=1))
    second.tick()
    assert not second.acts
    clock.shift(1)
    second.tick()
    assert second.acts
    assert second.sent == []
    clock.shift(30)
    second.tick()
    assert second.sent == ["often"]


def test_one_that_wakes_after_losing_the_lease_sends_nothing(clock, first):
    clock.shift(600)
    second = Recorded()
    second.tick()
    first.tick()
    assert (first.sent, second.sent) == ([], ["often"])


def test_one_that_is_stopped_lets_another_act_at_once(clock, first):
    first.close()
    second = Recorded()
    second.tick()
    assert second.acts


def test_what_the_broker_refused_stays_due(clock, first):
    clock.shift(61)
    first.broken = True
    first.tick()
    first.broken = False
    first.tick()
    first.tick()
    assert first.sent == ["often"]


def test_a_clock_set_back_by_a_day_delays_nothing_by_a_day(clock, first):
    clock.shift(timedelta(days=1))
    first.tick()
    clock.shift(timedelta(days=-1))
    first.sent.clear()
    again = Recorded()
    first.close()
    again.tick()
    clock.shift(61)
    again.tick()
    assert again.sent == ["often"]


def test_a_database_that_does_not_answer_is_waited_for(first, monkeypatch):
    def refused(**kwargs):
        raise OperationalError("gone")

    monkeypatch.setattr(upkeep, "hold_beat", refused)
    # The test's own transaction hangs on the connection.
    monkeypatch.setattr("config.beat.close_old_connections", lambda: None)
    assert first.tick() == PAUSE
    assert not first.acts


def test_the_lease_is_one_row(first):
    assert SchedulerLease.objects.get().holder == first.holder
