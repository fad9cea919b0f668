"""Requests of one process are computed one after the other, and wait for no slow one."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from config.turns import by_turns

# No test waits for it: it stands for “as long as it takes”.
LONG = 600


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
                self.entered.set()
                assert self.go_on.wait(LONG)
            if environ == "broken":
                raise ValueError("broken")
            time.sleep(0.005)
            return [b"answered"]
        finally:
            self.inside -= 1


@pytest.fixture
def site():
    return Site()


@pytest.fixture
def pool():
    with ThreadPoolExecutor(4) as pool:
        yield pool


def test_one_after_the_other(site, pool):
    answer = by_turns(site, patience=LONG)

    told = list(pool.map(lambda n: answer("quick", None), range(40)))
    assert told == [[b"answered"]] * 40
    assert site.most == 1

    # The control: without turns they are inside together.
    list(pool.map(lambda n: site("quick", None), range(40)))
    assert site.most > 1


def test_nobody_waits_for_long(site, pool):
    answer = by_turns(site, patience=0.01)

    slow = pool.submit(answer, "slow", None)
    assert site.entered.wait(LONG)
    assert answer("quick", None) == [b"answered"]
    assert not slow.done()
    site.go_on.set()
    assert slow.result(LONG) == [b"answered"]


def test_a_failure_ends_the_turn(site):
    answer = by_turns(site, patience=LONG)

    for _ in range(2):
        with pytest.raises(ValueError, match="broken"):
            answer("broken", None)
    assert answer("quick", None) == [b"answered"]
