"""The broker, as who asks it for other things than tasks."""

import redis
from django.conf import settings


def client(*, seconds: float = 1.0) -> redis.Redis:
    """Return who asks the broker and waits for an answer for so many seconds."""
    return redis.Redis.from_url(
        settings.REDIS_URL.replace("redis+socket://", "unix://"),
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
    )
