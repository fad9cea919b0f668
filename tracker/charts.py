"""Charts drawn on the server: plain data in, safe SVG out. No clock, no database.

One rule makes them stretch without script: no viewBox; x in per cent, y in
pixels. Colours come from style classes, so themes and print share the markup.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date, timedelta
from itertools import pairwise

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from commitments.statuses import Status
from tracker import writing
from tracker.languages import remembered

# (first day, status or "" while not assessed), in order.
Spells = Sequence[tuple[date, str]]
HOLLOW = (Status.NO_EVIDENCE, Status.NOT_ASSESSABLE)


def css(value: str) -> str:
    """Return the style class slug of a stored value."""
    return value.replace("_", "-")


def scale(first: date, last: date) -> Callable[[date], float]:
    """Return the place of a day in per cent of the width, within 0 to 100."""
    span = (last - first).days + 1

    def place(day: date) -> float:
        return max(0.0, min(100.0, (day - first).days / span * 100))

    return place


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")


def _svg(kind: str, height: int, body: str, label: str = "") -> SafeString:
    named = (
        f'role="img" aria-label="{escape(label)}"' if label else 'aria-hidden="true"'
    )
    # All texts inside are numbers, dates, or escaped above and by _text.
    return mark_safe(  # noqa: S308
        f'<svg class="chart {kind}" width="100%" height="{height}" {named}>{body}</svg>'
    )


def _rect(status: str, x: float, width: float, y: float, height: float) -> str:
    hatched = ' fill="url(#hatch)"' if status == Status.NOT_ASSESSABLE else ""
    return (
        f'<rect class="s s-{css(status)}"{hatched} x="{_n(x)}%" y="{_n(y)}" '
        f'width="{_n(width)}%" height="{_n(height)}"/>'
    )


def _line(kind: str, x: float, y1: float, y2: float) -> str:
    return (
        f'<line class="{kind}" x1="{_n(x)}%" x2="{_n(x)}%" '
        f'y1="{_n(y1)}" y2="{_n(y2)}"/>'
    )


def _text(kind: str, x: float, y: float, text: object, more: str = "") -> str:
    return f'<text class="{kind}" x="{_n(x)}%" y="{_n(y)}"{more}>{escape(text)}</text>'


def _diamond(x: float, y: float, *, past: bool) -> str:
    kind = "due past" if past else "due"
    return (
        f'<svg x="{_n(x)}%" y="{_n(y)}" overflow="visible">'
        f'<path class="{kind}" d="M0-5 5 0 0 5-5 0Z"/></svg>'
    )


def _bands(
    spells: Spells,
    place: Callable[[date], float],
    *,
    first: date,
    on: date,
    y: float,
    height: float,
) -> str:
    """Draw one rectangle per spell; hollow ones last, so that their edge shows."""
    if not spells:
        return ""
    ends = [day for day, _ in spells[1:]] + [on]
    solid: list[str] = []
    hollow: list[str] = []
    for (start, status), end in zip(spells, ends, strict=False):
        start = max(start, first)
        if not status or end <= start:
            continue
        width = place(end) - place(start)
        target = hollow if status in HOLLOW else solid
        target.append(_rect(status, place(start), width, y, height))
    return "".join(solid + hollow)


def bar(counts: Mapping[str, int], *, title: str, height: int = 34) -> SafeString:
    """Draw how many have each status, as one stacked bar with its numbers."""
    total = sum(counts.values()) or 1
    x, numbers = 0.0, []
    solid: list[str] = []
    hollow: list[str] = []
    for status in Status.values:
        count = counts.get(status, 0)
        if not count:
            continue
        width = count / total * 100
        target = hollow if status in HOLLOW else solid
        target.append(_rect(status, x, width, 22.75, height - 1.5))
        kind = "num tiny" if width < 4 else "num"
        numbers.append(_text(kind, x + width / 2, 14, count, ' text-anchor="middle"'))
        x += width
    said = writing.listed(
        f"{counts[s]} {s.label.lower()}" for s in Status if counts.get(s.value)
    )
    body = "".join(solid + hollow + numbers)
    return _svg(
        "bar",
        height + 22,
        body,
        _("%(title)s: %(said)s") % {"title": title, "said": said or _("none")},
    )


def describe(spells: Spells, *, on: date, due_on: date | None = None) -> str:
    """Return a strip as one sentence."""
    parts = [_begun(status, day) for day, status in spells if status]
    if not parts:
        return _("Not assessed by %(day)s") % {"day": writing.day(on)}
    parts.append(_held(spells[-1][1], on))
    if due_on:
        parts.append(_promised(due_on))
    return _between_parts().join(parts)


# The same few words stand on each strip of a page.
@remembered
def _begun(status: str, day: date) -> str:
    said = {"status": Status(status).label, "day": writing.day(day)}
    return _("%(status)s from %(day)s") % said


@remembered
def _held(status: str, on: date) -> str:
    label = Status(status).label.lower() if status else _("not assessed")
    return _("%(status)s on %(day)s") % {"status": label, "day": writing.day(on)}


@remembered
def _promised(day: date) -> str:
    return _("promised for %(day)s") % {"day": writing.day(day)}


@remembered
def _between_parts() -> str:
    return pgettext("between the parts of a description", "; ")


def strip(
    spells: Spells,
    *,
    first: date,
    last: date,
    on: date,
    due_on: date | None = None,
    height: int = 14,
) -> SafeString:
    """Draw the status of one commitment by day, from ``first`` to ``last``."""
    place, middle, full = scale(first, last), 4 + height / 2, height + 8
    parts = [
        _line("tick", place(date(year, 1, 1)), 0, full)
        for year in range(first.year + 1, last.year + 1)
    ]
    now = _n(place(on))
    parts.append(
        f'<line class="future" x1="{now}%" x2="100%" y1="{_n(middle)}" '
        f'y2="{_n(middle)}"/>'
    )
    parts.append(_bands(spells, place, first=first, on=on, y=4.75, height=height - 1.5))
    parts.append(_line("now", place(on), 0, full))
    if due_on and first <= due_on <= last:
        parts.append(_diamond(place(due_on), middle, past=due_on < on))
    return _svg("strip", full, "".join(parts), describe(spells, on=on, due_on=due_on))


def years(*, first: date, last: date, height: int = 16) -> SafeString:
    """Draw the years above a column of strips."""
    place = scale(first, last)
    body = "".join(
        _text("ax", place(date(year, 1, 1)), 12, year)
        for year in range(first.year, last.year + 1)
    )
    return _svg("years", height, body)


def timeline(
    spells: Spells,
    *,
    first: date,
    last: date,
    on: date,
    due_on: date | None = None,
    reviews: Iterable[date] = (),
) -> SafeString:
    """Draw one commitment over the whole plan, with its reviews and its date."""
    place = scale(first, last)
    parts = []
    for year in range(first.year, last.year + 1):
        x = place(date(year, 1, 1))
        parts.append(_line("tick", x, 16, 60) + _text("ax", x, 74, year, ' dx="3"'))
    now = _n(place(on))
    parts.append(f'<line class="future" x1="{now}%" x2="100%" y1="36" y2="36"/>')
    parts.append(_bands(spells, place, first=first, on=on, y=22.75, height=26.5))
    parts += [
        f'<circle class="rev" cx="{_n(place(day))}%" cy="56" r="2.5"/>'
        for day in reviews
        if first <= day <= last
    ]
    parts += [_line("now", place(on), 14, 60), _now_label(place(on), on)]
    if due_on and first <= due_on <= last:
        parts.append(_diamond(place(due_on), 36, past=due_on < on))
    return _svg("focus", 80, "".join(parts), describe(spells, on=on, due_on=due_on))


def focus(
    spells: Spells,
    *,
    first: date,
    last: date,
    on: date,
    due_on: date | None = None,
    due_precision: str = "",
    reviews: Iterable[date] = (),
) -> SafeString:
    """Draw one commitment twice: above its year by month, below the whole plan.

    The year is that of ``on``, within the plan from ``first`` to ``last``.
    """
    year = min(max(on.year, first.year), last.year)
    start, end = max(first, date(year, 1, 1)), min(last, date(year, 12, 31))
    near, far = scale(start, end), scale(first, last)
    parts = [
        *_months(near, start, end),
        *_year_band(spells, near, start=start, on=on),
        *(
            f'<circle class="rev" cx="{_n(near(day))}%" cy="63.5" r="2.5"/>'
            for day in reviews
            if start <= day <= end
        ),
        # What leads from the year above to its place in the plan below.
        f'<line class="con" x1="0" y1="88" x2="{_n(far(start))}%" y2="112"/>',
        f'<line class="con" x1="100%" y1="88" x2="{_n(_after(far, end))}%" y2="112"/>',
        *_plan_band(spells, far, first=first, last=last, on=on),
    ]
    if due_on and start <= due_on <= end:
        parts.append(_diamond(near(due_on), 44, past=due_on < on))
    if due_on and first <= due_on <= last:
        parts.append(_diamond(far(due_on), 122, past=due_on < on))
        side = ' dx="9"' if far(due_on) < 70 else ' dx="-9" text-anchor="end"'
        words = _("promised for %(day)s") % {"day": writing.day(due_on, due_precision)}
        parts.append(_text("ax halo", far(due_on), 126.5, words, side))
    return _svg("focus", 150, "".join(parts), describe(spells, on=on, due_on=due_on))


def _after(place: Callable[[date], float], day: date) -> float:
    """Return where a day ends."""
    return place(day + timedelta(days=1))


def _months(place: Callable[[date], float], start: date, end: date) -> list[str]:
    begins = [date(start.year, month, 1) for month in range(start.month, end.month + 1)]
    parts = [_line("tick", place(day), 22, 66) for day in begins[1:]]
    for day, after in pairwise([*begins, end]):
        middle, centred = (place(day) + place(after)) / 2, ' text-anchor="middle"'
        parts.append(_text("ax mon", middle, 80, writing.short_month(day), centred))
    return parts


def _year_band(
    spells: Spells, place: Callable[[date], float], *, start: date, on: date
) -> list[str]:
    now, ends = place(on), [day for day, _ in spells[1:]] + [on]
    parts = [
        f'<line class="future" x1="{_n(now)}%" x2="100%" y1="44" y2="44"/>',
        _bands(spells, place, first=start, on=on, y=30.75, height=26.5),
    ]
    for (day, status), end in zip(spells, ends, strict=False):
        x = place(day)
        # Narrower ones have no room for their name; the table has it.
        if status and place(end) - x > 14:
            parts.append(_text("lab", x, 24, Status(status).label, ' dx="1"'))
    return [*parts, _line("now", now, 14, 68), _now_label(now, on)]


def _now_label(now: float, on: date) -> str:
    """Write the day at its line, or beside it where an edge of a phone is near."""
    anchor = "start" if now < 18 else "end" if now > 82 else "middle"
    return _text("nowl", now, 11, writing.day(on), f' text-anchor="{anchor}"')


def _plan_band(
    spells: Spells,
    place: Callable[[date], float],
    *,
    first: date,
    last: date,
    on: date,
) -> list[str]:
    parts = []
    for year in range(first.year, last.year + 1):
        x = place(date(year, 1, 1))
        parts.append(_line("tick", x, 112, 134) + _text("ax", x, 146, year, ' dx="3"'))
    now = _n(place(on))
    parts.append(f'<line class="future" x1="{now}%" x2="100%" y1="122" y2="122"/>')
    parts.append(_bands(spells, place, first=first, on=on, y=114.75, height=14.5))
    parts.append(_line("now", place(on), 110, 134))
    return parts


def elapsed(*, first: date, last: date, on: date) -> SafeString:
    """Draw how much of the plan's time has passed."""
    place = scale(first, last)
    passed = place(on)
    parts = [
        '<rect class="el0" x="0" y="6" width="100%" height="6"/>',
        f'<rect class="el1" x="0" y="6" width="{_n(passed)}%" height="6"/>',
    ]
    for year in range(first.year, last.year + 1):
        x = place(date(year, 1, 1))
        parts.append(_line("tick", x, 12, 20) + _text("ax", x, 25, year, ' dx="3"'))
    parts.append(_line("now", passed, 0, 18))
    label = _("%(n)d per cent of the plan period has passed") % {"n": round(passed)}
    return _svg("elapsed", 28, "".join(parts), label)
