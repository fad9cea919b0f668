"""oEmbed: from an address of ours to the code that embeds what it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.urls import Resolver404, resolve, reverse
from django.utils import timezone, translation
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from commitments.models import Commitment
from tracker import browse, languages
from tracker.browse import BadParameter
from tracker.embedding import HEIGHTS, WIDTH

LEAST = 200
# What an address shows: the embed it leads to.
SHOWN = {
    "commitment": "embed-card",
    "embed-card": "embed-card",
    "embed-timeline": "embed-timeline",
    "home": "embed-status-bar",
    "embed-status-bar": "embed-status-bar",
}


@dataclass(frozen=True)
class Embed:
    """A page that may be framed: its title, its address, and how high it is."""

    title: str
    address: str
    height: int


@require_safe
def oembed(request: HttpRequest) -> HttpResponse:
    """Answer how to embed what is shown at ``url`` (https://oembed.com, 2.3)."""
    kind = request.GET.get("format", "json")
    if kind not in ("json", "xml"):
        return _refuse(501, f"“{kind[:40]}” is no format we have: json or xml.")
    address = request.GET.get("url", "")
    if not address:
        return _refuse(400, "Give “url”, the address of a commitment.")
    # The card speaks the language of the page it is asked for.
    with translation.override(_language(address)):
        found = _found(address)
    if found is None:
        return _refuse(404, "There is nothing to embed at this address.")
    try:
        width = _most(request.GET, "maxwidth", WIDTH)
        height = _most(request.GET, "maxheight", found.height)
    except BadParameter as error:
        return _refuse(400, error.message)
    told = _told(found, width=width, height=height)
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


def _language(address: str) -> str:
    try:
        return languages.of_path(urlsplit(address).path).code
    except ValueError:
        return languages.ENGLISH.code


def _found(address: str) -> Embed | None:
    """Return what can be embedded of an address of ours, on the days it asks about."""
    try:
        parts = urlsplit(address)
        if parts.netloc != urlsplit(settings.SITE_URL).netloc:
            return None
        # As they are typed, without the last slash, pages answer too.
        path = parts.path if parts.path.endswith("/") else f"{parts.path}/"
        match = resolve(path)
        days = browse.parse_days(QueryDict(parts.query), today=timezone.localdate())
    except (ValueError, Resolver404):  # BadParameter is a ValueError
        return None
    if match.view_name not in SHOWN:
        return None
    name = SHOWN[match.view_name]
    height = HEIGHTS[name]
    title = _("%(site)s: where all commitments stand") % {"site": settings.SITE_NAME}
    if slug := match.kwargs.get("slug"):
        known = Commitment.objects.public().filter(slug=slug).first()
        if known is None:
            return None
        title = f"{known.ref} {languages.name(known)}"
    tail = urlencode(days.days())
    path = reverse(name, kwargs=match.kwargs)
    return Embed(title, f"{settings.SITE_URL}{path}{'?' if tail else ''}{tail}", height)


def _told(found: Embed, *, width: int, height: int) -> dict[str, Any]:
    return {
        "version": "1.0",
        "type": "rich",
        "title": found.title,
        "provider_name": settings.SITE_NAME,
        "provider_url": settings.SITE_URL + reverse("home"),
        "cache_age": 3600,
        "width": width,
        "height": height,
        "html": format_html(
            '<iframe src="{}" width="{}" height="{}" title="{}" loading="lazy"></iframe>',
            found.address,
            width,
            height,
            found.title,
        ),
    }


def _xml(told: dict[str, Any]) -> bytes:
    root = ElementTree.Element("oembed")
    for name, value in told.items():
        ElementTree.SubElement(root, name).text = str(value)
    return ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
