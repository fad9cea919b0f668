from collections import Counter
from datetime import timedelta

import pytest

from commitments import readable, services
from commitments.models import Link
from tests.factories import CommitmentFactory

from . import web as played_web


class Clock:
    """A clock that stands until it is set."""

    def __init__(self, now):
        self.now = now

    def __call__(self):
        return self.now

    def forward(self, **span):
        self.now += timedelta(**span)


@pytest.fixture
def web(settings, monkeypatch):
    """The played web; documents are read in this process, for speed."""
    settings.HOST_PAUSE = 0
    monkeypatch.setattr(
        readable.Reader,
        "_ask",
        lambda self, body, job="read": readable.told(body, job=job),
    )
    with played_web.played() as web:
        yield web


@pytest.fixture
def clock(now):
    return Clock(now)


@pytest.fixture
def run(web, clock):
    """Watch for a while, after time has gone on."""

    def run(**span):
        clock.forward(**span)
        return Counter(services.watch_sources(clock=clock, seconds=20))

    return run


@pytest.fixture
def tariffs(db):
    return CommitmentFactory(
        title="Zero tariff treatment for all least developed countries",
        title_zh="给予最不发达国家零关税待遇",
        statement="Goods of 100 % of tariff lines from least developed countries.",
    )


@pytest.fixture
def others(db):
    return [CommitmentFactory(title=f"Open sector {n} of services") for n in range(9)]


@pytest.fixture
def check(web, clock):
    """Look at what is due, or at everything at once."""

    def check(days=0):
        clock.forward(days=days)
        if days:
            Link.objects.update(due_at=clock.now)
        return dict(services.check_links(clock=clock, seconds=20))

    return check
