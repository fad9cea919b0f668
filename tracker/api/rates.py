"""How much one client may ask: counted in Redis, so that all processes count together.

By key where one is sent, else by network address. Where Redis does not answer, nobody
is counted: reading goes on.
"""

from __future__ import annotations

import hashlib
import time
from functools import lru_cache
from typing import Any

import redis
from django.conf import settings
from rest_framework import exceptions
from rest_framework.throttling import BaseThrottle

from commitments.lockout import counted_address
from commitments.models import ApiKey

WINDOW = 60
# How long Redis is let be after it failed to answer.
PAUSE = 30.0
_silent_until = 0.0


@lru_cache(maxsize=1)
def _redis(url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url.replace("redis+socket://", "unix://"),
        socket_timeout=0.2,
        socket_connect_timeout=0.2,
    )


def count(client: str, *, now: float, kind: str = "api", window: int = WINDOW) -> int:
    """Count one request of a client in this window; return how many it made."""
    global _silent_until
    if now < _silent_until:
        return 0
    name = f"{kind}-rate:{client}:{int(now // window)}"
    try:
        with _redis(settings.REDIS_URL).pipeline() as pipe:
            pipe.incr(name)
            pipe.expire(name, 2 * window)
            return pipe.execute()[0]
    except (redis.RedisError, OSError):
        _silent_until = now + PAUSE
        return 0


def nameless(client: str) -> str:
    """Return what stands for a client in Redis, where nobody reads its address."""
    return hashlib.sha256(client.encode()).hexdigest()[:32]


class ClientRate(BaseThrottle):
    """So many requests a minute; 0 switches it off."""

    def allow_request(self, request: Any, view: Any) -> bool:
        key = request.auth if isinstance(request.auth, ApiKey) else None
        limit = settings.API_KEY_RATE if key else settings.API_RATE
        if not limit:
            return True
        client = f"key:{key.pk}" if key else counted_address(request) or "unknown"
        now = time.time()
        made = count(nameless(client), now=now)
        self.resets = WINDOW - int(now % WINDOW)
        left = max(0, limit - made)
        request.rate = {
            "RateLimit-Policy": f'"default";q={limit};w={WINDOW}',
            "RateLimit": f'"default";r={left};t={self.resets}',
        }
        return made <= limit

    def wait(self) -> float:
        return self.resets


class Counted:
    """A view that counts whoever asks it, and tells them how much they have left."""

    def perform_authentication(self, request: Any) -> None:
        """Count who sends a wrong key, too: guesses are not free."""
        try:
            super().perform_authentication(request)  # type: ignore[misc]
        except exceptions.AuthenticationFailed:
            self.check_throttles(request)  # type: ignore[attr-defined]
            raise

    def finalize_response(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(  # type: ignore[misc]
            request, *args, **kwargs
        )
        for name, value in getattr(request, "rate", {}).items():
            response[name] = value
        return response
