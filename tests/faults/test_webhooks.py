"""Whatever dies on the way, each endpoint ends with each event, in order."""

import json
import os
import random
import time
from contextlib import suppress

import pytest
from django.utils import timezone

from commitments import services
from tests.commitments.links.web import played
from tests.factories import CommitmentFactory, assess
from tests.tracker.webhooks.sink import Sink
from tracker.models import Attempt, Delivery, Endpoint, Event
from tracker.webhooks import endpoints

from .machines import Beat, Worker, wait_for

QUEUE = "faults-webhooks"
KEY = "a key for the secrets of this test alone"
SINKS = 3
MANY = int(os.environ.get("FAULT_KILLS", "200"))
# How many are told in all.
EVENTS = int(os.environ.get("FAULT_EVENTS", "400"))
SEED = int(os.environ.get("FAULT_SEED", "20261125"))


class Unsteady(Sink):
    """Refuses, hangs, or hangs up, before taking a message or after."""

    def __init__(self, web, place, chance):
        super().__init__(web, place)
        self.chance, self.steady = chance, False

    def take(self, handler):
        draw = 1.0 if self.steady else self.chance.random()
        if draw < 0.05:
            return None  # Closed before a byte was read.
        if draw < 0.15:
            self.plays.append(500)
        elif draw < 0.17:
            self.plays.append(lambda handler: time.sleep(1.5))
        elif draw < 0.22:
            self.plays.append(self.take_and_hang_up(handler))
        return super().take(handler)

    def take_and_hang_up(self, handler):
        read = handler.rfile.read
        body: list = []
        handler.rfile.read = lambda length: body.append(read(length)) or body[0]

        def play(handler):
            self.arrived.append(body[0])
            self.headers.append(dict(handler.headers))

        return play


@pytest.fixture
def sinks():
    with played() as web:
        chance = random.Random(SEED)
        yield [Unsteady(web, f"h{n}.test/in", chance) for n in range(SINKS)]


@pytest.fixture
def worker(settings, sinks, broker):
    settings.WEBHOOK_KEY = KEY
    worker = Worker(sinks[0].web.port, QUEUE, broker, TRACKER_WEBHOOK_KEY=KEY)
    beat = Beat("tracker.tasks.relay_webhooks", QUEUE, broker, every=0.3)
    beat.start()
    yield worker
    beat.end()
    worker.kill()


def register(sinks):
    at = timezone.now()
    key, _ = services.make_key(
        name="faults", scopes=["webhooks"], expires_at=at.replace(year=2099), at=at
    )
    for sink in sinks:
        sink.steady = True
        endpoints.register(key=key, url=sink.url, email="a@example.org", at=at)
    wait_for(lambda: Endpoint.objects.active().count() == SINKS)
    for sink in sinks:
        sink.steady = False


def break_something(number, worker, broker, chance):
    """Kill a process, now and then the whole worker, or the broker under it."""
    if number % 20 == 3:
        broker.tell("FLUSHALL")
    elif number % 40 == 13:
        broker.restart()
    if number % 10 == 2:
        worker.restart()
    else:
        wait_for(lambda: worker.ensure() and worker.children())
        with suppress(ProcessLookupError, IndexError):
            os.kill(chance.choice(worker.children()), 9)


def is_settled():
    waiting = Event.objects.waiting("webhooks").exists()
    return not waiting and not Delivery.objects.waiting().exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("kills", "events"),
    [
        pytest.param(4, 8, marks=pytest.mark.timeout(300)),
        pytest.param(
            MANY, EVENTS, marks=[pytest.mark.faults, pytest.mark.timeout(7200)]
        ),
    ],
)
def test_each_endpoint_ends_with_each_event(kills, events, worker, broker, sinks):
    chance = random.Random(SEED)
    register(sinks)
    # A commitment is told of some forty times in the years of a plan.
    commitments = [CommitmentFactory() for _ in range(max(6, events // 40))]
    started = time.monotonic()
    for number in range(kills):
        for one in chance.choices(commitments, k=events // kills):
            status = "announced" if one.status == "under_way" else "under_way"
            assess(one, status=status)
        # In the middle of work: what is killed while it starts has nothing to lose.
        before = sum(len(sink.arrived) for sink in sinks)
        wait_for(
            lambda seen=before: (
                worker.ensure() and sum(len(sink.arrived) for sink in sinks) > seen
            )
        )
        time.sleep(chance.uniform(0, 0.3))
        break_something(number, worker, broker, chance)
    ended = time.monotonic()
    for sink in sinks:
        sink.steady = True
    told = set(Event.objects.values_list("pk", flat=True))
    wait_for(lambda: worker.ensure() and is_settled())

    arrived = [len(sink.arrived) for sink in sinks]
    print(
        f"\nwebhooks: {kills} kills, {len(told)} events to {SINKS} endpoints, "
        f"{Attempt.objects.count()} tries noted; arrived {arrived}, of which "
        f"{sum(arrived) - SINKS * len(told)} twice; kills took {ended - started:.0f} s, "
        f"all was settled {time.monotonic() - ended:.0f} s later"
    )
    for sink in sinks:
        once = {
            name: json.loads(body)["data"]["seq"]
            for name, body in zip(sink.ids, sink.arrived, strict=True)
        }
        assert set(once.values()) == told
        assert len(once) == len(told)
        assert sink.in_order()
