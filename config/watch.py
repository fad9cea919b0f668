"""Ends a worker that lives and takes nothing: whoever supervises it starts another.

After the broker came back, a worker of Celery can go on for ever without a look at its
queue, or hang in a read that nobody answers. It looks alive from outside, and others may
take what it leaves. What tells is inside: the message that is next in the queue stays
there, while no task is at work in this process and the broker answers.
"""

from __future__ import annotations

import faulthandler
import logging
import os
import threading
import time
from collections.abc import Callable, Iterable, Sequence

import redis
from celery.worker import state

from config import broker

logger = logging.getLogger(__name__)

STANDARD_ERROR = 2
WATCHES = threading.Event()
# What lies in a queue as the broker gives it; None: nothing.
Oldest = bytes | str | None
# Seconds between looks; looks, not seconds, so that a process that was stopped for long
# is not taken for one that did nothing.
EVERY = 15.0
# Two minutes: a free worker takes what is next at once.
FREE_LOOKS = 8
# Eleven minutes: longer than any task is let run, so that one has ended meanwhile.
BUSY_LOOKS = 44


class Looks:
    """What was seen at the looks so far."""

    def __init__(self) -> None:
        self.waiting: Sequence[Oldest] = ()
        self.unmoved = self.free = 0

    def is_stuck(self, waiting: Sequence[Oldest], *, is_busy: bool) -> bool:
        """Take in what is next in each queue; return whether this is no worker more.

        Nothing waits in an empty queue, and in one that nobody could look into.
        """
        if not any(waiting) or waiting != self.waiting:
            self.waiting, self.unmoved, self.free = waiting, 0, 0
        else:
            self.unmoved += 1
            self.free = 0 if is_busy else self.free + 1
        return self.free >= FREE_LOOKS or self.unmoved >= BUSY_LOOKS


def start(queues: Callable[[], Iterable[str]]) -> None:
    """Watch this process from a thread of its own, for as long as it runs.

    ``queues`` gives what it takes from. Celery is ready anew whenever the broker is back;
    one thread is enough.
    """
    if WATCHES.is_set():
        return
    WATCHES.set()
    threading.Thread(target=_watch, args=(queues,), name="watch", daemon=True).start()


def _watch(queues: Callable[[], Iterable[str]]) -> None:
    asking, looks = broker.client(), Looks()
    while True:
        time.sleep(EVERY)
        try:
            waiting = [asking.lindex(name, -1) for name in queues()]
        except (redis.RedisError, OSError):
            waiting = []
        if looks.is_stuck(waiting, is_busy=bool(state.active_requests)):
            _end()


def _end() -> None:
    logger.critical("This worker takes nothing from its queue. It ends, to be started.")
    # Where it hangs.
    faulthandler.dump_traceback(STANDARD_ERROR)
    os._exit(1)
