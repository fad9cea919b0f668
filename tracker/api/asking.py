"""The parameters of the list and of days, as the contract tells them."""

from __future__ import annotations

from datetime import date
from typing import Any

from drf_spectacular.utils import OpenApiParameter

from commitments.models import Commitment
from commitments.statuses import EntryKind, Freshness, Position, Schedule, Status
from tracker import browse, orders

# The vocabularies of the filters that have one.
WORDS: dict[str, list[str]] = {
    "status": Status.values,
    "schedule": Schedule.values,
    "position": Position.values,
    "freshness": Freshness.values,
    "kind": Commitment.Kind.values,
}
SLUGS = {
    "body": "bodies",
    "partner": "partners",
    "topic": "topics",
}
DAYS = {
    "as_of": "What was true on that day, as we know now. Not a day ahead.",
    "known_at": "What we had published by the end of that day (UTC).",
}


def days(*names: str) -> list[OpenApiParameter]:
    """Return the parameters of days; both unless named."""
    wanted = names or tuple(DAYS)
    return [OpenApiParameter(name, date, description=DAYS[name]) for name in wanted]


def _facet(name: str) -> OpenApiParameter:
    told = "Given several times, one of them holds; a minus before it leaves out."
    if words := WORDS.get(name):
        kinds: Any = [*words, *(f"-{word}" for word in words)]
        return OpenApiParameter(
            name,
            {"type": "array", "items": {"type": "string", "enum": kinds}},
            description=told,
        )
    where = f"A slug of {SLUGS[name]}/. " if name in SLUGS else "A pillar's number. "
    items = {"type": "string", "maxLength": 51}
    return OpenApiParameter(
        name, {"type": "array", "items": items}, description=where + told
    )


def choices(*, sorting: bool = True) -> list[OpenApiParameter]:
    """Return the parameters of the list of commitments: those of the pages."""
    told = [
        OpenApiParameter(
            "q",
            {"type": "string", "maxLength": browse.LONGEST_SEARCH},
            description="Words in titles, texts, names, reasons and evidence.",
        ),
        *(_facet(name) for name in browse.FACETS),
        OpenApiParameter(
            "claim_gap",
            bool,
            description="Declared complete, while the evidence shows less.",
        ),
    ]
    if sorting:
        told.append(sort("sort", orders.COMMITMENTS))
    return told


def sort(name: str, known: Any) -> OpenApiParameter:
    """Return the parameter of the order; the first is the usual one."""
    words = list(known)
    return OpenApiParameter(
        name,
        {"type": "string", "enum": words, "default": words[0]},
        description="In which order. Each ends with what is unique.",
    )


def entry_choices() -> list[OpenApiParameter]:
    """Return the parameters of the history: those of the page of changes."""
    kinds = {"type": "string", "enum": EntryKind.values}
    return [
        *choices(sorting=False),
        OpenApiParameter(
            "entry",
            {"type": "array", "items": kinds},
            description="Kinds of entries. Given several times, one of them holds.",
        ),
        OpenApiParameter(
            "material", bool, description="What happened in the world alone."
        ),
        OpenApiParameter("commitment", str, description="A commitment's slug."),
        OpenApiParameter(
            "after",
            {"type": "integer", "minimum": 0, "maximum": 2**62},
            description="The last number you have.",
        ),
    ]


def shapes(view: Any) -> list[OpenApiParameter]:
    """Return the parameters of the shape of a view's rows."""
    several = {"type": "array", "items": {"type": "string"}}
    told = [
        OpenApiParameter(
            "fields",
            several,
            description="Only these parts of each row, by the names of the schema, with "
            "commas between or given several times. What the schema calls required is "
            "then left out as well.",
        )
    ]
    single = getattr(view, "action", "") == "retrieve"
    known = [n for n, one in view.expandable.items() if single or not one.detail]
    if known:
        told.append(
            OpenApiParameter(
                "expand",
                {"type": "array", "items": {"type": "string", "enum": known}},
                description="Give these whole where else their names stand.",
            )
        )
    return told
