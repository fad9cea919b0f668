"""Endpoints that mean no good beside those that do: nobody waits for them."""

import threading
from datetime import timedelta

import pytest

from commitments import outgoing
from tests.factories import CommitmentFactory
from tracker.webhooks import schedule, sending

from .sink import Sink

pytestmark = pytest.mark.django_db

GOOD, CHANGES = 3, 4
DAY = timedelta(days=1)
# Seconds that a hostile one waits for the others to be served.
PATIENCE = 50


def answering(status, **headers):
    def play(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return play


def close(handler):
    handler.connection.close()


def ten_megabytes(handler):
    handler.send_response(200)
    handler.end_headers()
    for _ in range(160):
        handler.wfile.write(b"\0" * 65_536)


# What each answers; whether the message counts as delivered, dead or waiting then, and
# for how long at least and at most its endpoint gets nothing.
SOON = timedelta(0), 2 * schedule.WAITS[0]
HOSTILE = {
    "a slow 200": (answering(200), "delivered", None),
    "301": (answering(301, Location="http://elsewhere.test/"), "waiting", SOON),
    "410": (answering(410), "dead", None),
    "429, in seconds": (answering(429, Retry_After="3600"), "waiting", (DAY / 24,) * 2),
    "429, at a date": (
        answering(429, Retry_After="Fri, 31 Dec 9999 23:59:59 GMT"),
        "waiting",
        (DAY, DAY),
    ),
    "429, huge": (answering(429, Retry_After="9" * 20), "waiting", (DAY, DAY)),
    "429, negative": (answering(429, Retry_After="-5"), "waiting", SOON),
    "500 for ever": (answering(500), "waiting", SOON),
    "closes after reading": (close, "waiting", SOON),
    "10 MB": (ten_megabytes, "delivered", None),
}


class Good(Sink):
    """Tells when all of its kind have what they are to have."""

    everywhere, wanted = [], 0
    everything = threading.Event()

    def take(self, handler):
        super().take(handler)
        if self.taken() >= self.wanted:
            self.everything.set()

    @classmethod
    def taken(cls):
        return sum(len(sink.arrived) for sink in cls.everywhere)


@pytest.fixture
def good(web, monkeypatch):
    sinks = [Good(web, f"good{n}.test/in") for n in range(GOOD)]
    monkeypatch.setattr(Good, "everywhere", sinks)
    monkeypatch.setattr(Good, "wanted", GOOD * (CHANGES + 1))
    monkeypatch.setattr(Good, "everything", threading.Event())
    return sinks


@pytest.fixture
def endpoints(web, register, make_key, relay, good):
    """All have proved themselves, the good ones as the last; then one change is told."""
    bad = {name: Sink(web, f"bad{n}.test/in") for n, name in enumerate(HOSTILE)}
    found = {name: register(sink.url) for name, sink in bad.items()}
    other, _ = make_key(name="of good ones")
    for sink in good:
        register(sink.url, key=other)
    relay()
    for name, sink in bad.items():
        sink.always = HOSTILE[name][0]
    CommitmentFactory()
    relay()
    return {name: (endpoint, bad[name]) for name, endpoint in found.items()}


def test_each_is_judged_by_its_answer(endpoints, web, clock):
    for name, (endpoint, _) in endpoints.items():
        _, state, rests = HOSTILE[name]
        endpoint.refresh_from_db()
        delivery = endpoint.deliveries.get()
        assert delivery.state == state, name
        assert (endpoint.state == "disabled") == (name == "410"), name
        if rests:
            until = max(delivery.next_try, endpoint.paused_until or delivery.next_try)
            assert rests[0] <= until - clock() <= rests[1], name
    assert not [place for place in web.asked if "elsewhere" in place]


def test_no_other_waits_for_them(endpoints, good, relay, clock, monkeypatch):
    patient = outgoing.Limits(bytes=sending.KEPT_BODY, seconds=60)
    monkeypatch.setattr(sending, "LIMITS", patient)
    taken = []

    def late(play):
        def answer(handler):
            Good.everything.wait(PATIENCE)
            taken.append(Good.taken())
            play(handler)

        return answer

    for name, (_, sink) in endpoints.items():
        sink.always = late(HOSTILE[name][0])
    # When nobody rests any more, more is due for them than there are threads.
    clock.go(hours=25)
    for _ in range(CHANGES):
        CommitmentFactory()
    relay()

    # Each of them was tried, and none was through before the others had everything.
    assert len(taken) > sending.THREADS
    assert set(taken) == {Good.wanted}
    for sink in good:
        assert len(set(sink.ids)) == len(sink.ids) == CHANGES + 1
