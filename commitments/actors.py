"""Who acts: a person with an account, or a machine with a name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Machine:
    """A part of the product that writes history under its own name."""

    name: str


CATALOGUE = Machine("catalogue")

# An account (``settings.AUTH_USER_MODEL``) or a machine.
Actor = Any


def key(actor: Actor) -> str:
    """Return the key under which an actor enters the chain: it names nobody."""
    if isinstance(actor, Machine):
        return f"machine:{actor.name}"
    return f"user:{actor.pk}"


def name(actor: Actor) -> str:
    """Return the name that outlives the account."""
    if isinstance(actor, Machine):
        return actor.name
    return actor.get_full_name() or actor.get_username()
