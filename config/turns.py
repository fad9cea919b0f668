"""One thread of a process answers at a time, unless that takes long.

Python runs one thread at a time anyway. Two that compute at once hand the interpreter to
and fro with each row that a database gives and each piece that is sent, which costs up to
a third of an answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
# Seconds after which a request goes ahead without its turn: who waits for a database, for
# a file or for a slow reader keeps nobody waiting for longer.
PATIENCE = 0.02


class Turns:
    """The turns of the threads of a process; each waits up to ``patience`` seconds."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self._lock = threading.Lock()
        self._own = threading.local()

    @contextmanager
    def one(self) -> Iterator[None]:
        """Wait for a turn, and end it afterwards."""
        self._own.has = self._lock.acquire(timeout=self.patience)
        try:
            yield
        finally:
            self.end()

    def end(self) -> None:
        """End the turn of this thread, if it has one."""
        if getattr(self._own, "has", False):
            self._own.has = False
            self._lock.release()

    def but_for_streams(self, application: Application) -> Application:
        """Return Django's application; its streams and files are sent after the turn."""

        def answer(environ: Environ, start_response: Callable[..., Any]) -> Any:
            told = application(environ, start_response)
            # A file, which the server sends by itself, does not say so.
            if getattr(told, "streaming", True):
                self.end()
            return told

        return answer


TURNS = Turns()
