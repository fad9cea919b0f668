import re
from datetime import date

import pytest

from commitments.statuses import Status
from tracker import charts

FIRST, LAST, ON = date(2026, 1, 1), date(2026, 12, 31), date(2026, 7, 2)


def test_scale_stays_inside_the_chart():
    place = charts.scale(FIRST, LAST)
    assert place(date(2020, 1, 1)) == 0
    assert place(FIRST) == 0
    assert place(date(2040, 1, 1)) == 100


def test_bar_says_its_counts_in_words():
    svg = charts.bar({Status.DELIVERED: 3, Status.ANNOUNCED: 1}, title="All")
    assert 'aria-label="All: 1 announced, 3 delivered"' in svg
    assert 'width="75%"' in svg
    assert "s-under-way" not in svg


def test_bar_of_nothing():
    assert 'aria-label="All: none"' in charts.bar({}, title="All")


def test_title_is_escaped():
    assert "<b>" not in charts.bar({}, title='<b>"')


def test_strip_draws_each_spell_and_says_it():
    spells = [(date(2025, 12, 29), ""), (FIRST, "announced"), (ON, "under_way")]
    svg = charts.strip(
        spells, first=FIRST, last=LAST, on=date(2026, 8, 1), due_on=date(2026, 7, 1)
    )
    assert "Announced from 1 Jan 2026; Under way from 2 Jul 2026" in svg
    assert "under way on 1 Aug 2026; promised for 1 Jul 2026" in svg
    assert svg.count("<rect") == 2
    assert "due past" in svg


def test_strip_of_what_was_never_assessed():
    svg = charts.strip([], first=FIRST, last=LAST, on=ON)
    assert "Not assessed by 2 Jul 2026" in svg
    assert "<rect" not in svg


def test_hollow_statuses_are_drawn_last():
    spells = [(FIRST, "no_evidence"), (date(2026, 3, 1), "announced")]
    svg = charts.strip(spells, first=FIRST, last=LAST, on=ON)
    assert svg.index("s-announced") < svg.index("s-no-evidence")


def test_charts_carry_no_style():
    svg = charts.timeline([(FIRST, "not_assessable")], first=FIRST, last=LAST, on=ON)
    svg += charts.elapsed(first=FIRST, last=LAST, on=ON)
    svg += charts.years(first=FIRST, last=LAST)
    assert "style=" not in svg
    assert 'fill="url(#hatch)"' in svg
    assert "50 per cent of the plan period has passed" in svg


PLAN = {"first": date(2026, 1, 1), "last": date(2030, 12, 31)}


def bands(svg, y):
    """The rectangles of one band: (status, left, width) in per cent."""
    found = re.findall(
        rf'<rect class="s s-([a-z-]+)"[^>]* x="([\d.]+)%" y="{y}" width="([\d.]+)%"',
        svg,
    )
    return [(status, float(x), float(width)) for status, x, width in found]


def test_focus_draws_the_year_above_the_plan():
    spells = [(date(2025, 12, 29), "announced"), (date(2027, 7, 2), "under_way")]
    on = date(2027, 10, 1)
    svg = charts.focus(
        spells,
        **PLAN,
        on=on,
        due_on=date(2027, 12, 31),
        due_precision="month",
        reviews=[date(2026, 5, 1), date(2027, 1, 1)],
    )
    # 2027 by day: 2 July is day 182 of 365, 1 October day 273.
    year = [("announced", 0, 182 / 3.65), ("under-way", 182 / 3.65, 91 / 3.65)]
    # The plan has 1826 days; 2027 begins with day 365.
    whole = [("announced", 0, 547 / 18.26), ("under-way", 547 / 18.26, 91 / 18.26)]
    for drawn, expected in ((bands(svg, "30.75"), year), (bands(svg, "114.75"), whole)):
        for one, other in zip(drawn, expected, strict=True):
            assert one[0] == other[0]
            assert one[1:] == pytest.approx(other[1:], abs=0.01)
    # Lines lead from the edges of the year to where it lies in the plan.
    lead = re.findall(r'class="con" x1="([\d.]+)%?" y1="88" x2="([\d.]+)%"', svg)
    assert lead == [("0", f"{36500 / 1826:.2f}"), ("100", f"{73000 / 1826:.2f}")]
    # A review of another year is left out, the promised date stands in both bands.
    assert re.findall(r'class="rev" cx="([\d.]+)%"', svg) == ["0"]
    assert svg.count('class="due"') == 2
    assert "promised for Dec 2027<" in svg
    assert re.findall(r'class="lab"[^>]*>([^<]+)<', svg) == ["Announced", "Under way"]
    assert "Under way from 2 Jul 2027; under way on 1 Oct 2027" in svg
    assert svg.count('class="ax mon"') == 12


def test_focus_stays_within_the_plan_before_and_after_it():
    before = charts.focus([], **PLAN, on=date(2025, 12, 30))
    assert ">Jan 2026<" in before
    assert "<rect" not in before
    after = charts.focus(
        [(date(2026, 1, 1), "delivered")],
        **PLAN,
        on=date(2031, 6, 1),
        due_on=date(2028, 1, 1),
    )
    assert ">Jan 2030<" in after
    assert bands(after, "30.75") == [("delivered", 0, 100)]
    # Not in the year shown, and past in the plan.
    assert after.count('class="due past"') == 1


def test_a_short_spell_keeps_its_name_for_the_table():
    spells = [(date(2026, 1, 1), "announced"), (date(2026, 2, 1), "under_way")]
    svg = charts.focus(spells, **PLAN, on=date(2026, 12, 1))
    assert re.findall(r'class="lab"[^>]*>([^<]+)<', svg) == ["Under way"]
