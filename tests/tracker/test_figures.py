import re
from datetime import date
from decimal import Decimal

import pytest

from tracker import figures


def rects(svg, kind):
    pattern = rf'<rect class="{kind}[^"]*"[^>]*x="([\d.]+)%" width="([\d.]+)%" y="([\d.]+)" height="([\d.]+)"'
    return [tuple(map(float, found)) for found in re.findall(pattern, svg)]


def test_bars_of_a_histogram_are_as_high_as_their_counts():
    svg = figures.histogram([("Jan", 2), ("Feb", 4), ("Mar", 0)], title="T", height=104)
    bars = rects(svg, "hb")
    assert [bar[3] for bar in bars] == [33, 66, 0]
    assert [bar[2] + bar[3] for bar in bars] == [84, 84, 84]
    assert bars[0][0] == pytest.approx(100 / 3 * 0.14, abs=0.01)
    assert 'aria-label="T: Jan 2, Feb 4, Mar 0"' in svg
    assert svg.count('class="hb cur"') == 1


def test_histogram_without_entries_has_no_height():
    assert {
        bar[3] for bar in rects(figures.histogram([("Jan", 0)], title="T"), "hb")
    } == {0}
    assert figures.histogram([], title="T") == ""


def test_flow_stacks_both_sides_by_their_counts():
    pairs = [("announced", "announced"), ("announced", "under_way"), ("", "announced")]
    svg = figures.flow(pairs, before="1 Jan 2026", after="1 Feb 2026", unit=10, gap=5)
    heights = re.findall(r'<rect class="s s-([a-z-]+)"[^>]*height="([\d.]+)"', svg)
    assert heights == [
        ("announced", "18.5"),
        ("none", "8.5"),
        ("announced", "18.5"),
        ("under-way", "8.5"),
    ]
    assert svg.count('class="band moved') == 2
    assert svg.count('class="band s') == 1
    # From 26 (announced, first of two) to 26; from 36 to 26 + 2 * 10 + 5 = 51.
    assert "M0 26C50 26 50 26 100 26V36C50 36 50 36 0 36Z" in svg
    assert "M0 36C50 36 50 51 100 51V61C50 61 50 46 0 46Z" in svg
    assert "1 from Announced to Under way" in svg
    assert "1 stayed" in svg


def test_words_in_charts_are_escaped():
    assert "<b>" not in figures.flow([("", "")], before="<b>", after="<b>")


def test_steps_hold_a_value_until_the_next_reading():
    svg = figures.steps(
        [(date(2026, 7, 2), Decimal(20))],
        baseline=(date(2026, 1, 1), Decimal(10)),
        on=date(2026, 12, 31),
        name="Things, number",
        height=220,
    )
    levels = re.findall(
        r'<line class="ln" x1="([\d.]+)%" x2="([\d.]+)%" y1="([\d.]+)" y2="([\d.]+)"',
        svg,
    )
    half = f"{182 / 365 * 100:.2f}"
    assert levels[0] == ("0", half, "194", "194")
    assert levels[1][:3] == (half, f"{364 / 365 * 100:.2f}", "26")
    assert 'aria-label="Things, number: 1 Jan 2026 10, 2 Jul 2026 20"' in svg
    assert "10 baseline" in svg
    assert "20 latest" in svg


def test_reading_before_the_baseline_is_drawn_before_it():
    svg = figures.steps(
        [(date(2025, 10, 1), Decimal(5))],
        baseline=(date(2025, 12, 31), Decimal(10)),
        on=date(2026, 6, 1),
        name="N",
    )
    dots = re.findall(r'<circle class="(p[01])" cx="([\d.]+)%"', svg)
    assert [kind for kind, _ in dots] == ["p1", "p0"]
    assert float(dots[0][1]) < float(dots[1][1])
    assert "latest" not in svg


def test_target_is_drawn_where_there_is_one():
    told = {"baseline": (date(2026, 1, 1), Decimal(10)), "on": date(2026, 6, 1)}
    assert "tgt" not in figures.steps([], name="N", **told)
    svg = figures.steps(
        [], name="N", target=Decimal(30), target_on=date(2030, 12, 31), **told
    )
    assert 'class="tgt" x1="0" x2="100%" y1="26"' in svg
    assert "target 30" in svg
    assert ">2030<" in svg


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("7.3000", "7.3"),
        ("700000.0000", "700,000"),
        ("0.0000", "0"),
        ("1.0500", "1.05"),
    ],
)
def test_figures_are_written_as_people_write_them(value, shown):
    assert figures.number(Decimal(value)) == shown


def lines(svg):
    found = re.findall(
        r'<line class="ln" x1="([\d.]+)%" y1="([\d.]+)" x2="([\d.]+)%" y2="([\d.]+)"',
        svg,
    )
    return [tuple(map(float, line)) for line in found]


def dots(svg):
    found = re.findall(r'<circle class="(p[01])" cx="([\d.]+)%" cy="([\d.]+)"', svg)
    return [(kind, float(x), float(y)) for kind, x, y in found]


def test_spark_keeps_its_distances_in_time_and_its_values_in_height():
    svg = figures.spark(
        [(date(2026, 1, 11), Decimal(20)), (date(2026, 1, 5), Decimal(15))],
        baseline=(date(2026, 1, 1), Decimal(10)),
        name="N",
        height=44,
    )
    # From 2 to 98 per cent; 10 lies at the foot (37), 20 at the top (7).
    assert lines(svg) == [(2, 37, 40.4, 22), (40.4, 22, 98, 7)]
    assert dots(svg) == [("p0", 2, 37), ("p1", 98, 7)]
    assert 'aria-label="N: 1 Jan 2026 10, 5 Jan 2026 15, 11 Jan 2026 20"' in svg
    assert "tgt" not in svg


def test_spark_begins_with_its_baseline():
    earlier = [(date(2025, 1, 1), Decimal(99)), (date(2026, 1, 1), Decimal(98))]
    svg = figures.spark(earlier, baseline=(date(2026, 1, 1), Decimal(10)), name="N")
    assert lines(svg) == []
    assert dots(svg) == [("p0", 50, 22)]


def test_spark_of_what_did_not_move_is_level():
    svg = figures.spark(
        [(date(2026, 2, 1), Decimal(7))],
        baseline=(date(2026, 1, 1), Decimal(7)),
        name="<b>",
    )
    assert lines(svg) == [(2, 22, 98, 22)]
    assert "<b>" not in svg


def test_spark_leaves_room_for_its_target():
    svg = figures.spark(
        [(date(2026, 2, 1), Decimal(15))],
        baseline=(date(2026, 1, 1), Decimal(10)),
        target=Decimal(20),
        name="N",
    )
    assert '<line class="tgt" x1="0" x2="100%" y1="7" y2="7"/>' in svg
    assert lines(svg) == [(2, 37, 98, 22)]
    assert "; target 20" in svg
