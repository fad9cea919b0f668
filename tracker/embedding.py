"""The code by which others put what we show on their own pages."""

from __future__ import annotations

from dataclasses import dataclass

from django.conf import settings
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _

from commitments.models import Commitment

WIDTH = 570
HEIGHTS = {"embed-card": 320, "embed-timeline": 240, "embed-status-bar": 220}


@dataclass(frozen=True)
class Embed:
    """One way to embed: its name, where it is, and the HTML to copy."""

    label: str
    path: str
    code: str


def frame(label: str, path: str, *, title: str, height: int) -> Embed:
    """Return the code of a page in a frame."""
    code = format_html(
        '<iframe src="{}" width="{}" height="{}" title="{}" loading="lazy"></iframe>',
        settings.SITE_URL + path,
        WIDTH,
        height,
        title,
    )
    return Embed(label, path, str(code))


def picture(label: str, path: str, *, title: str, to: str) -> Embed:
    """Return the code of a badge: a picture that leads to the page."""
    code = format_html(
        '<a href="{}"><img src="{}" alt="{}"></a>',
        settings.SITE_URL + to,
        settings.SITE_URL + path,
        title,
    )
    return Embed(label, path, str(code))


def of(commitment: Commitment, *, title: str) -> list[Embed]:
    """Return all that can be embedded of one commitment."""
    slug, page = [commitment.slug], commitment.get_absolute_url()
    named = f"{commitment.ref} {title}"

    def framed(label: str, name: str) -> Embed:
        path = reverse(name, args=slug)
        return frame(label, path, title=named, height=HEIGHTS[name])

    def drawn(label: str, name: str) -> Embed:
        return picture(label, reverse(name, args=slug), title=named, to=page)

    return [
        framed(_("Card"), "embed-card"),
        framed(_("Timeline"), "embed-timeline"),
        drawn(_("Badge"), "embed-badge"),
        drawn(_("Timeline as a picture"), "embed-timeline-svg"),
    ]


def of_all(*, title: str) -> list[Embed]:
    """Return all that can be embedded of the whole."""
    path, drawn = reverse("embed-status-bar"), reverse("embed-status-bar-svg")
    height = HEIGHTS["embed-status-bar"]
    return [
        frame(_("Status of all"), path, title=title, height=height),
        picture(_("Status of all as a picture"), drawn, title=title, to="/"),
    ]
