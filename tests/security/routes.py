"""Every address of the site, with something real behind it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from django.apps import apps
from django.contrib.contenttypes.models import ContentType
from django.urls import URLPattern, URLResolver, get_resolver

from tests.tracker.record import Record
from tracker.following.tokens import Purpose

PART = re.compile(r"<(?:[a-z_]+:)?(\w+)>|\(\?P<(\w+)>(?:[^()]|\([^()]*\))*\)")
# The Chinese pages are the English ones under another prefix.
TWINS = "zh-hans/"
# The pages that a link in a mail opens.
OF_A_FOLLOWER = {
    "follow-mine": Purpose.MINE,
    "follow-confirm": Purpose.CONFIRM,
    "follow-stop": Purpose.STOP,
}
# What only the owner of a webhook asks about it.
OF_AN_ENDPOINT = [
    f"api-webhook-{act}"
    for act in ("detail", "deliveries", "replay", "replay-delivery", "rotate", "test")
]
# What an address is nothing without.
ASKED_WITH = {
    "autocomplete": "?app_label=commitments&model_name=commitment&field_name=pillar",
}


@dataclass(frozen=True)
class Route:
    """An address as it is declared, its name, and an example of it."""

    pattern: str
    name: str
    path: str


def declared() -> Iterator[tuple[str, str]]:
    """Yield every pattern with its name."""
    yield from _walk(get_resolver().url_patterns, "")


def _walk(patterns: list, before: str) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        here = before + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, here)
        elif isinstance(pattern, URLPattern):
            yield here, pattern.name or ""


def routes(known: dict[str, str]) -> list[Route]:
    """Return every route with an example.

    ``known`` gives values by "route name:part" or by part alone; for a row of a model
    the first one is taken.
    """
    return [
        Route(pattern, name, _path(pattern, name, known))
        for pattern, name in declared()
    ]


def _path(pattern: str, name: str, known: dict[str, str]) -> str:
    def value(match: re.Match[str]) -> str:
        part = match.group(1) or match.group(2)
        found = known.get(f"{name}:{part}") or _of_first(pattern, name, part)
        return found or known.get(part, "1")

    plain = PART.sub(value, pattern).replace("^", "").replace("$", "")
    plain = plain.replace("\\.", ".").replace("\\Z", "")
    return f"/{plain}{ASKED_WITH.get(name, '')}"


def _of_first(pattern: str, name: str, part: str) -> str:
    """Return the key of the first row of the model that an address names, if any."""
    if part not in ("object_id", "pk", "id"):
        return ""
    admin = re.match(r"admin/([a-z_]+)/([a-z_]+)/", pattern)
    api = re.fullmatch(r"api-([a-z]+)-detail", name)
    of_api = ("commitments", api.group(1)) if api else None
    label = admin.groups() if admin else of_api
    if label is None:
        return ""
    try:
        model = apps.get_model(*label)
    except LookupError:
        return ""
    first = model._default_manager.order_by("pk").values_list("pk", flat=True).first()
    return str(first) if first is not None else "1"


def known(record: Record) -> dict[str, str]:
    """Return values for the parts of addresses, from a small record."""
    slugs = {
        "evidence": record.moved.evidence.first().slug,
        "source": record.source.slug,
        "body": record.body.slug,
        "partner": record.partner.slug,
        "topic": record.topic.slug,
        "indicator": record.indicator.slug,
        "pillar": record.moved.pillar.slug,
    }
    return {
        "slug": record.moved.slug,
        **{f"{noun}:slug": slug for noun, slug in slugs.items()},
        **{f"api-{noun}-detail:slug": slug for noun, slug in slugs.items()},
        "seq": "1",
        "pk": "1",
        "view_on_site:object_id": str(record.moved.pk),
        "kind": "status",
        "format": "csv",
        "name": "commitments",
        "app_label": "commitments",
        "content_type_id": content_type(),
        "url": "nowhere",
        "reference": "nothing",
    }


def content_type() -> str:
    """Return the number of the type of commitments."""
    model = apps.get_model("commitments", "Commitment")
    return str(ContentType.objects.get_for_model(model).pk)
