"""Public answers, kept in memory around the WSGI application until the record changes.

A public answer is a function of the data version, the day, the code and the address
(with host, scheme and, in the API, the form asked for). So it is kept under exactly
these, and no guess of an expiry is needed: the version is read from the database after
a request has come and before anything is computed, and the memory goes when the process
goes, and with it the code.

Kept is what says so itself: a 200 to an anonymous GET with ``Cache-Control: public``
and no cookie (``tracker.kept_answers``). Of such a request Django sees nothing but what is
in its key, so that no other header can reach an answer that others are given.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from functools import cache, partial
from typing import Any

from django.db import Error, connections

from tracker import kept_answers
from tracker.kept_answers import Application, Environ, Headers, Kept

VERSION = "SELECT number FROM commitments_dataversion WHERE id = 1"
# Where the fate of a request and its route are left for the count, and the key of its
# answer for the server.
OUTCOME, ROUTE, KEY = "tracker.cache", "tracker.route", "tracker.key"
# An answer above this share of the memory would push out too many others.
LARGEST = 8
# How long one waits for an answer that another request is computing.
PATIENCE = 10.0


class VersionReader(threading.local):
    """Reads the data version, on a connection of its own that stays open."""

    wrapper: Any = None

    def __call__(self) -> int:
        """Return the version. Raises django.db.Error."""
        try:
            return self._read()
        except Error:
            # It may have hung up since the last time: once more, on a new connection.
            self.close()
            return self._read()

    def close(self) -> None:
        """Let the connection of this thread go; the next read opens another."""
        if self.wrapper is not None:
            self.wrapper.close()

    def _read(self) -> int:
        if self.wrapper is None:
            self.wrapper = connections.create_connection("default")
        self.wrapper.ensure_connection()
        # Past Django's cursor, which would take longer than the database.
        with self.wrapper.wrap_database_errors:
            row = self.wrapper.connection.execute(VERSION).fetchone()
        return row[0] if row else 0


class Generation:
    """All that is kept of one data version on one day."""

    def __init__(self, epoch: tuple[int, int]) -> None:
        self.epoch, self.began = epoch, time.monotonic()
        self.answers: OrderedDict[tuple, Kept] = OrderedDict()
        self.computing: dict[tuple, threading.Event] = {}
        self.size = 0


class AnswerCache:
    """A WSGI application, with its public answers kept in at most ``most`` bytes."""

    def __init__(
        self,
        application: Application,
        *,
        most: int,
        version: Callable[[], int] | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.application, self.most, self.clock = application, most, clock
        self.version = version or VersionReader()
        self.lock = threading.Lock()
        self.generation = Generation((-1, 0))

    def __call__(self, environ: Environ, start_response: Callable) -> Iterable[bytes]:
        """Answer; what became of it is left in the request for whoever counts."""
        key = self._key(environ)
        environ[OUTCOME] = "pass"
        if key is None:
            return self.application(environ, start_response)
        generation, is_current = self._generation()
        encoding = kept_answers.encoding_for(environ)
        kept = self._found(generation, key, encoding)
        if kept is None and is_current and environ["REQUEST_METHOD"] == "GET":
            kept = self._awaited(generation, key, encoding)
            if kept is None:
                return self._computed(
                    generation, key, encoding, environ, start_response
                )
        if kept is None:
            return self.application(environ, start_response)
        return self._given(kept, environ, start_response)

    def _given(
        self, kept: Kept, environ: Environ, start_response: Callable
    ) -> Iterable[bytes]:
        environ[OUTCOME], environ[ROUTE] = "hit", kept.route
        return kept_answers.give(kept, environ, start_response)

    def at_hand(self) -> Callable[[Environ, Callable], Iterable[bytes] | None]:
        """Return a function that answers a request from memory, or gives None.

        For a caller that must not wait: it gives only what is kept in the very form that
        is asked for. It reads the data version with its first call and keeps to it, so
        it is good for requests that have arrived by then, and for no later ones.
        """
        return partial(self._at_hand, cache(self._generation))

    def _at_hand(
        self,
        current: Callable[[], tuple[Generation, bool]],
        environ: Environ,
        start_response: Callable,
    ) -> Iterable[bytes] | None:
        key = self._key(environ)
        if key is None:
            return None
        generation, _ = current()
        with self.lock:
            kept = self._kept(generation, key, kept_answers.encoding_for(environ))
        return self._given(kept, environ, start_response) if kept else None

    def _key(self, environ: Environ) -> tuple | None:
        key = kept_answers.key_of(environ) if self.most else None
        environ[KEY] = key
        return key

    def _generation(self) -> tuple[Generation, bool]:
        """Return what is kept of the current version, and whether more may be.

        Where the database does not answer, what was kept last is still good to read.
        """
        began = time.monotonic()
        try:
            epoch = (self.version(), int(self.clock() // 86_400))
        except Error:
            return self.generation, False
        with self.lock:
            if epoch != self.generation.epoch:
                if began < self.generation.began:
                    # Overtaken: another request has seen a later version since.
                    return Generation(epoch), False
                self.generation = Generation(epoch)
            return self.generation, True

    def _kept(self, generation: Generation, key: tuple, encoding: str) -> Kept | None:
        if kept := generation.answers.get((key, encoding)):
            generation.answers.move_to_end((key, encoding))
        return kept

    def _found(self, generation: Generation, key: tuple, encoding: str) -> Kept | None:
        with self.lock:
            if kept := self._kept(generation, key, encoding):
                return kept
            plain = generation.answers.get((key, ""))
        if plain is None:
            return None
        kept = plain.encoded(encoding)
        self._store(generation, key, encoding, kept)
        return kept

    def _awaited(
        self, generation: Generation, key: tuple, encoding: str
    ) -> Kept | None:
        """Return what another request was computing, or None to whoever is to compute.

        A request that waited in vain computes for itself.
        """
        with self.lock:
            done = generation.computing.get(key)
            if done is None:
                generation.computing[key] = threading.Event()
                return None
        done.wait(PATIENCE)
        return self._found(generation, key, encoding)

    def _computed(
        self,
        generation: Generation,
        key: tuple,
        encoding: str,
        environ: Environ,
        start_response: Callable,
    ) -> Iterable[bytes]:
        told: list[Any] = []

        def heard(status: str, headers: Headers, exc_info: Any = None) -> None:
            told[:] = status, headers

        try:
            shown = kept_answers.seen(environ)
            answer = self.application(shown, heard)
            status, headers = told
            environ[ROUTE] = route = shown.get(ROUTE, "none")
            path, most = environ["PATH_INFO"], self.most // LARGEST
            if not kept_answers.may_be_kept(path, status, headers, most=most):
                start_response(status, headers)
                return answer
            environ[OUTCOME] = "miss"
            try:
                plain = kept_answers.keep(headers, b"".join(answer), route=route)
            finally:
                if hasattr(answer, "close"):
                    answer.close()
            self._store(generation, key, "", plain)
            kept = plain.encoded(encoding)
            if encoding:
                self._store(generation, key, encoding, kept)
        finally:
            with self.lock:
                if done := generation.computing.pop(key, None):
                    done.set()
        return kept_answers.give(kept, environ, start_response, beside=headers)

    def _store(
        self, generation: Generation, key: tuple, encoding: str, kept: Kept
    ) -> None:
        with self.lock:
            if old := generation.answers.pop((key, encoding), None):
                generation.size -= old.size
            generation.answers[key, encoding] = kept
            generation.size += kept.size
            while generation.size > self.most:
                _, oldest = generation.answers.popitem(last=False)
                generation.size -= oldest.size
