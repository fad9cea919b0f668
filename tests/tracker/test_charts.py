from datetime import date

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
