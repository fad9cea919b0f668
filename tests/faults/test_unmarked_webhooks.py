"""A worker is killed exactly between the arrival of a message and its mark."""

from collections import Counter
from datetime import timedelta

import pytest
from django.utils import timezone

from tests.commitments.links.web import played
from tests.factories import CommitmentFactory
from tests.faults.test_webhooks import KEY, is_settled
from tests.tracker.webhooks.conftest import key, make_key  # noqa: F401
from tests.tracker.webhooks.sink import Sink
from tracker.models import Endpoint, Event
from tracker.webhooks import endpoints, sending

from .machines import Beat, Worker, wait_for

QUEUE = "unmarked-webhooks"
LEASE = 3600


@pytest.fixture
def sink(settings, key):  # noqa: F811
    settings.WEBHOOK_KEY = KEY
    with played() as web:
        sink = Sink(web, "h.test/in")
        endpoints.register(key=key, url=sink.url, email="a@b.org", at=timezone.now())
        sending.relay(clock=timezone.now)
        yield sink


@pytest.fixture
def worker(sink, broker, tmp_path):
    """Start a worker whose process dies at each message once."""
    started = []

    def worker(**given):
        given |= {"TRACKER_WEBHOOK_KEY": KEY, "FAULT_UNMARKED": str(tmp_path)}
        given |= {"FAULT_LEASE": str(LEASE)}
        started.append(Worker(sink.web.port, QUEUE, broker, **given))
        started.append(Beat("tracker.tasks.relay_webhooks", QUEUE, broker, every=0.3))
        started[1].start()
        return started[0]

    yield worker
    started[1].end()
    started[0].kill()


def end_leases():
    """Let the time pass after which what a dead worker held is free."""
    past = timezone.now() - timedelta(seconds=1)
    Endpoint.objects.exclude(leased_until=None).update(leased_until=past)


@pytest.mark.timeout(900)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("kills", "given"),
    [
        (2, {}),
        pytest.param(20, {}, marks=pytest.mark.faults),
        pytest.param(
            2, {"FAULT_WITHOUT": "ids"}, marks=pytest.mark.faults, id="control: new ids"
        ),
    ],
)
def test_what_arrived_and_was_not_marked_comes_again_under_its_id(
    kills, given, worker, sink, tmp_path
):
    for _ in range(kills):
        CommitmentFactory()
    running, released = worker(**given), 0

    def is_done():
        nonlocal released
        running.ensure()
        if (died := len(list(tmp_path.glob("died-*")))) > released:
            released = died
            end_leases()
        return is_settled()

    wait_for(is_done, 40 * kills + 60)

    told = set(Event.objects.values_list("pk", flat=True))
    assert released == kills == len(told)
    # As many doubles as kills, and who drops what it has seen ends with each once.
    assert Counter(sink.seqs) == dict.fromkeys(told, 2)
    once = dict(zip(sink.ids, sink.arrived, strict=True))
    assert (len(once) == kills) != bool(given)
    assert len(set(sink.arrived)) == kills
    print(f"\nwebhooks: {kills} kills, {len(sink.arrived) - len(told)} doubles")
