"""One thread of a process computes at a time, unless that takes long.

Python runs one thread at a time anyway. Two that compute at once hand the interpreter to
and fro with each row that a database gives, which costs up to a third of an answer.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Any

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
# Seconds after which a request goes ahead without its turn: who waits for a database, for
# a file or for a large page keeps nobody waiting for longer.
PATIENCE = 0.02


def by_turns(application: Application, *, patience: float = PATIENCE) -> Application:
    """Return a WSGI application that answers one request after the other.

    A request waits up to ``patience`` seconds for its turn. What is streamed is made
    after it.
    """
    turn = threading.Lock()

    def answer(environ: Environ, start_response: Callable[..., Any]) -> Iterable[bytes]:
        has_turn = turn.acquire(timeout=patience)
        try:
            return application(environ, start_response)
        finally:
            if has_turn:
                turn.release()

    return answer
