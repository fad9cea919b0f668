"""How often and how long is tried: all of it as data."""

from __future__ import annotations

import hashlib
from datetime import timedelta

# Waits after the first, second, … failed try: about 76 hours in all, then a message
# is given up. The waits of Standard Webhooks 1.0.
WAITS = (
    timedelta(seconds=5),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=5),
    timedelta(hours=10),
    timedelta(hours=14),
    timedelta(hours=20),
    timedelta(hours=24),
)
# A wait is made longer by up to this part of it, so that what failed together does
# not come back together.
JITTER = 0.2
# Nothing but failure for so long disables an endpoint.
LASTING = timedelta(days=3)
# After the first challenge, which is asked at once.
CHALLENGE_WAITS = (
    timedelta(seconds=10),
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
)
SECONDS = 10.0
IN_FLIGHT = 4
LEASE = timedelta(seconds=60)
# How long a message that is done is kept with its log, and one that nobody takes.
KEPT = timedelta(days=30)


def wait(tries: int, *, name: str) -> timedelta | None:
    """Return how long to wait after so many failed tries; None: give up.

    ``name`` is the message's: the same message waits the same, any two differ.
    """
    if tries > len(WAITS):
        return None
    digest = hashlib.sha256(f"{name}:{tries}".encode()).digest()
    share = int.from_bytes(digest[:8], "big") / 2**64
    return WAITS[tries - 1] * (1 + JITTER * share)
