"""Events arrive signed, again until they are taken, and no longer."""

import json
from datetime import timedelta

import orjson
import pytest
from django.core import mail
from standardwebhooks.webhooks import WebhookVerificationError

from tests.factories import CommitmentFactory, assess
from tracker.models import Attempt, Delivery, EndpointNotice
from tracker.webhooks import endpoints, messages, schedule, sealing, sending

from .sink import Sink, secret_of, verified

pytestmark = pytest.mark.django_db


def delivery(**given):
    return Delivery.objects.get(**given)


def test_a_change_arrives_signed_as_the_feed_tells_it(endpoint, sink, relay, client):
    commitment = CommitmentFactory()
    assess(commitment)

    relay()

    told = client.get("/api/v1/changes/").json()["results"]
    secret = secret_of(endpoint)
    assert secret.startswith("whsec_") and len(sink.arrived) == 2
    for body, headers, change in zip(sink.arrived, sink.headers, told, strict=True):
        message = verified(secret, headers, body)
        assert message == {
            "type": change["type"],
            "timestamp": change["recorded_at"],
            "data": change,
        }
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


def test_what_was_altered_on_the_way_is_found_out(endpoint, sink, relay):
    CommitmentFactory()
    relay()
    secret, headers, body = secret_of(endpoint), sink.headers[0], sink.arrived[0]

    for name, value in {
        "webhook-id": "msg_other",
        "webhook-timestamp": str(int(headers["webhook-timestamp"]) + 1),
    }.items():
        with pytest.raises(WebhookVerificationError):
            verified(secret, {**headers, name: value}, body)
    for other in (body + b" ", body.replace(b"material", b"schedule")):
        with pytest.raises(WebhookVerificationError):
            verified(secret, headers, other)
    with pytest.raises(WebhookVerificationError):
        verified(sealing.new_secret(), headers, body)


def test_a_retry_has_the_same_id_and_body_and_a_time_of_its_own(
    endpoint, sink, relay, clock
):
    sent = []
    sink.plays = [lambda handler: sent.append(dict(handler.headers))]
    CommitmentFactory()
    relay()
    clock.go(seconds=10)
    relay()

    assert sent[0]["webhook-id"] == sink.ids[0]
    assert sent[0]["webhook-timestamp"] != sink.headers[0]["webhook-timestamp"]
    first, second = Attempt.objects.order_by("pk")
    assert first.request_sha256 == second.request_sha256
    assert (first.status, second.status) == (None, 204)


@pytest.mark.parametrize("status", [301, 307, 400, 404, 500, 503])
def test_anything_but_success_is_a_failure_and_tried_again(
    endpoint, sink, relay, clock, status
):
    sink.plays = [(status, {"Location": "http://elsewhere.test/"})]
    CommitmentFactory()

    relay()

    one = delivery()
    assert (one.state, one.tries, one.last_status) == ("waiting", 1, status)
    assert one.next_try > clock()
    assert "elsewhere.test/" not in sink.web.asked
    relay()
    assert not sink.arrived
    clock.go(seconds=10)
    relay()
    assert len(sink.arrived) == 1


def test_the_schedule_backs_off_for_more_than_a_day_and_no_two_are_alike():
    waits = [schedule.wait(n, name="a") for n in range(1, len(schedule.WAITS) + 1)]

    assert sum(waits, timedelta(0)) >= timedelta(hours=72)
    assert waits == sorted(waits)
    for one, least in zip(waits, schedule.WAITS, strict=True):
        assert least <= one <= least * 1.2
    assert waits != [schedule.wait(n, name="b") for n in range(1, len(waits) + 1)]
    assert schedule.wait(len(waits) + 1, name="a") is None
    # For each try, from the first byte of it to the last.
    assert sending.LIMITS.seconds == 10


def test_who_takes_nothing_for_days_is_disabled_and_told_by_mail_once(
    endpoint, sink, relay, clock
):
    sink.always = 500
    CommitmentFactory()

    for _ in range(40):
        relay()
        clock.go(hours=3)

    endpoint.refresh_from_db()
    assert endpoint.state == "disabled"
    assert "took nothing since" in endpoint.reason
    assert EndpointNotice.objects.get().mailed_at
    (message,) = mail.outbox
    assert message.to == ["owner@example.org"]
    assert sink.url in message.body and "500" in message.body


def test_a_message_that_nobody_takes_is_given_up_and_the_next_one_sent(
    endpoint, sink, relay, clock, monkeypatch
):
    monkeypatch.setattr(schedule, "WAITS", schedule.WAITS[:4])
    commitment = CommitmentFactory()
    sink.plays = [500] * 5
    assess(commitment)

    for _ in range(12):
        relay()
        clock.go(hours=1)

    assert list(Delivery.objects.order_by("pk").values_list("state", flat=True)) == [
        "dead",
        "delivered",
    ]


def test_a_message_that_cannot_be_written_is_given_up_and_delays_no_other(
    endpoint, register, sink, web, relay, clock, monkeypatch
):
    monkeypatch.setattr(schedule, "WAITS", schedule.WAITS[:4])
    other = Sink(web, "other.test/in")
    register(other.url)
    relay()
    poisoned, body = [], messages.body

    def written(delivery):
        if delivery.pk in poisoned:
            raise RecursionError
        return body(delivery)

    monkeypatch.setattr(messages, "body", written)
    CommitmentFactory()
    sending.fan_out(at=clock())
    poisoned.append(endpoint.deliveries.get().pk)

    relay()

    assert len(other.arrived) == 1
    clock.go(seconds=10)
    CommitmentFactory()
    relay()
    assert (len(sink.arrived), len(other.arrived)) == (1, 2)
    for _ in range(5):
        clock.go(hours=1)
        relay()
    one = delivery(pk=poisoned[0])
    assert (one.state, one.tries) == ("dead", 5)
    assert "reason of ours" in one.last_error
    assert one.attempts.count() == 5


def test_who_answers_gone_is_disabled_at_once(endpoint, sink, relay):
    sink.plays = [410]
    CommitmentFactory()

    relay()

    endpoint.refresh_from_db()
    assert endpoint.state == "disabled" and "410" in endpoint.reason
    assert delivery().state == "dead"
    assert len(mail.outbox) == 1


@pytest.mark.parametrize(
    ("asked", "least", "most"),
    [
        ("3600", 3600, 3600),
        ("99999999999999999999", 86400, 86400),
        ("-5", 5, 6),
        ("Wed, 21 Oct 2015 07:28:00 GMT", 5, 6),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 86400, 86400),
        ("soon", 5, 6),
        ("", 5, 6),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_a_wish_to_wait_is_kept_within_bounds(
    endpoint, sink, relay, clock, status, asked, least, most
):
    sink.plays = [(status, {"Retry-After": asked})]
    CommitmentFactory()
    relay()

    waits = (delivery().next_try - clock()).total_seconds()
    assert least <= waits <= most
    if least > 5:
        CommitmentFactory()
        relay()
        assert not sink.arrived
        clock.go(seconds=least + 1)
    else:
        clock.go(seconds=10)
    relay()
    assert sink.arrived


def closing(handler):
    handler.connection.close()


def lying(handler):
    handler.send_response(200)
    handler.send_header("Content-Length", "100")
    handler.end_headers()
    handler.wfile.write(b"x")


def garbage(handler):
    handler.wfile.write(b"what?\r\n\r\n")


@pytest.mark.parametrize("play", [closing, lying, garbage])
def test_an_answer_that_breaks_off_is_a_failure(endpoint, sink, relay, clock, play):
    sink.plays = [play]
    CommitmentFactory()
    relay()
    assert (delivery().state, delivery().last_status) == ("waiting", None)
    clock.go(seconds=10)
    relay()
    assert delivery().state == "delivered"


def test_a_long_answer_counts_by_its_status_and_is_cut(endpoint, sink, relay):
    def long(handler):
        handler.send_response(200)
        handler.send_header("X-Long", "y" * 5000)
        handler.end_headers()
        handler.wfile.write(b"\0x" * 500_000)

    sink.plays = [long]
    CommitmentFactory()

    relay()

    attempt = Attempt.objects.get()
    assert delivery().state == "delivered"
    assert 0 < len(attempt.response_body) <= sending.KEPT_BODY
    assert max(map(len, attempt.response_headers.values())) <= sending.KEPT_HEADER


def test_the_log_of_a_message_is_bounded(endpoint, sink, relay, clock):
    CommitmentFactory()
    relay()
    for _ in range(sending.KEPT_ATTEMPTS + 3):
        endpoints.replay(deliveries=Delivery.objects.all(), at=clock())
        relay()

    assert Attempt.objects.count() == sending.KEPT_ATTEMPTS
    assert len(set(sink.ids)) == 1


def test_the_payload_is_small_and_plain_json(endpoint, sink, relay):
    assess(CommitmentFactory())
    relay()

    for body in sink.arrived:
        assert len(body) < 20_000
        assert json.loads(body) == orjson.loads(body)
