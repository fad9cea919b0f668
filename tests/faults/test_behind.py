"""Who asks for what a thread is computing for another waits in the loop, not for long."""

import os
import re
import signal
import socket
import struct
import time
from contextlib import ExitStack, contextmanager

import pytest

from config.arrivals import UNREAD
from tests.faults import echo
from tests.faults.servers import serving
from tests.faults.test_at_hand import (
    ONE,
    UNHURRIED,
    answer,
    get,
    looks,
    received,
    told,
)

# By then who is in a thread is in it, and who waits waits.
SETTLED = 0.5


@contextmanager
def site(folder, patience=60):
    settings = f"{UNHURRIED}\narrivals.PATIENCE = {patience}"
    with serving(folder, *ONE, settings=settings) as port, ExitStack() as stack:

        def asking(request):
            line = stack.enter_context(
                socket.create_connection(("127.0.0.1", port), 30)
            )
            line.sendall(request)
            return line

        yield port, asking


def inside(line):
    """Return how many computed at the moment at which this one began to."""
    return int(re.search(rb"(\d+) inside;$", told(line))[1])


def test_those_for_whom_nothing_was_kept_are_answered_beside_each_other(tmp_path):
    asked = get("/shared/inside?1")
    with site(tmp_path) as (_, asking):
        first = asking(asked)
        time.sleep(SETTLED)
        others = [asking(asked) for _ in range(3)]
        assert inside(first) == 1
        assert sorted(map(inside, others)) == [1, 2, 3]


@pytest.mark.parametrize(
    ("patience", "together"), [(0, 2), pytest.param(60, 1, id="control: patient")]
)
def test_nobody_waits_for_ever(tmp_path, patience, together):
    asked = get(f"/shared/inside?{echo.BUSY}")
    with site(tmp_path, patience) as (_, asking):
        asking(asked)
        time.sleep(SETTLED)
        assert inside(asking(asked)) == together


def test_nobody_waits_for_one_who_does_not_read(tmp_path):
    asked = get("/shared/large")
    with site(tmp_path) as (port, asking), socket.socket() as slow:
        slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        slow.connect(("127.0.0.1", port))
        slow.sendall(asked)
        others = [asking(asked) for _ in range(2)]
        began = time.monotonic()
        for line in others:
            assert len(received(line, echo.LARGE)) >= echo.LARGE
        assert time.monotonic() - began < UNREAD


def test_nobody_waits_for_one_who_hung_up_before_a_thread_was_free(tmp_path):
    with site(tmp_path) as (_, asking):
        for _ in range(4):
            asking(get("/busy"))
        time.sleep(SETTLED)
        # The server tells it to go on, which fails before the site is asked.
        first = asking(get("/shared/inside?0", "Expect: 100-continue"))
        time.sleep(SETTLED)
        other = asking(get("/shared/inside?0"))
        time.sleep(SETTLED)
        first.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        first.close()
        assert inside(other) == 1


def test_who_waits_is_answered_by_a_server_that_ends(tmp_path):
    asked = get("/shared/inside?2")
    with site(tmp_path) as (port, asking):
        [(worker, _, _)] = looks([asking(get("/at-hand/look"))])
        lines = [asking(asked)]
        time.sleep(SETTLED)
        lines += [asking(asked) for _ in range(3)]
        time.sleep(SETTLED)
        os.kill(worker, signal.SIGTERM)
        assert [inside(line) > 0 for line in lines] == [True] * 4
        # The next one does not know of them.
        assert b"1 inside;" in answer(port, get("/shared/inside?0"))
