"""Which parts of a row are asked for: ``fields=`` leaves out, ``expand=`` adds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tracker.browse import BadParameter


@dataclass(frozen=True)
class Expansion:
    """What stands whole in a row where else its name does.

    ``make`` returns the field; ``schema`` names what the contract says of it, ``many``
    whether there are several; ``detail`` whether only a single row has it.
    """

    make: Callable[[], Any]
    schema: str
    many: bool = False
    detail: bool = False


def named(request: Any, name: str, known: Iterable[str]) -> list[str]:
    """Return the names that a parameter lists, with commas or given repeatedly.

    Raises BadParameter for one that is not known.
    """
    known = list(known)
    asked = [
        part
        for value in request.query_params.getlist(name)
        for part in value.split(",")
        if part
    ]
    for part in asked:
        if part not in known:
            listed = ", ".join(known) or "none"
            message = f"“{part[:80]}” is no value of “{name}”. Known: {listed}."
            raise BadParameter(name, message, known)
    return list(dict.fromkeys(asked))


def shape(serializer: Any, request: Any, expandable: dict[str, Expansion]) -> Any:
    """Bring a serializer into the shape that the request asks for."""
    row = getattr(serializer, "child", serializer)
    known = [name for name in expandable if name in row.fields]
    for name in named(request, "expand", known):
        row.fields[name] = expandable[name].make()
    if wanted := named(request, "fields", row.fields):
        for name in set(row.fields) - set(wanted):
            row.fields.pop(name)
    return serializer
