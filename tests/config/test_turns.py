"""Requests of one process are answered one after the other, and wait for no slow one."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from config.turns import Turns

# No test waits for it: it stands for “as long as it takes”.
LONG = 60


class Whole(list):
    streaming = False


class Stream(list):
    streaming = True


# As Django gives a stream, and a file that the server is to send.
SENT_LATER = {"stream": Stream, "file": list}


class Site:
    """Tells how many requests were inside at once; holds one while it is told to."""

    def __init__(self):
        self.inside = self.most = 0
        self.entered, self.go_on = threading.Event(), threading.Event()

    def __call__(self, environ, start_response):
        self.inside += 1
        self.most = max(self.most, self.inside)
        try:
            if environ == "slow":
                self.hold()
            if environ == "broken":
                raise ValueError("broken")
            if environ in SENT_LATER:
                return SENT_LATER[environ]([b"answered"])
            time.sleep(0.005)
            return Whole([b"answered"])
        finally:
            self.inside -= 1

    def hold(self):
        self.entered.set()
        assert self.go_on.wait(LONG)


class Server:
    """Answers as a thread of the web server does."""

    def __init__(self, site, turns):
        self.site, self.turns = site, turns
        self.application = turns.but_for_streams(site)

    def answer(self, asked):
        with self.turns.one():
            told = self.application(asked, None)
            if asked in SENT_LATER:
                self.site.hold()
            return told


@pytest.fixture
def site():
    return Site()


@pytest.fixture
def pool():
    with ThreadPoolExecutor(4) as pool:
        yield pool


def test_one_after_the_other(site, pool):
    server = Server(site, Turns(LONG))

    told = list(pool.map(lambda n: server.answer("quick"), range(40)))
    assert told == [[b"answered"]] * 40
    assert site.most == 1

    # The control: without turns they are inside together.
    list(pool.map(lambda n: site("quick", None), range(40)))
    assert site.most > 1


@pytest.mark.parametrize(
    ("asked", "patience"), [("slow", 0.01), ("stream", LONG), ("file", LONG)]
)
def test_nobody_waits_for_what_takes_long(site, pool, asked, patience):
    server = Server(site, Turns(patience))

    held = pool.submit(server.answer, asked)
    assert site.entered.wait(LONG)
    assert server.answer("quick") == [b"answered"]
    assert not held.done()
    site.go_on.set()
    assert held.result(LONG) == [b"answered"]


@pytest.mark.parametrize("asked", SENT_LATER)
def test_a_turn_that_ended_early_ends_nobody_elses(site, pool, asked):
    server = Server(site, Turns(LONG))
    site.go_on.set()

    told = list(
        pool.map(lambda n: server.answer(asked if n % 2 else "quick"), range(40))
    )
    assert told == [[b"answered"]] * 40
    site.most = 0
    list(pool.map(lambda n: server.answer("quick"), range(20)))
    assert site.most == 1


def test_a_failure_ends_the_turn(site):
    server = Server(site, Turns(LONG))

    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            server.answer("broken")
    assert server.answer("quick") == [b"answered"]
