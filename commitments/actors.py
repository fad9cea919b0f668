"""Who acts: a person with an account, or a machine with a name."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model


@dataclass(frozen=True)
class Machine:
    """A part of the product that writes history under its own name."""

    name: str


CATALOGUE = Machine("catalogue")
# Stands for whoever will sign off, where an entry is only rehearsed.
SECOND_PERSON = Machine("second person")

# Whose account was deleted.
GONE = "a former colleague"

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


def names(keys: Iterable[str]) -> dict[str, str]:
    """Return the name behind each key, in one query."""
    found = {}
    for actor in set(keys):
        kind, _, who = actor.partition(":")
        found[actor] = who if kind == "machine" else GONE
    people = [int(k.removeprefix("user:")) for k in found if k.startswith("user:")]
    for person in get_user_model()._default_manager.filter(pk__in=people):
        found[key(person)] = name(person)
    return found
