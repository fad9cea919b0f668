"""Which parts of a row are asked for: ``fields=`` leaves out, ``expand=`` adds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from tracker.browse import BadParameter


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


def shape(serializer: Any, request: Any, expandable: dict[str, Any]) -> Any:
    """Bring a serializer into the shape that the request asks for."""
    row = getattr(serializer, "child", serializer)
    for name in named(request, "expand", expandable):
        row.fields[name] = expandable[name]()
    if wanted := named(request, "fields", row.fields):
        for name in set(row.fields) - set(wanted):
            row.fields.pop(name)
    return serializer
