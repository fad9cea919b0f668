"""Pictures that stand alone, away from our pages: badges of one commitment and of all.

Plain SVG with its colours as attributes, since no style sheet travels with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from functools import cache
from itertools import pairwise

from django.conf import settings
from django.utils.html import escape
from django.utils.translation import gettext as _

from commitments.statuses import Status
from tracker import writing
from tracker.charts import HOLLOW, Spells, css, describe, scale

INK, PAPER, QUIET, TINT = "#14202b", "#ffffff", "#43505d", "#f3f5f7"
LINE = "#d8dee4"
# The light values of the tokens in static/tracker.css; a test holds them equal.
COLOURS = {
    Status.NO_EVIDENCE: "#707c88",
    Status.ANNOUNCED: "#4c8cc4",
    Status.UNDER_WAY: "#1f67a6",
    Status.PARTLY_DELIVERED: "#0e3f70",
    Status.DELIVERED: "#117a55",
    Status.ABANDONED: "#ad7100",
    Status.REVERSED: "#b4232f",
    Status.NOT_ASSESSABLE: "#707c88",
}
SANS = (
    "system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, Arial, PingFang SC, "
    "Microsoft YaHei, Noto Sans CJK SC, sans-serif"
)
# The wider badges, and how far their words keep from the edge.
BADGE_WIDTH, INSET = 480, 14


@cache
def _shape(name: str) -> str:
    """Return the drawing of an icon, from the one sprite that all pages use."""
    sprite = (settings.BASE_DIR / "templates/_icons.html").read_text(encoding="utf-8")
    found = re.search(rf'<symbol id="i-{re.escape(name)}"[^>]*>(.*?)</symbol>', sprite)
    return found[1] if found else ""


def _icon(status: str, x: float, y: float, size: float, colour: str) -> str:
    drawn = _shape(css(status) if status else "none")
    return (
        f'<svg x="{x:g}" y="{y:g}" width="{size:g}" height="{size:g}" '
        f'viewBox="0 0 16 16" color="{colour}">{drawn}</svg>'
    )


def label(status: str) -> str:
    return str(Status(status).label) if status else _("Not yet assessed")


def _width(text: str, size: float) -> float:
    """Return about how wide ``text`` is: Latin letters half a size, Chinese a whole."""
    return sum(size if ord(c) > 0x2E7F else size * 0.56 for c in text)


def _named(name: str, said: str) -> str:
    return _("%(name)s: %(status)s") % {"name": name, "status": said}


def badge(*, ref: str, status: str, word: str = "") -> str:
    """Return a small picture that says where a commitment stands.

    ``word`` stands in for the status where there is none to show.
    """
    shown = word or label(status)
    left, right = _width(ref, 12) + 14, _width(shown, 12) + 36
    colour = COLOURS.get(Status(status), QUIET) if status and not word else QUIET
    whole = left + right
    named = escape(_named(ref, shown))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole:.0f}" height="22" '
        f'role="img" aria-label="{named}">'
        f"<title>{named}</title>"
        f'<rect width="{whole:.0f}" height="22" rx="3" fill="{TINT}"/>'
        f'<rect width="{left:.0f}" height="22" rx="3" fill="{INK}"/>'
        f'<g font-family="{SANS}" font-size="12">'
        f'<text x="7" y="15" fill="{PAPER}" textLength="{left - 14:.0f}">{escape(ref)}'
        f"</text>{_icon(status if not word else '', left + 7, 4.5, 13, colour)}"
        f'<text x="{left + 26:.0f}" y="15" fill="{INK}" '
        f'textLength="{right - 36:.0f}">{escape(shown)}</text></g></svg>'
    )


def _alone(width: int, height: int, said: str, body: str) -> str:
    """Return a picture of our size and typeface; ``said`` tells it in words."""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" '
        f'viewBox="0 0 {width} {height}" role="img" aria-label="{escape(said)}" '
        f'font-family="{SANS}" font-size="13"><title>{escape(said)}</title>'
        f'<rect width="{width}" height="{height}" rx="4" fill="{PAPER}" '
        f'stroke="{LINE}"/>{body}</svg>'
    )


def _short(text: str, size: float, width: float) -> str:
    while _width(text, size) > width:
        text = f"{text.rstrip('…')[:-1].rstrip()}…"
    return text


def _spell(status: str, x: float, y: float, width: float, height: float) -> str:
    """Draw a stretch of a bar; what has not moved stays hollow."""
    colour = COLOURS.get(Status(status), QUIET) if status else QUIET
    fill = PAPER if not status or status in HOLLOW else colour
    dashes = ' stroke-dasharray="3 2"' if status == Status.NOT_ASSESSABLE else ""
    return (
        f'<rect x="{x + 0.75:.1f}" y="{y:g}" width="{max(0.5, width - 1.5):.1f}" '
        f'height="{height:g}" fill="{fill}" stroke="{colour}"{dashes}/>'
    )


def bar(counts: Mapping[str, int], *, name: str) -> str:
    """Return how many have each status, as one bar with its key in words."""
    present = [(s, counts[s]) for s in ("", *Status.values) if counts.get(s)]
    total, x = sum(n for _s, n in present) or 1, float(INSET)
    parts = [
        f'<text x="{INSET}" y="24" font-weight="650" fill="{INK}">{escape(name)}</text>'
    ]
    for status, count in present:
        width = count / total * (BADGE_WIDTH - 2 * INSET)
        parts.append(_spell(status, x, 36, width, 20))
        x += width
    key_x, key_y = float(INSET), 68.0
    for status, count in present:
        words = f"{label(status)} {count}"
        room = _width(words, 13) + 30
        if key_x > INSET and key_x + room > BADGE_WIDTH:
            key_x, key_y = INSET, key_y + 22
        colour = COLOURS.get(Status(status), QUIET) if status else QUIET
        parts.append(_icon(status, key_x, key_y, 13, colour))
        parts.append(
            f'<text x="{key_x + 18:.0f}" y="{key_y + 11:.0f}" fill="{INK}">'
            f"{escape(words)}</text>"
        )
        key_x += room
    said = writing.listed(f"{count} {label(s).lower()}" for s, count in present)
    height = round(key_y + 26)
    return _alone(BADGE_WIDTH, height, _named(name, said or _("none")), "".join(parts))


def timeline(
    *,
    name: str,
    word: str,
    spells: Spells,
    first: date,
    last: date,
    on: date,
    due_on: date | None = None,
) -> str:
    """Return the status of one commitment by day, from ``first`` to ``last``."""
    width = BADGE_WIDTH - 2 * INSET
    place = scale(first, last)

    def across(day: date) -> float:
        return INSET + place(day) / 100 * width

    status = spells[-1][1] if spells else ""
    colour = COLOURS.get(Status(status), QUIET) if status else QUIET
    parts = [
        f'<text x="{INSET}" y="24" font-weight="650" fill="{INK}">'
        f"{escape(_short(name, 13.5, width))}</text>",
        _icon(status, INSET, 33, 13, colour),
        f'<text x="{INSET + 19}" y="44" fill="{INK}">{escape(word)}</text>',
        f'<path d="M{across(on):.1f} 66H{INSET + width}" stroke="{QUIET}" '
        'stroke-dasharray="1 4"/>',
    ]
    for (start, held), (end, _status) in pairwise([*spells, (on, "")]):
        begins = max(start, first)
        if held and end > begins:
            x = across(begins)
            parts.append(_spell(held, x, 56, across(end) - x, 20))
    for year in range(first.year, last.year + 1):
        x = across(date(year, 1, 1))
        parts.append(f'<path d="M{x:.1f} 80v5" stroke="{QUIET}"/>')
        parts.append(
            f'<text x="{x + 3:.1f}" y="92" font-size="11" fill="{QUIET}">{year}</text>'
        )
    parts.append(f'<path d="M{across(on):.1f} 52v28" stroke="{INK}" stroke-width="2"/>')
    if due_on and first <= due_on <= last:
        x = across(due_on)
        parts.append(
            f'<path d="M{x:.1f} 60l6 6-6 6-6-6Z" fill="{PAPER}" stroke="{INK}"/>'
        )
    said = describe(spells, on=on, due_on=due_on) if spells else word
    return _alone(BADGE_WIDTH, 100, _named(name, said), "".join(parts))
