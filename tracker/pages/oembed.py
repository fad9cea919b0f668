"""oEmbed: from the address of a commitment to the code that embeds its card."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.views.decorators.http import require_safe

from commitments.models import Commitment
from tracker import browse
from tracker.browse import BadParameter

WIDTH, HEIGHT = 570, 320
LEAST = 200


@require_safe
def oembed(request: HttpRequest) -> HttpResponse:
    """Answer how to embed the commitment at ``url`` (https://oembed.com, 2.3)."""
    kind = request.GET.get("format", "json")
    if kind not in ("json", "xml"):
        return _refuse(501, f"“{kind[:40]}” is no format we have: json or xml.")
    try:
        width = _most(request.GET, "maxwidth", WIDTH)
        height = _most(request.GET, "maxheight", HEIGHT)
    except BadParameter as error:
        return _refuse(400, error.message)
    address = request.GET.get("url", "")
    if not address:
        return _refuse(400, "Give “url”, the address of a commitment.")
    found = _found(address)
    if found is None:
        return _refuse(404, "There is no commitment at this address.")
    commitment, days = found
    told = _told(commitment, days, width=width, height=height)
    if kind == "json":
        answer: HttpResponse = JsonResponse(told)
    else:
        answer = HttpResponse(_xml(told), content_type="text/xml; charset=utf-8")
    answer["Access-Control-Allow-Origin"] = "*"
    return answer


def _refuse(code: int, message: str) -> HttpResponse:
    plain = "text/plain; charset=utf-8"
    return HttpResponse(message + "\n", status=code, content_type=plain)


def _most(query: QueryDict, name: str, ours: int) -> int:
    value = query.get(name, "")
    if not value:
        return ours
    if not (value.isascii() and value.isdigit() and len(value) <= 6):
        raise BadParameter(name, f"“{name}” is no number of pixels.")
    return max(LEAST, min(ours, int(value)))


def _found(address: str) -> tuple[Commitment, str] | None:
    """Return the commitment at an address of ours, and the days it asks about."""
    try:
        parts = urlsplit(address)
        if parts.netloc != urlsplit(settings.SITE_URL).netloc:
            return None
        match = resolve(parts.path)
        days = browse.parse_days(QueryDict(parts.query), today=timezone.localdate())
    except (ValueError, Resolver404):  # BadParameter is a ValueError
        return None
    if match.view_name != "commitment":
        return None
    known = Commitment.objects.public().filter(slug=match.kwargs["slug"]).first()
    return (known, urlencode(days.days())) if known else None


def _told(
    commitment: Commitment, days: str, *, width: int, height: int
) -> dict[str, Any]:
    card = settings.SITE_URL + reverse("embed-card", args=[commitment.slug])
    return {
        "version": "1.0",
        "type": "rich",
        "title": f"{commitment.ref} {commitment.title}",
        "provider_name": settings.SITE_NAME,
        "provider_url": settings.SITE_URL + "/",
        "cache_age": 3600,
        "width": width,
        "height": height,
        "html": format_html(
            '<iframe src="{}" width="{}" height="{}" title="{}" loading="lazy"></iframe>',
            f"{card}?{days}" if days else card,
            width,
            height,
            commitment.title,
        ),
    }


def _xml(told: dict[str, Any]) -> bytes:
    root = ElementTree.Element("oembed")
    for name, value in told.items():
        ElementTree.SubElement(root, name).text = str(value)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
