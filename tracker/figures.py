"""Charts of changes and figures: plain data in, safe SVG out.

Same rules as ``tracker.charts``: no viewBox, x in per cent, y in pixels, colours
from style classes, and a text alternative for each.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from itertools import pairwise

from django.utils.html import escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from commitments.statuses import Status
from tracker import writing
from tracker.charts import _line, _n, _rect, _svg, _text, css, scale

ORDER = [*Status.values, ""]


def histogram(
    months: Sequence[tuple[str, int]], *, title: str, height: int = 104
) -> SafeString:
    """Draw (label, count) as bars; the last one is the current month."""
    if not months:
        return SafeString("")
    highest = max(count for _, count in months) or 1
    slot, base = 100 / len(months), height - 20
    # The labels stand together: on a phone the style sheet hides every second one.
    parts: list[str] = []
    labels: list[str] = []
    for i, (label, count) in enumerate(months):
        tall, middle = count / highest * (base - 18), i * slot + slot / 2
        kind = "hb cur" if i == len(months) - 1 else "hb"
        parts.append(
            f'<rect class="{kind}" x="{_n(i * slot + slot * 0.14)}%" '
            f'width="{_n(slot * 0.72)}%" y="{_n(base - tall)}" height="{_n(tall)}"/>'
        )
        centred = ' text-anchor="middle"'
        parts.append(_text("num sm", middle, base - tall - 5, count, centred))
        labels.append(_text("ax mon", middle, height - 4, label, centred))
    parts.append(f'<line class="axis" x1="0" x2="100%" y1="{base}" y2="{base}"/>')
    parts += labels
    said = writing.listed(f"{label} {count}" for label, count in months)
    told = _("%(title)s: %(said)s") % {"title": title, "said": said}
    return _svg("histo", height, "".join(parts), told)


def coverage(parts: Sequence[tuple[str, int, str]], height: int = 34) -> SafeString:
    """Draw a document, one bar for each paragraph, as wide as it has passages.

    ``parts`` are (kind, passages, label or ""); what frames the text is drawn low.
    """
    total, x = sum(count for _, count, _ in parts) or 1, 0.0
    bars, labels = [], []
    for kind, count, label in parts:
        width = count / total * 100
        y, tall = (18 + height - 8, 8) if kind == "front" else (18, height)
        bars.append(
            f'<rect class="dm dm-{kind}" x="{_n(x)}%" width="{_n(width)}%" '
            f'y="{y + 0.5}" height="{tall - 1}"/>'
        )
        if label:
            labels.append(_text("nowl", x, 12, label))
        x += width
    # The outline and the table beside it say the same in words.
    return _svg("docmap", height + 18, "".join(bars + labels))


def _stack(flows: Counter, side: int, *, unit: int, gap: int) -> dict[str, list[int]]:
    """Return each status of one side as [top, count], from the top down."""
    y, places = 26, {}
    for status in ORDER:
        count = sum(n for flow, n in flows.items() if flow[side] == status)
        if count:
            places[status] = [y, count]
            y += count * unit + gap
    return places


def flow(
    pairs: Sequence[tuple[str, str]],
    *,
    before: str,
    after: str,
    unit: int = 7,
    gap: int = 14,
) -> SafeString:
    """Draw how commitments moved: (old status, new status) one by one.

    ``before`` and ``after`` are the words above the two sides.
    """
    flows = Counter(pairs)
    left = _stack(flows, 0, unit=unit, gap=gap)
    right = _stack(flows, 1, unit=unit, gap=gap)
    height = max(
        (y + n * unit for y, n in [*left.values(), *right.values()]), default=0
    )
    parts = [_bands(flows, left, right, unit=unit, height=height)]
    for places, x, text_x, anchor in (
        (left, 36.0, 35.0, "end"),
        (right, 63.0, 65.0, "start"),
    ):
        for status, (y, count) in places.items():
            parts.append(_rect(status or "none", x, 1, y + 0.75, count * unit - 1.5))
            label = Status(status).label if status else _("Not yet assessed")
            parts.append(
                f'<text x="{_n(text_x)}%" y="{_n(y + count * unit / 2 + 5)}" '
                f'text-anchor="{anchor}"><tspan class="strong">{count}</tspan> '
                f"<tspan>{escape(label)}</tspan></text>"
            )
    parts.append(_text("nowl", 37, 12, before, ' text-anchor="end"'))
    parts.append(_text("nowl", 63, 12, after))
    return _svg("alluvial", height + 4, "".join(parts), _said(flows))


def _bands(
    flows: Counter,
    left: dict[str, list[int]],
    right: dict[str, list[int]],
    *,
    unit: int,
    height: int,
) -> str:
    starts = {status: place[0] for status, place in left.items()}
    ends = {status: place[0] for status, place in right.items()}
    drawn = []
    for old in ORDER:
        for new in ORDER:
            thick = flows.get((old, new), 0) * unit
            if not thick:
                continue
            y1, y2 = starts[old], ends[new]
            kind = "band" if old == new else "band moved"
            drawn.append(
                f'<path class="{kind} s s-{css(new) or "none"}" d="M0 {y1}C50 {y1} 50 '
                f"{y2} 100 {y2}V{y2 + thick}C50 {y2 + thick} 50 {y1 + thick} 0 "
                f'{y1 + thick}Z"/>'
            )
            starts[old] += thick
            ends[new] += thick
    return (
        f'<svg x="37%" width="26%" height="{height}" viewBox="0 0 100 {height}" '
        f'preserveAspectRatio="none">{"".join(drawn)}</svg>'
    )


def _said(flows: Counter) -> str:
    def named(status: str) -> str:
        return str(Status(status).label) if status else _("not yet assessed")

    moved = [
        _("%(n)d from %(old)s to %(new)s") % {"n": n, "old": named(a), "new": named(b)}
        for (a, b), n in flows.items()
        if a != b
    ]
    stayed = sum(n for (a, b), n in flows.items() if a == b)
    between = pgettext("between the parts of a description", "; ")
    return between.join([*moved, _("%(n)d stayed") % {"n": stayed}])


def steps(
    readings: Sequence[tuple[date, Decimal]],
    *,
    baseline: tuple[date, Decimal],
    on: date,
    name: str,
    target: Decimal | None = None,
    target_on: date | None = None,
    height: int = 220,
) -> SafeString:
    """Draw a figure over time, (day, value): one holds until the next reading.

    A reading can be of a day before the baseline's.
    """
    points = sorted([baseline, *readings], key=lambda point: point[0])
    values = [value for _, value in points] + ([target] if target is not None else [])
    low, high = min(values), max(values)
    first, last = points[0][0].replace(day=1), _last_day(points, on, target_on)
    place = scale(first, last)
    top, bottom = 26, height - 26

    def y(value: Decimal) -> float:
        if high == low:
            return (top + bottom) / 2
        return bottom - float((value - low) / (high - low)) * (bottom - top)

    parts = _years(place, first, last, height)
    if target is not None:
        at = _n(y(target))
        parts.append(f'<line class="tgt" x1="0" x2="100%" y1="{at}" y2="{at}"/>')
    ends = [day for day, _ in points[1:]] + [max(on, points[-1][0])]
    for i, ((day, value), end) in enumerate(zip(points, ends, strict=True)):
        parts.append(_level(place(day), place(end), y(value)))
        if i:
            parts.append(_line("ln", place(day), y(points[i - 1][1]), y(value)))
    for day, value in points:
        parts.append(_dot(place(day), y(value), first=(day, value) == baseline))
    parts += _labels(baseline, points[-1], place, y)
    told = _readings_said(name, points, target)
    return _svg("indicator", height, "".join(parts), told)


def _readings_said(
    name: str, points: Sequence[tuple[date, Decimal]], target: Decimal | None
) -> str:
    said = writing.listed(
        f"{writing.day(day)} {number(value)}" for day, value in points
    )
    if target is not None:
        aim = _("target %(value)s") % {"value": number(target)}
        said += pgettext("between the parts of a description", "; ") + aim
    return _("%(title)s: %(said)s") % {"title": name, "said": said}


def spark(
    readings: Sequence[tuple[date, Decimal]],
    *,
    baseline: tuple[date, Decimal],
    name: str,
    target: Decimal | None = None,
    height: int = 44,
) -> SafeString:
    """Draw a figure small: from its baseline (open dot) to its latest value (full).

    Days lie as far apart as they were. What was read before the baseline is left
    out. The numbers stand below, on the page.
    """
    later = [point for point in readings if point[0] > baseline[0]]
    points = [baseline, *sorted(later, key=lambda point: point[0])]
    values = [value for _, value in points] + ([target] if target is not None else [])
    low, high = min(values), max(values)
    first, span = baseline[0], (points[-1][0] - baseline[0]).days

    def x(day: date) -> float:
        return 2 + (day - first).days / span * 96 if span else 50

    def y(value: Decimal) -> float:
        if high == low:
            return height / 2
        return 7 + float((high - value) / (high - low)) * (height - 14)

    parts = []
    if target is not None:
        at = _n(y(target))
        parts.append(f'<line class="tgt" x1="0" x2="100%" y1="{at}" y2="{at}"/>')
    for (day, value), (then, now) in pairwise(points):
        parts.append(
            f'<line class="ln" x1="{_n(x(day))}%" y1="{_n(y(value))}" '
            f'x2="{_n(x(then))}%" y2="{_n(y(now))}"/>'
        )
    parts.append(_dot(x(first), y(baseline[1]), first=True))
    if later:
        parts.append(_dot(x(points[-1][0]), y(points[-1][1]), first=False))
    return _svg("spark", height, "".join(parts), _readings_said(name, points, target))


def number(value: Decimal) -> str:
    """Return a figure as people write it: no needless noughts, thousands apart."""
    text = f"{value:,f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _last_day(
    points: Sequence[tuple[date, Decimal]], on: date, target_on: date | None
) -> date:
    last = max(filter(None, (on, points[-1][0], target_on)))
    return date(last.year, 12, 31)


def _years(
    place: Callable[[date], float], first: date, last: date, height: int
) -> list[str]:
    """Return the axis: each year, or every few of many, that begins on it."""
    begins = first.year if first.month == 1 else first.year + 1
    bottom, each = height - 26, max(1, (last.year - begins + 1) // 8)
    parts = [f'<line class="axis" x1="0" x2="100%" y1="{bottom}" y2="{bottom}"/>']
    for year in range(begins, last.year + 1, each):
        x = place(date(year, 1, 1))
        parts.append(_line("tick", x, bottom, bottom + 5))
        parts.append(_text("ax", x, height - 8, year, ' dx="4"'))
    return parts


def _level(x1: float, x2: float, y: float) -> str:
    return f'<line class="ln" x1="{_n(x1)}%" x2="{_n(x2)}%" y1="{_n(y)}" y2="{_n(y)}"/>'


def _dot(x: float, y: float, *, first: bool) -> str:
    kind, radius = ("p0", 4) if first else ("p1", 5)
    return f'<circle class="{kind}" cx="{_n(x)}%" cy="{_n(y)}" r="{radius}"/>'


def _labels(
    baseline: tuple[date, Decimal],
    latest: tuple[date, Decimal],
    place: Callable[[date], float],
    y: Callable[[Decimal], float],
) -> list[str]:
    """Return the words at the baseline and at the latest reading."""
    parts = [_label("halo", baseline, _("%(value)s baseline"), place, y)]
    if latest != baseline:
        parts.append(_label("strong halo", latest, _("%(value)s latest"), place, y))
    return parts


def _label(
    kind: str,
    point: tuple[date, Decimal],
    words: str,
    place: Callable[[date], float],
    y: Callable[[Decimal], float],
) -> str:
    x = place(point[0])
    side = ' dx="-8" text-anchor="end"' if x > 70 else ' dx="4"'
    text = words % {"value": number(point[1])}
    return _text(kind, x, y(point[1]) - 10, text, side)
