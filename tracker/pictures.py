"""Pictures that stand alone, away from our pages: the badge and the share image.

Plain SVG with its colours as attributes, since no style sheet travels with it.
"""

from __future__ import annotations

import re
from functools import cache

from django.conf import settings
from django.utils.html import escape

from commitments.statuses import Status
from tracker.charts import css

INK, PAPER, QUIET, TINT = "#14202b", "#ffffff", "#43505d", "#f3f5f7"
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
SANS = "system-ui, -apple-system, Segoe UI, Roboto, Noto Sans, Arial, sans-serif"
SERIF = "Charter, Cambria, Georgia, Noto Serif, serif"


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
    return Status(status).label if status else "Not yet assessed"


def _width(text: str, size: float) -> float:
    """Return about how wide ``text`` is: Latin letters half a size, Chinese a whole."""
    return sum(size if ord(c) > 0x2E7F else size * 0.56 for c in text)


def badge(*, ref: str, status: str, word: str = "") -> str:
    """Return a small picture that says where a commitment stands.

    ``word`` stands in for the status where there is none to show.
    """
    shown = word or label(status)
    left, right = _width(ref, 12) + 14, _width(shown, 12) + 36
    colour = COLOURS.get(Status(status), QUIET) if status and not word else QUIET
    whole = left + right
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{whole:.0f}" height="22" '
        f'role="img" aria-label="{escape(ref)}: {escape(shown)}">'
        f"<title>{escape(ref)}: {escape(shown)}</title>"
        f'<rect width="{whole:.0f}" height="22" rx="3" fill="{TINT}"/>'
        f'<rect width="{left:.0f}" height="22" rx="3" fill="{INK}"/>'
        f'<g font-family="{SANS}" font-size="12">'
        f'<text x="7" y="15" fill="{PAPER}" textLength="{left - 14:.0f}">{escape(ref)}'
        f"</text>{_icon(status if not word else '', left + 7, 4.5, 13, colour)}"
        f'<text x="{left + 26:.0f}" y="15" fill="{INK}" '
        f'textLength="{right - 36:.0f}">{escape(shown)}</text></g></svg>'
    )


def wrap(text: str, *, size: float, width: float, most: int) -> list[str]:
    """Return ``text`` in lines that fit ``width``; the last of ``most`` may be cut."""
    lines: list[str] = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _width(longer, size) > width:
            lines.append(word)
        else:
            lines[-1] = longer
    if len(lines) <= most:
        return lines
    return [*lines[: most - 1], lines[most - 1] + "…"]


def share(*, ref: str, title: str, status: str, since: str, on: str) -> str:
    """Return the picture that a shared link shows: title, status and date."""
    colour = COLOURS[Status(status)] if status else QUIET
    lines = wrap(title, size=58, width=1060, most=4)
    drawn = "".join(
        f'<text x="70" y="{190 + i * 72}">{escape(line)}</text>'
        for i, line in enumerate(lines)
    )
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" width="1200" height="630" '
        f'viewBox="0 0 1200 630" role="img" aria-label="{escape(ref)} {escape(title)}: '
        f'{escape(label(status))}, {escape(on)}">'
        f'<rect width="1200" height="630" fill="{PAPER}"/>'
        f'<rect width="1200" height="14" fill="{colour}"/>'
        f'<g font-family="{SANS}" font-size="28" fill="{QUIET}">'
        f'<text x="70" y="100">Commitment {escape(ref)}</text>'
        f'<text x="70" y="572">{escape(settings.SITE_NAME)}</text>'
        f'<text x="1130" y="572" text-anchor="end">as of {escape(on)}</text></g>'
        f'<g font-family="{SERIF}" font-size="58" font-weight="700" fill="{INK}">'
        f"{drawn}</g>{_icon(status, 70, 448, 52, colour)}"
        f'<text x="142" y="488" font-family="{SANS}" font-size="42" font-weight="650" '
        f'fill="{INK}">{escape(label(status))}'
        f'<tspan font-size="28" font-weight="400" fill="{QUIET}" dx="16">'
        f"{escape(since)}</tspan></text>"
        f'<rect x="70" y="520" width="1060" height="2" fill="#d8dee4"/></svg>'
    )
