from datetime import timedelta

import pytest
from django.utils import timezone

from commitments import services
from tests.commitments.links.web import played
from tracker.webhooks import endpoints, sending

from .sink import Sink


class Clock:
    """A clock that only moves when it is told to."""

    def __init__(self, at):
        self.at = at

    def __call__(self):
        return self.at

    def go(self, **by):
        self.at += timedelta(**by)


@pytest.fixture
def clock():
    # Ahead of what requests do meanwhile; signatures stand five minutes of it.
    return Clock(timezone.now() + timedelta(minutes=1))


@pytest.fixture
def web():
    with played() as web:
        yield web


@pytest.fixture
def make_key(db):
    def make_key(name="newsroom", scopes=("webhooks",)):
        now = timezone.now()
        ends = now + timedelta(days=900)
        return services.make_key(name=name, scopes=scopes, expires_at=ends, at=now)

    return make_key


@pytest.fixture
def key(make_key):
    return make_key()[0]


@pytest.fixture
def sink(web):
    return Sink(web, "hook.test/in")


@pytest.fixture
def relay(clock):
    """Do what is due, once, at the time of the clock."""
    return lambda: sending.relay(clock=clock)


@pytest.fixture
def register(key, clock):
    def register(url, **given):
        values = {"key": key, "email": "owner@example.org", "at": clock(), **given}
        return endpoints.register(url=url, **values)[0]

    return register


@pytest.fixture
def endpoint(register, sink, relay):
    """An endpoint that has answered its challenge."""
    endpoint = register(sink.url)
    relay()
    endpoint.refresh_from_db()
    assert endpoint.state == "active"
    return endpoint
