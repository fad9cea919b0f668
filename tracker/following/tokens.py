"""Signed links: who holds one proves that mail to the address is read.

A token names the follower's 128-bit key and when it was made, under an HMAC (SHA-256,
compared in constant time by Django). Each purpose has a key of its own, so that a link
of one kind opens no other.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import Enum

from django.core.signing import BadSignature, Signer

from tracker.models import Follower
from tracker.models.follower import ANSWERED_WITHIN

SEPARATOR = "."


class Purpose(Enum):
    """What a link lets its holder do, and for how long; None: as long as there is
    somebody to whom it is written."""

    CONFIRM = "confirm", ANSWERED_WITHIN
    MINE = "mine", timedelta(days=7)
    STOP = "stop", None

    @property
    def signer(self) -> Signer:
        return Signer(sep=SEPARATOR, salt=f"tracker.following.{self.value[0]}")


class Forged(ValueError):
    """A token that we did not make for this purpose."""


class Expired(ValueError):
    """A token of ours whose time is over."""


def made(purpose: Purpose, follower: Follower, *, at: datetime) -> str:
    """Return a token for a link."""
    made_at = f"{int(at.timestamp()):x}"
    return purpose.signer.sign(f"{follower.key}{SEPARATOR}{made_at}")


def follower(purpose: Purpose, token: str, *, at: datetime) -> Follower | None:
    """Return whose link it is; None where the address was deleted since.

    Raises Forged or Expired.
    """
    try:
        key, _, made_at = purpose.signer.unsign(token).rpartition(SEPARATOR)
        signed_at = datetime.fromtimestamp(int(made_at, 16), tz=UTC)
    except (BadSignature, ValueError):
        raise Forged from None
    age = purpose.value[1]
    if age is not None and not signed_at - timedelta(minutes=5) <= at < signed_at + age:
        raise Expired
    return Follower.objects.filter(key=key).first()
