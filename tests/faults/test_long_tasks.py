"""A task outlives the time after which a worker that comes up takes it as lost."""

import time

import pytest
from django.utils import timezone

from commitments import services
from tests.commitments.links.web import played
from tests.factories import CommitmentFactory
from tests.tracker.webhooks.sink import Sink
from tracker.models import Delivery
from tracker.webhooks import endpoints, sending

from .machines import Worker, ask_for, wait_for

QUEUE = "long-tasks"
KEY = "a key for the secrets of this test alone"
# Longer than a worker takes to come up.
TASK, OVERDUE_AFTER = 40, 1


@pytest.fixture
def sink(settings):
    """Whoever takes a message here takes long about it."""
    settings.WEBHOOK_KEY = KEY
    with played() as web:
        sink = Sink(web, "slow.test/in")
        at = timezone.now()
        key, _ = services.make_key(
            name="slow", scopes=["webhooks"], expires_at=at.replace(year=2099), at=at
        )
        endpoints.register(key=key, url=sink.url, email="a@example.org", at=at)
        sending.relay(clock=timezone.now)
        take = sink.take

        def slowly(handler):
            sink.begun += 1
            time.sleep(TASK)
            take(handler)

        sink.begun = 0
        web.pages["slow.test/in"] = slowly
        yield sink


@pytest.mark.timeout(200)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    "lease",
    [300, pytest.param(0, id="control: no lease", marks=pytest.mark.faults)],
)
def test_what_a_task_handed_out_twice_does_is_done_once(lease, sink, broker, tmp_path):
    runs = tmp_path / "runs"
    runs.touch()
    given = {
        "TRACKER_WEBHOOK_KEY": KEY,
        "FAULT_LEASE": str(lease),
        "FAULT_SECONDS": str(3 * TASK),
        "FAULT_OVERDUE_AFTER": str(OVERDUE_AFTER),
        "FAULT_RUNS": str(runs),
    }
    CommitmentFactory()
    ask_for("tracker.tasks.relay_webhooks", QUEUE, broker)
    workers = []
    try:
        for number in (1, 2):
            workers.append(Worker(sink.web.port, QUEUE, broker, **given))
            wait_for(lambda number=number: len(runs.read_text()) == number)
            assert not sink.arrived
            time.sleep(OVERDUE_AFTER)
        wait_for(lambda: not Delivery.objects.waiting().exists())
        wait_for(lambda: len(sink.arrived) == sink.begun)
    finally:
        for worker in workers:
            worker.kill()

    assert (len(sink.arrived) == 1) == bool(lease)
