"""The marks: an icon that exists, the word of the vocabulary, a style that exists."""

import re
from datetime import date
from pathlib import Path

import pytest
from django.conf import settings
from django.template import Context, Template
from django.template.loader import render_to_string

from commitments.statuses import Freshness, Grade, Precision, Schedule, Status
from tracker.templatetags import tracker as tags

DAY = date(2026, 8, 5)
MARKS = [
    *((tags.status_mark, value) for value in ["", *Status.values]),
    *((tags.schedule_mark, value) for value in Schedule.values),
    *((tags.met_mark, value) for value in (True, False)),
]


@pytest.fixture(scope="module")
def sprite():
    return set(re.findall(r'<symbol id="i-([^"]+)"', render_to_string("_icons.html")))


@pytest.fixture(scope="module")
def stylesheet():
    return Path(settings.BASE_DIR, "static", "tracker.css").read_text(encoding="utf-8")


def text_of(markup):
    return re.sub(r"<[^>]+>", "", markup)


def rendered(source, **context):
    return Template("{% load tracker %}" + source).render(Context(context))


@pytest.mark.parametrize(("mark", "value"), MARKS)
def test_every_mark_uses_an_icon_of_the_sprite(mark, value, sprite):
    assert set(re.findall(r'href="#i-([^"]+)"', mark(value))) <= sprite


@pytest.mark.parametrize(("mark", "value"), MARKS)
def test_every_mark_hides_its_icon_from_screen_readers(mark, value):
    assert 'aria-hidden="true"' in mark(value)


@pytest.mark.parametrize("status", Status.values)
def test_every_status_has_a_colour(status, stylesheet):
    assert f".s-{tags.css(status)} {{--c:" in stylesheet


@pytest.mark.parametrize("freshness", Freshness.values)
def test_every_freshness_has_a_colour(freshness, stylesheet):
    assert f".{tags.freshness_look(freshness)} {{--f:" in stylesheet


def test_the_colours_of_freshness_differ():
    looks = {tags.freshness_look(value) for value in Freshness.values}
    assert len(looks) == len(Freshness.values)


def test_the_stylesheet_closes_what_it_opens(stylesheet):
    plain = re.sub(r"/\*.*?\*/|\"[^\"]*\"", "", stylesheet, flags=re.DOTALL)
    assert plain.count("{") == plain.count("}")


def test_every_colour_is_declared_once_per_theme(stylesheet):
    used = set(re.findall(r"var\((--[a-z0-9-]+)", stylesheet))
    declared = set(re.findall(r"(--[a-z0-9-]+):", stylesheet))
    assert used <= declared


@pytest.mark.parametrize("status", Status)
def test_status_mark_says_its_word(status):
    assert text_of(tags.status_mark(status.value)) == status.label


def test_status_mark_before_the_first_assessment():
    assert text_of(tags.status_mark("")) == "Not yet assessed"


@pytest.mark.parametrize("schedule", Schedule)
def test_schedule_mark_says_its_word(schedule):
    assert text_of(tags.schedule_mark(schedule.value)) == schedule.label


@pytest.mark.parametrize("freshness", Freshness)
def test_freshness_mark_says_its_word(freshness):
    assert text_of(tags.freshness_mark(freshness.value)) == freshness.label


@pytest.mark.parametrize("grade", Grade.values)
def test_grade_mark_says_what_its_letter_is(grade):
    assert text_of(tags.grade_mark(grade)) == f"Evidence grade {grade}"


@pytest.mark.parametrize(("is_met", "word"), [(True, "Met"), (False, "Not met yet")])
def test_met_mark(is_met, word):
    assert text_of(tags.met_mark(is_met)) == word


@pytest.mark.parametrize(
    ("precision", "words"),
    [
        ("", "5 Aug 2026"),
        (Precision.DAY, "5 Aug 2026"),
        (Precision.MONTH, "Aug 2026"),
        (Precision.QUARTER, "Q3 2026"),
        (Precision.YEAR, "2026"),
        (Precision.PLAN_PERIOD, "end of 2026"),
    ],
)
def test_when_is_no_finer_than_known(precision, words):
    assert text_of(tags.when(DAY, precision)) == words


@pytest.mark.parametrize(
    ("month", "quarter"), [(1, 1), (3, 1), (4, 2), (6, 2), (7, 3), (10, 4), (12, 4)]
)
def test_when_in_each_quarter(month, quarter):
    day = date(2026, month, 1)
    assert text_of(tags.when(day, Precision.QUARTER)) == f"Q{quarter} 2026"


def test_when_gives_machines_the_day():
    assert 'datetime="2026-08-05"' in tags.when(DAY, Precision.DAY)


def test_when_without_a_day():
    assert tags.when(None) == ""


def test_marks_are_safe_in_templates():
    assert rendered("{{ s|status_mark }}", s="under_way").startswith("<span")
    assert rendered("{{ d|when:p }}", d=DAY, p="month").startswith("<time")


def test_icon_escapes_its_name():
    assert "<script" not in rendered("{% icon n %}", n='"/><script>')
