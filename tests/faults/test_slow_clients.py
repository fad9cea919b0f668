"""Clients by the hundred that send a byte a second, or nothing: others are served."""

import socket
import statistics
import threading
import time
from contextlib import ExitStack, contextmanager, suppress

import pytest

from config.arrivals import REST, Arriving
from tests.faults.servers import ask, serving, statuses

MANY = 200
# How many of the measured are among the slowest hundredth.
SLOWEST = 5
GOOD = b"GET /good HTTP/1.1\r\nHost: x\r\n\r\n"
HEAD = b"GET /slow HTTP/1.1\r\nHost: x\r\nX: "
BODY = b"POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n"
CHUNKS = (
    b"POST /unread HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n8000\r\n"
)
# What each sends at once; it goes on with a byte a second.
SLOW = {"heads": HEAD, "bodies": BODY, "bodies of no length": CHUNKS, "nothing": b""}


@contextmanager
def slow_clients(port, begin, *, drips=True):
    """Connect by the hundred; yield who tells how many of them are still connected."""
    over = threading.Event()

    def drip():
        while not over.wait(1):
            for line in lines:
                with suppress(OSError):
                    line.send(b"x")

    with ExitStack() as stack:
        lines = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 60))
            for _ in range(MANY)
        ]
        for line in lines:
            line.sendall(begin)
            line.setblocking(False)
        thread = threading.Thread(target=drip)
        if drips:
            thread.start()
        try:
            yield lambda: sum(is_open(line) for line in lines)
        finally:
            over.set()
            if drips:
                thread.join()


def is_open(line):
    try:
        return line.recv(1) != b""
    except BlockingIOError:
        return True
    except OSError:
        return False


def waits(port, times=40, seconds=60):
    """Ask as good clients do, one after the other; return how long each waited."""
    waited = []
    for _ in range(times):
        began = time.monotonic()
        assert b"GET /good 0;" in ask(port, GOOD, seconds)
        waited.append(time.monotonic() - began)
    return waited


@pytest.fixture(scope="module")
def port(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("server")) as port:
        yield port


@pytest.mark.parametrize("kind", SLOW)
def test_others_are_served_while_clients_by_the_hundred_send_slowly(port, kind):
    alone = waits(port)
    with slow_clients(port, SLOW[kind], drips=kind != "nothing") as connected:
        waited = waits(port)
        if kind in ("heads", "bodies"):
            assert connected() == MANY

    print(
        f"\n{MANY} slow {kind}: the others waited {statistics.median(waited):.3f} s "
        f"(median), at most {max(waited):.3f}; alone {statistics.median(alone):.3f}, "
        f"at most {max(alone):.3f}"
    )


@pytest.mark.faults
@pytest.mark.timeout(900)
@pytest.mark.parametrize("kind", SLOW)
def test_the_slowest_answers_to_others_take_no_longer_than_twice_as_long(port, kind):
    before = waits(port, times=SLOWEST * 100)
    with slow_clients(port, SLOW[kind], drips=kind != "nothing"):
        beside = waits(port, times=SLOWEST * 100)
    after = waits(port, times=SLOWEST * 100)

    found = [sorted(waited)[-SLOWEST] for waited in (before, beside, after)]
    print(f"\np99 of others before, beside and after {MANY} slow {kind}: {found} s")
    assert found[1] < 2 * max(found[0], found[2])


def test_others_are_served_while_clients_by_the_hundred_never_hang_up(port):
    with slow_clients(port, b"GET /good HTTP/1.0\r\n\r\n", drips=False):
        waits(port)


@pytest.mark.parametrize("kind", ["heads", "bodies"])
def test_without_our_worker_the_same_clients_hold_the_site(tmp_path, kind):
    """The control."""
    with serving(tmp_path, "--worker-class", "gthread") as port:
        with slow_clients(port, SLOW[kind]):
            # A few may be answered before the last thread is held.
            assert any(ask(port, GOOD, 3) == b"" for _ in range(10))


@pytest.fixture(scope="module")
def impatient(tmp_path_factory):
    folder = tmp_path_factory.mktemp("impatient")
    settings = """
arrivals.FIRST = arrivals.REST = arrivals.UNREAD = 1
arrivals.MOST_HELD = 100_000
"""
    with serving(folder, settings=settings) as port:
        yield port


@pytest.mark.parametrize("begin", [HEAD, BODY])
def test_who_is_late_is_told_so_and_sent_away(impatient, begin):
    assert statuses(held(impatient, begin)) == [408]


def test_who_never_says_anything_is_let_go(impatient):
    assert held(impatient, b"") == b""


def test_more_of_unfinished_bodies_than_there_is_room_for_is_refused(impatient):
    long = BODY.replace(b"100000", b"900000") + b"x" * 150_000
    assert statuses(held(impatient, long)) == [503]


def held(port, begin):
    """Send the beginning of a request and wait; return what came until the end."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), 60) as line:
        line.sendall(begin)
        with suppress(ConnectionResetError):
            while piece := line.recv(65536):
                got += piece
    return got


def test_who_does_not_fetch_a_long_answer_holds_nobody_for_long(impatient):
    with ExitStack() as stack:
        for _ in range(16):
            line = stack.enter_context(socket.socket())
            line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            line.connect(("127.0.0.1", impatient))
            line.sendall(b"GET /large HTTP/1.1\r\nHost: x\r\n\r\n")
        assert b"GET /good 0;" in ask(impatient, GOOD, 60)


@pytest.mark.parametrize(
    ("request_", "body"), [(BODY, 100_000), (GOOD, 0), (CHUNKS[: -len(b"8000\r\n")], 0)]
)
def test_a_request_is_whole_with_its_last_byte_however_it_is_cut(request_, body):
    whole = request_ + b"x" * body
    for size in (1, 2, 3, 7, 1000, len(whole)):
        arriving = Arriving()
        took = [
            arriving.take(whole[at : at + size]) for at in range(0, len(whole), size)
        ]
        first = took.index(True)
        assert first == len(took) - 1
        assert bytes(arriving.data) == whole


def test_what_is_longer_than_any_form_is_handed_on_to_be_refused():
    assert Arriving().take(BODY.replace(b"100000", b"999999999"))


def test_a_long_upload_on_a_bad_line_is_given_its_time():
    arriving = Arriving(began=0)
    arriving.take(BODY + b"x" * 90_000)
    assert not arriving.is_late(REST + 80)
    assert arriving.is_late(REST + 100)
