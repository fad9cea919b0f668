"""The number of the request that began something, through to the task that ends it.

What a request leaves in the database for a task carries the number in its row: no
request talks to the broker.
"""

from __future__ import annotations

from contextlib import AbstractContextManager

import structlog


def request_id() -> str:
    """Return the number of the request at hand; empty outside of one."""
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def following(number: str) -> AbstractContextManager:
    """Log under the number of the request that began this; an empty one changes nothing."""
    bound = {"request_id": number} if number else {}
    return structlog.contextvars.bound_contextvars(**bound)
