"""Requests are taken in whole before a thread is spent on them.

gunicorn's threads are few, and one that reads from a client waits for that client:
eight that send a byte a second would hold the site. Here the loop of each process
gathers what comes, from any number of clients, and hands on what is complete. Who is
later than a bad line explains is sent away. Who asks and does not fetch the answer
still holds a thread, for UNREAD seconds: that is left to a proxy that buffers.

An answer that the site has in memory is given by the loop itself: to pass a request to
a thread and back costs several times what such an answer does. The requests that are
there at once share one look at the site's state. While a thread computes an answer, who
asks for the same waits for it here: a page that a crowd asks for takes one thread.
"""

from __future__ import annotations

import gc
import re
import socket
import struct
import time
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from selectors import EVENT_READ
from typing import Any

from gunicorn.http import RequestParser, wsgi
from gunicorn.workers.gthread import TConn, ThreadWorker

from config.failures import MOST_BYTES
from config.turns import TURNS, Application, Environ

# Where the site leaves what makes two requests ask for the same answer.
KEY = "tracker.key"

# Seconds until the first byte, and until the last; a long request gets more.
FIRST, REST, BYTES_A_SECOND = 5, 20, 1000
# Seconds that an answer may lie unread, and that a client has to close after it.
UNREAD, GOODBYE = 10, 2
PIECE = 65_536
# Bytes of a head, past what gunicorn lets pass; and of all that is unfinished.
LONGEST_HEAD, MOST_HELD = 1_000_000, 4 * MOST_BYTES
# Seconds after which an answer was not at hand, and for which none is sought then: the
# database is slow, and the loop has no time to wait for it.
SLOW, RESPITE = 0.05, 1
# Seconds for which one waits here for what another's request is computing.
PATIENCE = 10
END = b"\r\n\r\n"
LENGTH = re.compile(rb"\ncontent-length:[ \t]*([0-9]{1,9})[ \t]*\r", re.IGNORECASE)
CLOSING = b"Connection: close\r\nContent-Length: 0\r\n\r\n"
TOO_LATE = b"HTTP/1.1 408 Request Timeout\r\n" + CLOSING
TOO_MUCH = b"HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\n" + CLOSING


@dataclass
class Behind:
    """Who waits for the answer that a thread is computing for the ``first``."""

    first: TConn
    waiting: list[tuple[TConn, bytes]] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)


@dataclass
class Arriving:
    """What has come of a request."""

    data: bytearray = field(default_factory=bytearray)
    began: float = field(default_factory=time.monotonic)
    # Of the whole; 0 until its head has an end.
    length: int = 0

    def take(self, piece: bytes) -> bool:
        """Add a piece; return whether it can be answered without waiting for more.

        That is so too where no body is read: of no announced length, or of too much.
        """
        seen = max(0, len(self.data) - len(END) + 1)
        self.data += piece
        if not self.length and (end := self.data.find(END, seen)) >= 0:
            given = LENGTH.search(self.data, 0, end + 2)
            body = int(given[1]) if given else 0
            self.length = end + len(END) + (body if body <= MOST_BYTES else 0)
        return len(self.data) >= (self.length or LONGEST_HEAD)

    def is_late(self, now: float) -> bool:
        allowed = REST + len(self.data) / BYTES_A_SECOND if self.data else FIRST
        return now > self.began + allowed


class Written:
    """Stands for a socket, and keeps what would be sent."""

    def __init__(self) -> None:
        self.pieces: list[bytes] = []

    def sendall(self, piece: bytes) -> None:
        self.pieces.append(piece)

    send = sendall


class Parser(RequestParser):
    """gunicorn's, which gives again what the loop has read and left to a thread.

    ``key`` is that of the answer which was not at hand; None where it is nobody else's.
    """

    left: Any = None
    key: Any = None

    def __next__(self) -> Any:
        request, self.left = self.left, None
        return request or super().__next__()


class Worker(ThreadWorker):
    """gunicorn's worker of threads, with nobody to wait for in them."""

    wsgi: Any

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.arriving: dict[TConn, Arriving] = {}
        self.leaving: dict[TConn, float] = {}
        # What came whole and may be at hand, and whether it may wait for another.
        self.whole: list[tuple[TConn, bytes, bool]] = []
        self.behind: dict[Any, Behind] = {}
        self.looked = self.respite = 0.0
        self.look: Any = None

    def load_wsgi(self) -> None:
        """Load the site, and learn whether it tells what it has at hand.

        ``at_hand()`` of a site gives what is called as a WSGI application, which gives
        None for what takes work, and leaves the KEY of its answer in the request.
        """
        super().load_wsgi()
        # What the site is made of stays: the collector need not walk over it again.
        gc.collect()
        gc.freeze()
        self.look = getattr(self.wsgi, "at_hand", None)
        self.wsgi = self.releasing(self.wsgi)

    def releasing(self, site: Application) -> Application:
        """Return the site; who waits for its answer is released once there is one."""

        def answer(environ: Environ, start_response: Any) -> Any:
            try:
                return site(environ, start_response)
            finally:
                # The loop waits for nobody who reads slowly, so it is told before that.
                if environ.get(KEY) in self.behind:
                    self.method_queue.defer(self.release, environ[KEY])

        return answer

    def release(self, key: Any) -> None:
        """Have all that wait for an answer looked at again, and not wait once more."""
        if behind := self.behind.pop(key, None):
            self.whole += [(conn, whole, False) for conn, whole in behind.waiting]

    def enqueue_req(self, conn: TConn) -> None:
        """Gather the next request of a connection, new or kept."""
        if self.cfg.is_ssl:
            return super().enqueue_req(conn)
        if conn.parser is None:
            conn.parser = Parser(self.cfg, conn.sock, conn.client)
            unread = struct.pack("ll", UNREAD, 0)
            conn.sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDTIMEO, unread)
        conn.data_ready = True
        conn.sock.setblocking(False)
        arriving = Arriving()
        # Of the request before, more may have been read than it took.
        is_whole = arriving.take(conn.parser.unreader.take_buffered())
        if is_whole or self.is_whole(conn, arriving):
            return self.hand_on(conn, arriving)
        self.arriving[conn] = arriving
        self.poller.register(conn.sock, EVENT_READ, partial(self.take_in, conn))

    def is_whole(self, conn: TConn, arriving: Arriving) -> bool:
        """Read what is there; return whether the request is complete, or given up."""
        try:
            piece = conn.sock.recv(PIECE)
        except BlockingIOError:
            return False
        except OSError:  # Hung up.
            arriving.data.clear()
            return True
        return arriving.take(piece) or not piece

    def take_in(self, conn: TConn, *readable: Any) -> None:
        """Read more, and hand the request on where it is complete."""
        arriving = self.arriving[conn]
        if self.is_whole(conn, arriving):
            del self.arriving[conn]
            self.poller.unregister(conn.sock)
            self.hand_on(conn, arriving)
        elif len(arriving.data) > PIECE and self.held() > MOST_HELD:
            self.turn_away(conn, TOO_MUCH)

    def held(self) -> int:
        return sum(len(arriving.data) for arriving in self.arriving.values())

    def hand_on(self, conn: TConn, arriving: Arriving) -> None:
        """Give a request to a thread, or its answer to the client."""
        whole = bytes(arriving.data)
        if not whole:
            return self.end(conn)
        conn.parser.unreader.unread(whole)
        is_plain = whole.startswith(b"GET ") and len(whole) == arriving.length
        if self.look and is_plain:
            self.whole.append((conn, whole, True))
        else:
            super().enqueue_req(conn)

    def wait_for_and_dispatch_events(self, timeout: float) -> None:
        """Take in what has come, then answer all of it that is at hand.

        Only then is the site looked at: no client is told what was so before it asked.
        What a client has sent behind its first request waits for the others' turn.
        """
        super().wait_for_and_dispatch_events(0 if self.whole else timeout)
        together, self.whole = self.whole, []
        at_hand = self.look() if together else None
        for conn, whole, may_wait in together:
            if self.is_answered(conn, whole, at_hand):
                continue
            key = conn.parser.key
            if may_wait and key in self.behind:
                self.behind[key].waiting.append((conn, whole))
                continue
            if key is not None:
                self.behind.setdefault(key, Behind(conn))
            super().enqueue_req(conn)

    def is_answered(self, conn: TConn, whole: bytes, at_hand: Any) -> bool:
        """Answer with what is at hand; False where there is nothing."""
        conn.parser.key = None
        began = time.monotonic()
        if began < self.respite:
            return False
        before, number = conn.parser.mesg, conn.parser.req_count
        found = None
        # What is wrong with a request, a thread tells the client.
        with suppress(Exception):
            found = self.found(conn, at_hand)
        if time.monotonic() > began + SLOW:
            self.respite = time.monotonic() + RESPITE
        if found is None and not conn.parser.left:
            # As if it had not been read.
            conn.parser.mesg, conn.parser.req_count = before, number
            conn.parser.unreader.take_buffered()
            conn.parser.unreader.unread(whole)
        if found is None:
            return False
        self.nr += 1
        self.give(conn, *found)
        return True

    def found(self, conn: TConn, at_hand: Any) -> tuple[bytes, bool] | None:
        """Return the answer to the next request, and whether another may follow."""
        began, written = datetime.now(), Written()
        request = next(conn.parser)
        answer, environ = wsgi.create(
            request, written, conn.client, conn.server, self.cfg
        )
        if not self.alive or len(self.keepalived_conns) >= self.max_keepalived:
            answer.force_close()
        pieces = at_hand(environ, answer.start_response)
        if pieces is None:
            conn.parser.left, conn.parser.key = request, environ.get(KEY)
            return None
        for piece in pieces:
            answer.write(piece)
        answer.close()
        self.log.access(answer, request, environ, datetime.now() - began)
        return b"".join(written.pieces), not answer.should_close()

    def give(self, conn: TConn, answer: bytes, is_kept: bool) -> None:
        """Send what the socket takes; for a slow reader, a thread waits with the rest."""
        try:
            sent = conn.sock.send(answer)
        except BlockingIOError:
            sent = 0
        except OSError:
            return self.end(conn)
        if sent < len(answer):
            done = self.tpool.submit(self.send_rest, conn, answer[sent:], is_kept)
            done.add_done_callback(
                lambda done: self.method_queue.defer(self.finish_request, conn, done)
            )
        else:
            done = Future()
            done.set_result(is_kept)
            self.finish_request(conn, done)

    def send_rest(self, conn: TConn, rest: bytes, is_kept: bool) -> bool:
        conn.sock.setblocking(True)
        conn.sock.sendall(rest)
        return is_kept

    def turn_away(self, conn: TConn, answer: bytes) -> None:
        del self.arriving[conn]
        self.poller.unregister(conn.sock)
        with suppress(OSError):
            conn.sock.send(answer)
        self.take_leave(conn)

    def handle(self, conn: TConn) -> Any:
        """Answer a request in a thread, one thread after the other."""
        with TURNS.one():
            return super().handle(conn)

    def _keepalive_after(self, conn: TConn, keepalive: bool) -> bool:
        """Do not wait for the rest of a body that nobody read."""
        soon = time.monotonic() + 0.1
        return keepalive and bool(conn.parser.finish_body(deadline=soon))

    def finish_request(self, conn: TConn, done: Future) -> None:
        """Take leave of a client without making the others wait for it."""
        key = getattr(conn.parser, "key", None)
        if key in self.behind and self.behind[key].first is conn:
            # It never came to the site.
            self.release(key)
        if done.cancelled() or done.exception() or done.result():
            return super().finish_request(conn, done)
        self.take_leave(conn)

    def take_leave(self, conn: TConn) -> None:
        """Let a client read its answer: what comes unread at the end would undo it."""
        try:
            conn.sock.shutdown(socket.SHUT_WR)
            conn.sock.setblocking(False)
            self.poller.register(conn.sock, EVENT_READ, partial(self.see_off, conn))
            self.leaving[conn] = time.monotonic() + GOODBYE
        except (OSError, ValueError):
            self.end(conn)

    def see_off(self, conn: TConn, *readable: Any) -> None:
        try:
            if conn.sock.recv(PIECE):
                return
        except BlockingIOError:
            return
        except OSError:
            pass
        self.end(conn)

    def end(self, conn: TConn) -> None:
        if self.leaving.pop(conn, None):
            self.poller.unregister(conn.sock)
        self.nr_conns -= 1
        conn.close()

    def murder_pending(self) -> None:
        """End, once a second, what took too long."""
        super().murder_pending()
        now = time.monotonic()
        if now < self.looked + 1:
            return
        self.looked = now
        for conn, arriving in list(self.arriving.items()):
            if arriving.is_late(now):
                self.turn_away(conn, TOO_LATE if arriving.data else b"")
        for conn, until in list(self.leaving.items()):
            if now > until:
                self.end(conn)
        for key, behind in list(self.behind.items()):
            if now > behind.began + PATIENCE:
                self.release(key)
