"""Nobody may point us at somebody else's machine."""

import json
from unittest import mock

import pytest
from django.core import mail

from commitments import outgoing
from tests.factories import CommitmentFactory
from tracker.models import Delivery, Endpoint
from tracker.webhooks import endpoints, schedule

from .sink import Sink, secret_of, verified

pytestmark = pytest.mark.django_db


def state(endpoint):
    endpoint.refresh_from_db()
    return endpoint.state


def test_nothing_is_sent_before_the_challenge_is_answered(register, sink, relay, clock):
    sink.proves = False
    endpoint = register(sink.url)
    CommitmentFactory()

    for _ in range(len(schedule.CHALLENGE_WAITS) + 2):
        relay()
        clock.go(hours=3)

    assert state(endpoint) == "disabled" and "challenge" in endpoint.reason
    assert not sink.arrived and not Delivery.objects.exists()
    assert sink.web.asked[sink.place] == len(schedule.CHALLENGE_WAITS) + 1
    assert len(mail.outbox) == 1


def test_a_challenge_is_signed_and_may_come_back_as_plain_text(
    register, web, relay, clock
):
    heard = {}

    def answer(handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        heard.update(body=body, headers=dict(handler.headers))
        told = json.loads(body)["data"]["challenge"].encode()
        web.play(handler, (200, {}, told + b"\n"))

    web.pages["plain.test/"] = answer
    endpoint = register("http://plain.test/")

    relay()

    assert state(endpoint) == "active"
    message = verified(secret_of(endpoint), heard["headers"], heard["body"])
    assert message["type"] == "challenge"


@pytest.mark.parametrize(
    "answer",
    [
        500,
        302,
        b"",
        b"[]",
        b"7",
        b"null",
        b'{"challenge": null}',
        b'{"challenge": "\\ud800"}',
        b"\xff\xfe",
    ],
)
def test_a_wrong_answer_proves_nothing(register, web, relay, answer):
    web.pages["wrong.test/"] = answer
    endpoint = register("http://wrong.test/")

    relay()

    assert state(endpoint) == "pending"


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "169.254.169.254", "[::1]", "10.0.0.1"]
)
def test_our_own_network_is_never_asked(register, web, relay, address):
    endpoint = register(f"http://{address}/")

    # Not by monkeypatch, which ends after the played web and would bring it back.
    with mock.patch.object(outgoing, "resolve", lambda host, port: [host]):
        relay()

    assert state(endpoint) == "pending"
    assert not web.asked


@pytest.mark.parametrize("answers", [["127.0.0.1"], ["11.0.0.9", "169.254.169.254"]])
def test_a_name_that_leads_elsewhere_later_is_not_followed_into_our_network(
    endpoint, sink, relay, answers
):
    CommitmentFactory()
    # It was public when it proved itself; each message is held to the rules anew.
    with mock.patch.object(outgoing, "resolve", lambda host, port: answers):
        relay()

    assert not sink.arrived
    assert Delivery.objects.get().state == "waiting"


def test_a_new_address_has_to_prove_itself(endpoint, sink, relay, web, clock):
    new = Sink(web, "new.test/")
    new.proves = False
    endpoints.change(endpoint=endpoint, url=new.url, at=clock())
    CommitmentFactory()
    relay()
    assert not new.arrived and not sink.arrived

    new.proves = True
    clock.go(minutes=1)
    relay()
    CommitmentFactory()
    relay()

    assert state(endpoint) == "active"
    assert len(new.arrived) == 1 and not sink.arrived


def test_a_disabled_endpoint_gets_what_waited_once_it_has_proved_itself(
    endpoint, sink, relay, clock
):
    sink.plays = [500]
    CommitmentFactory()
    relay()
    endpoints.disable(endpoint=endpoint, reason="It was down.", at=clock())
    missed = CommitmentFactory()
    clock.go(minutes=1)
    relay()
    assert not sink.arrived

    endpoints.enable(endpoint=endpoint, at=clock())
    relay()
    assert len(sink.arrived) == 1

    fresh = Endpoint.objects.get()
    assert endpoints.replay_after(endpoint=fresh, seq=1, at=clock()) == (
        1,
        missed.latest_entry_id,
    )
    relay()
    assert sink.seqs == [1, missed.latest_entry_id]
