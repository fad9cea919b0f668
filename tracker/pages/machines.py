"""For machines that read pages: the map of the site, and what they may do."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import cache

from django.conf import settings
from django.db.models import Max
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.http import require_safe

from commitments.models import (
    Body,
    Commitment,
    Evidence,
    HistoryEntry,
    Indicator,
    Partner,
    Plan,
    Source,
    Topic,
)
from commitments.models.state import Standing
from tracker import languages
from tracker.languages import LANGUAGES
from tracker.models import Release
from tracker.pages.asking import for_everybody

# For how long what is said of whom to tell holds; RFC 9116 wants less than a year.
HOLDS = timedelta(days=180)
# Change with every entry of the record.
LIVE = ("home", "commitments", "changes", "claim-gap", "freshness", "corrections")
# Change with the code, or seldom.
CALM = ("method", "data", "releases", "about", "checkpoints", "compare", "tips")
FILTERED = ("commitments", "changes", "compare")
INDEXES = (
    ("indicators", "indicator", Indicator),
    ("bodies", "body", Body),
    ("partners", "partner", Partner),
    ("topics", "topic", Topic),
    ("", "source", Source),
)


@require_safe
def sitemap(request: HttpRequest) -> HttpResponse:
    """Answer which pages there are, in each language, and when each last changed."""
    pages = []
    for path, day in _pages():
        twins = [
            (one.tag, settings.SITE_URL + languages.path_in(one, path))
            for one in LANGUAGES
        ]
        pages += [(address, day, twins) for _, address in twins]
    return for_everybody(
        render(
            request,
            "sitemap.xml",
            {"pages": pages},
            content_type="application/xml; charset=utf-8",
        )
    )


def _pages() -> Iterator[tuple[str, date | None]]:
    """Yield each page as (path, day of its last entry, or None where unknown)."""
    entries = HistoryEntry.objects.public()
    last = entries.aggregate(at=Max("recorded_at"))["at"]
    for name in LIVE:
        yield reverse(name), last.date() if last else None
    for name in CALM:
        yield reverse(name), None
    for slug in Evidence.objects.public().order_by("pk").values_list("slug", flat=True):
        yield reverse("evidence", args=[slug]), None
    listed = Commitment.objects.public().exclude(standing=Standing.MERGED)
    for slug, at in listed.values_list("slug", "latest_entry__recorded_at"):
        yield reverse("commitment", args=[slug]), at.date() if at else None
    for number, at in Release.objects.values_list("number", "made_at"):
        yield reverse("release", args=[number]), at.date()
    for many, one, model in INDEXES:
        if many:
            yield reverse(many), None
        for slug in model.objects.values_list("slug", flat=True):
            yield reverse(one, args=[slug]), None


@require_safe
def robots(request: HttpRequest) -> HttpResponse:
    """Answer what robots may fetch: all but the desk and endless filters."""
    lines = [
        "User-agent: *",
        "Disallow: /admin/",
        *(f"Disallow: {path}" for path in _in_each(["tell"])),
        # Filters make more addresses than any robot should fetch.
        *(f"Disallow: {path}?" for path in _in_each(FILTERED)),
        "",
        f"Sitemap: {settings.SITE_URL}{reverse('sitemap')}",
        "",
    ]
    return HttpResponse("\n".join(lines), content_type="text/plain; charset=utf-8")


def _in_each(names: Iterable[str]) -> Iterator[str]:
    """Yield the addresses of pages in each language."""
    for one in LANGUAGES:
        with translation.override(one.code):
            yield from [reverse(name) for name in names]


@cache
def _mark() -> bytes:
    return (settings.BASE_DIR / "static/icon.png").read_bytes()


@require_safe
def icon(request: HttpRequest) -> HttpResponse:
    """Answer the mark of the site, where browsers and readers of feeds look unasked."""
    answer = HttpResponse(_mark(), content_type="image/png")
    answer["Cache-Control"] = "public, max-age=604800"
    return answer


@require_safe
def security(request: HttpRequest) -> HttpResponse:
    """Answer whom to tell of a weakness, as RFC 9116 has it; 404 where nobody is named."""
    contact = settings.CONTACT
    if not contact:
        raise Http404
    until = timezone.localdate() + HOLDS
    lines = [
        f"Contact: {contact if contact.startswith('http') else f'mailto:{contact}'}",
        f"Expires: {until.isoformat()}T00:00:00Z",
        f"Canonical: {settings.SITE_URL}{reverse('security')}",
        "",
    ]
    plain = "text/plain; charset=utf-8"
    return for_everybody(HttpResponse("\n".join(lines), content_type=plain))


@require_safe
def llms(request: HttpRequest) -> HttpResponse:
    """Answer what the site holds and how to read it, as plain Markdown."""
    context = {
        "plan": Plan.objects.order_by("pk").first(),
        "total": Commitment.objects.standing_now().count(),
    }
    return for_everybody(
        render(request, "llms.txt", context, content_type="text/plain; charset=utf-8")
    )
