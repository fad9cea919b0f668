"""Contrast is computed from the tokens themselves (WCAG 2.2, 1.4.3 and 1.4.11)."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
CSS = (ROOT / "static" / "tracker.css").read_text()
JS = (ROOT / "static" / "tracker.js").read_text()
TEXT, SHAPE = 4.5, 3.0
STATUSES = (
    *("no-evidence", "announced", "under-way", "partly-delivered", "delivered"),
    *("abandoned", "reversed", "not-assessable"),
)


def tokens(theme):
    """Return each token's colour in one theme."""
    pair = re.compile(
        r"--([\w-]+):\s*light-dark\((#[0-9a-f]{3,6}),\s*(#[0-9a-f]{3,6})\)"
    )
    found = {m[1]: m[2 if theme == "light" else 3] for m in pair.finditer(CSS)}
    assert len(found) > 20
    return found


def luminance(colour):
    """Return the relative luminance of #rgb or #rrggbb (WCAG 2.2, definitions)."""
    digits = colour.lstrip("#")
    if len(digits) == 3:
        digits = "".join(d * 2 for d in digits)
    parts = [int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)]
    linear = [
        c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_the_measure_knows_black_and_white():
    assert contrast("#000", "#fff") == pytest.approx(21)
    assert contrast("#777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "tint"])
@pytest.mark.parametrize("ink", ["ink", "ink-2", "ink-3", "link"])
def test_text_can_be_read(theme, ground, ink):
    found = tokens(theme)

    assert contrast(found[ink], found[ground]) >= TEXT


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("change", ["add", "del"])
def test_differences_can_be_read(theme, change):
    found = tokens(theme)

    assert contrast(found["ink"], found[change]) >= TEXT


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("shape", ["edge", "focus", *STATUSES])
def test_shapes_can_be_seen(theme, shape):
    found = tokens(theme)

    assert contrast(found[shape], found["paper"]) >= SHAPE


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize(
    ("cell", "number"),
    [("f0", "on-lo"), ("f1", "on-lo"), ("f2", "on-hi"), ("f3", "on-hi")],
)
def test_numbers_on_freshness_can_be_read(theme, cell, number):
    found = tokens(theme)

    assert contrast(found[number], found[cell]) >= TEXT


@pytest.mark.parametrize("place", [0, 1])
def test_what_is_marked_can_be_read(place):
    ground = re.search(r"mark \{background: light-dark\((#\w+), (#\w+)\)", CSS)
    ink = tokens("light" if place == 0 else "dark")["ink"]

    assert contrast(ink, ground[place + 1]) >= TEXT


def test_reduced_motion_is_honoured():
    moving = re.search(r"\b(?:transition|animation|scroll-behavior):", CSS)
    assert not moving or "prefers-reduced-motion" in CSS


def test_style_and_script_stay_small():
    assert len(CSS.encode()) < 45_000
    assert len(JS.encode()) < 20_000
