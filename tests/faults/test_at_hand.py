"""What the site has in memory is given by the server's loop, which waits for nobody."""

import os
import re
import select
import signal
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import pytest

from config.arrivals import UNREAD
from tests.faults import echo
from tests.faults.servers import ask, serving, statuses

PLAIN = " HTTP/1.1\r\nHost: x\r\n"


def get(path, *headers):
    rest = "".join(f"{header}\r\n" for header in headers)
    return f"GET {path}{PLAIN}{rest}\r\n".encode()


AT_HAND, THREAD = get("/at-hand"), get("/thread")


ONE = ("--workers", "1", "--keep-alive", "20")
# The loop leaves nothing to threads for a slow moment's sake, as on a quick machine.
UNHURRIED = "arrivals.SLOW = 60"


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server"), *ONE) as port:
        yield port


@pytest.fixture
def unhurried(tmp_path):
    with serving(tmp_path, *ONE, settings=UNHURRIED) as port:
        yield port


def told(line, end=b";"):
    """Return what comes, however it is cut, until it ends as the echo's lines do."""
    got = b""
    while not got.endswith(end) and (piece := line.recv(65_536)):
        got += piece
    return got


def answer(port, request):
    """Send a request, keep the connection, and return what is told in a line."""
    with socket.create_connection(("127.0.0.1", port), 20) as line:
        line.sendall(request)
        return told(line)


def received(line, size):
    got = b""
    while len(got) < size and (piece := line.recv(65_536)):
        got += piece
    return got


def state(pid):
    """Return the letter of what a process does; T is stopped."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(") ")[2][0]


def unanswered(lines):
    ready, _, _ = select.select(lines, [], [], 0)
    return len(lines) - len(ready)


def test_it_is_given_while_every_thread_is_busy(unhurried):
    with ExitStack() as stack:
        busy = [
            stack.enter_context(socket.create_connection(("127.0.0.1", unhurried), 60))
            for _ in range(6)
        ]
        for line in busy:
            line.sendall(get("/busy"))
        time.sleep(0.5)
        # The control: what takes a thread waits for one.
        with socket.create_connection(("127.0.0.1", unhurried), 0.3) as line:
            line.sendall(THREAD)
            with pytest.raises(TimeoutError):
                line.recv(100)
        for _ in range(10):
            assert b"at hand;" in answer(unhurried, AT_HAND)
        assert unanswered(busy) >= 4


@pytest.mark.parametrize("patience", [60, pytest.param(0, id="control: none")])
def test_threads_answer_one_after_the_other(tmp_path, patience):
    """Unless it takes long, as a moment can on a slow machine."""

    def alone(port):
        return b"\r\n1 inside;" in answer(port, get("/inside?0.002"))

    settings = f"TURNS.patience = {patience}"
    with (
        serving(tmp_path, *ONE, settings=settings) as port,
        ThreadPoolExecutor(4) as pool,
    ):
        found = list(pool.map(alone, [port] * 200))
    assert all(found) == bool(patience)


def looks(lines):
    """Fetch one answer of each line; return worker, number and thread of its look."""
    found = []
    for line in lines:
        worker, number, thread = told(line).split(b"\r\n")[-1].split()
        found.append((int(worker), int(number), thread))
    return found


def together(port):
    """Ask one after the other, then at once; return the looks of both."""
    asked = get("/at-hand/look")
    with ExitStack() as stack:
        lines = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 20))
            for _ in range(6)
        ]
        before = []
        for line in lines:
            line.sendall(asked)
            before += looks([line])
        # All of these are there before the server goes on.
        worker = before[0][0]
        os.kill(worker, signal.SIGSTOP)
        while state(worker) != "T":
            time.sleep(0.01)
        for line in lines:
            line.sendall(asked)
        os.kill(worker, signal.SIGCONT)
        return before, looks(lines)


def test_who_asks_together_shares_a_look_that_was_taken_after_the_last_had_asked(
    unhurried,
):
    before, after = together(unhurried)
    assert {thread for _, _, thread in before + after} == {b"MainThread;"}
    # One after the other, each sees the site as it is by then.
    numbers = [number for _, number, _ in before]
    assert numbers == sorted(set(numbers))
    assert {number for _, number, _ in after} == {numbers[-1] + 1}


def test_one_connection_is_answered_by_turns_and_in_order(port):
    pieces = [AT_HAND, THREAD] * 3
    with socket.create_connection(("127.0.0.1", port), 20) as line:
        for piece in pieces:
            line.sendall(piece)
            end = b"at hand;" if piece is AT_HAND else b"GET /thread 0;"
            got = told(line, end)
            assert got.endswith(end) and statuses(got) == [200]
        # All at once: each answer in its turn, and none of them twice.
        line.sendall(b"".join(pieces))
        line.shutdown(socket.SHUT_WR)
        got = received(line, 10**6)
    assert statuses(got) == [200] * 6
    answers = re.findall(rb"at hand;|GET /thread 0;", got)
    assert answers == [b"at hand;", b"GET /thread 0;"] * 3


@pytest.mark.parametrize("path", ["/at-hand", "/thread", "/at-hand/broken"])
def test_who_asks_for_the_end_of_a_connection_is_answered_and_gets_it(port, path):
    closing = get(path, "Connection: close")
    old = f"GET {path} HTTP/1.0\r\n\r\n".encode()
    for request in (closing, old):
        with socket.create_connection(("127.0.0.1", port), 20) as line:
            line.sendall(request)
            got = received(line, 10**6)
        assert statuses(got) == [200]
        assert b"connection: close" in got.lower()


@pytest.mark.parametrize(
    "request_",
    [
        get("/at-hand", "X: a\x00b"),
        get("/at-hand", "Content-Length: 0", "Content-Length: 5"),
        get("/at-hand", "Transfer-Encoding: xchunked"),
        get("/at-hand", "X_Forwarded_For: 1", "Bad Name: x"),
        b"GET /at-hand\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
def test_what_is_wrong_is_refused_as_ever(port, request_):
    got = ask(port, request_)
    assert b"at hand" not in got
    assert [code for code in statuses(got) if code < 400] == []


def test_an_error_about_what_is_at_hand_is_left_to_a_thread(port):
    assert b"GET /at-hand/broken 0;" in answer(port, get("/at-hand/broken"))


def test_readers_who_do_not_fetch_a_long_answer_keep_nobody_waiting(unhurried):
    with ExitStack() as stack:
        slow = []
        for _ in range(6):
            line = stack.enter_context(socket.socket())
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.connect(("127.0.0.1", unhurried))
            line.sendall(get("/at-hand/large"))
            slow.append(line)
        time.sleep(1.5)
        began = time.monotonic()
        for _ in range(10):
            assert b"at hand;" in answer(unhurried, AT_HAND)
        # A reader is waited for for ten seconds.
        assert time.monotonic() - began < UNREAD
        # And who does fetch it gets it whole.
        got = received(slow[0], echo.LARGE + 60)
        assert got.endswith(b"x") and len(got) > echo.LARGE


def test_where_looking_takes_long_threads_are_left_to_it_for_a_while(port):
    """A slow database must not stop the loop: one look a second at most."""
    over = threading.Event()

    def look():
        while not over.is_set():
            answer(port, get("/at-hand/slow"))

    lookers = [threading.Thread(target=look) for _ in range(8)]
    for looker in lookers:
        looker.start()
    try:
        began = time.monotonic()
        for _ in range(10):
            answer(port, THREAD)
        # Else the eight would be looked for one after the other, before each thread.
        assert time.monotonic() - began < 16
    finally:
        over.set()
        for looker in lookers:
            looker.join()
