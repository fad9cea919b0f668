"""How often one client may try: counted in the database, so that it holds anywhere."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from tracker.models import Knock

# What is counted: how many tries, within which time.
MEASURES = {
    "wish": (20, timedelta(hours=1)),
    "token": (30, timedelta(minutes=10)),
}
KEPT = timedelta(days=1)


def _name(client: str) -> str:
    hashed = salted_hmac("tracker.knock", client, algorithm="sha256")
    return hashed.hexdigest()[:32]


def is_over(client: str, what: str, *, at: datetime) -> bool:
    """Whether a client has used up its tries."""
    most, within = MEASURES[what]
    tries = Knock.objects.filter(client=_name(client), what=what, at__gt=at - within)
    return tries.count() >= most


def note(client: str, what: str, *, at: datetime) -> None:
    """Count one try."""
    Knock.objects.create(client=_name(client), what=what, at=at)


def wait(what: str) -> int:
    """Return after how many seconds all tries are free again."""
    return int(MEASURES[what][1].total_seconds())
