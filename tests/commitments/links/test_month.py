"""A month of ten thousand healthy links, each out of reach for a twentieth of it.

No network and no database: what looks find is drawn, what follows is the tracker's.
"""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest

from commitments import outgoing, verdicts
from commitments.models import Host, Link
from commitments.readable import Readable
from commitments.services import looks
from commitments.verdicts import Verdict

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
DAYS, SHARE = 30, 0.05
URL = "https://a.example.org/law"
NOTICE = Readable("html", "It will be back soon, once the work on the site is done.")


def answer(status, page=NOTICE):
    return {"answer": outgoing.Answer(URL, status, {}, b"x"), "page": page}


WELL = answer(200, page=None)
TROUBLES = [
    *(answer(status) for status in (403, 404, 410, 429, 500, 502, 503, 504)),
    *(
        {"failure": outgoing.Unreachable(kind, "No answer.")}
        for kind in ("dns", "tls", "timeout", "connection")
    ),
]


def outages(chance):
    """Return when a link is away and how: up to two days each, a twentieth of all."""
    hours = [chance.uniform(1, 48) for _ in range(8)]
    between = 24.5 * (1 - SHARE) / SHARE
    found, at = [], BEGIN - timedelta(days=40 + chance.uniform(0, 40))
    for length in hours:
        until = at + timedelta(hours=length)
        found.append((at, until, chance.choice(TROUBLES)))
        at = until + timedelta(hours=chance.uniform(0, 2 * between))
    return found


def month(chance):
    """Look at one link as often as it is due; yield the verdicts and what was met."""
    link = Link(pk=chance.randrange(10**6), url=URL, host=Host(name="a.example.org"))
    away, at = outages(chance), BEGIN + timedelta(hours=chance.uniform(0, 24 * 14))
    while at < BEGIN + timedelta(days=DAYS):
        met = next((how for a, b, how in away if a <= at < b), WELL)
        looks._settle(link, looks.Look(link, **met), {}, at=at, is_recent=True)
        yield link.verdict, met is WELL
        at = link.due_at


def found(links):
    chance = random.Random(20)
    return Counter(seen for _ in range(links) for seen in month(chance))


@pytest.mark.parametrize("links", [400, pytest.param(10_000, marks=pytest.mark.faults)])
def test_no_healthy_link_is_called_dead_in_a_month(links):
    seen = found(links)

    met = sum(count for (_, is_well), count in seen.items() if not is_well)
    assert 0.04 < met / seen.total() < 0.06
    assert seen.total() > links * 5
    assert {verdict for verdict, is_well in seen if is_well} == {Verdict.OK}
    dead = [verdict for verdict, _ in seen if verdict in verdicts.LOST]
    assert dead == []


def test_were_one_answer_enough_many_would_be(monkeypatch):
    """The proof that the test above can fail."""
    monkeypatch.setattr(verdicts, "MISSES", 1)

    seen = found(400)

    assert seen[Verdict.GONE, False] > 5
