"""Who is sent what, in which order, and when nothing is."""

import threading
import time

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commitments.models import ApiKey
from tests.factories import CommitmentFactory, assess
from tracker import outbox
from tracker.models import Attempt, Delivery, Endpoint, Event
from tracker.webhooks import endpoints, schedule, sending

from .sink import Sink

pytestmark = pytest.mark.django_db


def test_a_later_event_of_a_commitment_waits_for_the_earlier_one(
    endpoint, sink, relay, clock
):
    mine, other = CommitmentFactory(), CommitmentFactory()
    assess(mine)
    assess(other)
    mine_seqs = list(Event.objects.filter(commitment=mine).values_list("pk", flat=True))
    sink.refuses = set(mine_seqs[:1])

    relay()

    # The first was refused; its successor waits, the other commitment's went out.
    assert sorted(sink.seqs) == sorted(
        Event.objects.filter(commitment=other).values_list("pk", flat=True)
    )
    clock.go(seconds=10)
    relay()
    assert [seq for seq in sink.seqs if seq in mine_seqs] == mine_seqs


def test_no_more_than_so_many_are_in_flight_to_one_endpoint(endpoint, sink, relay):
    full = threading.Event()

    def slow(handler):
        if sink.most_at_once >= schedule.IN_FLIGHT:
            full.set()
        full.wait(8)
        # And long enough for one too many to come.
        time.sleep(0.1)
        handler.send_response(204)
        handler.end_headers()

    sink.always = slow
    for _ in range(3 * schedule.IN_FLIGHT):
        CommitmentFactory()

    relay()

    assert sink.most_at_once == schedule.IN_FLIGHT
    assert not Delivery.objects.waiting().exists()


def test_one_that_hangs_holds_up_no_other(web, register, relay):
    fast, hanging = Sink(web, "fast.test/"), Sink(web, "slow.test/")
    for one in (hanging, fast):
        register(one.url)
    relay()
    everything = threading.Event()
    seen = []

    def hang(handler):
        everything.wait(8)
        seen.append(len(fast.arrived))

    def count(handler):
        fast.arrived.append(b"")
        if len(fast.arrived) == 6:
            everything.set()
        handler.send_response(204)
        handler.end_headers()

    hanging.always, fast.always = hang, count
    for _ in range(6):
        CommitmentFactory()

    relay()

    assert seen[0] == 6


def test_only_the_kinds_and_commitments_asked_for_are_sent(web, register, relay, clock):
    one, other = CommitmentFactory(), CommitmentFactory()
    sinks = [Sink(web, f"{name}.test/") for name in ("kinds", "chosen", "both", "all")]
    register(sinks[0].url, kinds=["status"])
    register(sinks[1].url, commitments=[one])
    register(sinks[2].url, kinds=["review"], commitments=[one])
    register(sinks[3].url)
    relay()
    first, second = assess(one), assess(other)

    relay()

    arrived = [sorted(sink.seqs) for sink in sinks]
    both = [first.seq, second.seq]
    assert arrived == [both, [first.seq], [], both]


def test_nothing_that_came_before_is_sent_to_a_new_endpoint(register, relay, sink):
    CommitmentFactory()
    relay()
    register(sink.url)

    relay()
    relay()

    assert not sink.arrived


def test_fanning_out_twice_delivers_once(endpoint, sink, relay, clock):
    CommitmentFactory()
    relay()
    Event.objects.update(webhooks_at=None)

    relay()

    assert Delivery.objects.count() == len(sink.arrived) == 1


def test_fanning_out_asks_as_much_for_many_as_for_few(register, relay, web, clock):
    for number in range(5):
        register(Sink(web, f"h{number}.test/").url, kinds=["status"])
    relay()

    def queries(count):
        commitments = [CommitmentFactory() for _ in range(count)]
        for commitment in commitments:
            assess(commitment)
        with CaptureQueriesContext(connection) as captured:
            assert sending.fan_out(at=clock()) == 2 * count
        return len(captured)

    assert queries(1) == queries(6) <= 10


def test_an_erased_reason_is_not_sent_afterwards(endpoint, sink, relay, clock):
    from commitments import services
    from tests.factories import AT, UserFactory

    commitment = CommitmentFactory()
    relay()
    sink.plays = [500]
    wrong = assess(commitment, reason="It names Mr Secret.")
    relay()
    services.redact(
        entry=wrong, fields=["reason"], reason="By order.", by=UserFactory(), at=AT
    )
    clock.go(seconds=10)
    relay()

    assert len(sink.arrived) == 3
    assert not [body for body in sink.arrived if b"Secret" in body]


def test_while_the_outbox_is_held_nothing_leaves(endpoint, sink, relay, clock):
    CommitmentFactory()
    sink.plays = [500]
    relay()
    outbox.hold(at=clock())
    CommitmentFactory()
    clock.go(hours=1)

    relay()
    assert not sink.arrived

    outbox.release(at=clock())
    relay()
    assert len(sink.arrived) == 2


def test_what_was_let_go_after_a_restore_is_not_sent(endpoint, sink, relay, clock):
    CommitmentFactory()
    sink.plays = [500]
    relay()
    outbox.hold(at=clock())
    CommitmentFactory()
    outbox.release(at=clock(), discard=True)
    clock.go(hours=1)

    relay()

    assert not sink.arrived


def test_a_key_that_is_revoked_gets_nothing_more(endpoint, sink, relay, clock):
    ApiKey.objects.update(revoked_at=clock())
    CommitmentFactory()

    relay()

    endpoint.refresh_from_db()
    assert endpoint.state == "disabled" and "revoked" in endpoint.reason
    assert not sink.arrived
    assert len(mail.outbox) == 1


def test_a_worker_that_died_loses_its_lease_and_nothing_else(
    endpoint, sink, relay, clock
):
    CommitmentFactory()
    sending.fan_out(at=clock())
    (taken,) = sending.take_due(at=clock(), most=5)
    relay()
    assert not sink.arrived and sending.take_due(at=clock(), most=5) == []

    clock.go(minutes=2)
    relay()

    assert len(sink.arrived) == 1
    assert not taken.give_back()


def test_messages_are_forgotten_after_a_month(endpoint, sink, relay, clock):
    CommitmentFactory()
    relay()
    sink.always = 500
    CommitmentFactory()
    relay()
    Endpoint.objects.update(state="disabled", reason="Stopped.")

    clock.go(days=31)
    endpoints.prune(at=clock())
    assert list(Delivery.objects.values_list("state", flat=True)) == ["dead"]
    clock.go(days=31)
    endpoints.prune(at=clock())
    assert not Delivery.objects.exists() and not Attempt.objects.exists()
