"""How days, counts and lists are written in the reader's language.

Only words: no clock, no database. A day is never written finer than it is known.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.utils.dateformat import format as formatted
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from commitments.statuses import Precision
from tracker.languages import remembered


@remembered
def day(on: date, precision: str = "") -> str:
    """Return a day in words: 3 Jul 2026, Jul 2026, Q3 2026, 2026, end of 2030."""
    match precision:
        case Precision.MONTH:
            return formatted(on, pgettext("date format", "M Y"))
        case Precision.QUARTER:
            quarter = (on.month + 2) // 3
            return _("Q%(quarter)d %(year)d") % {"quarter": quarter, "year": on.year}
        case Precision.YEAR:
            return formatted(on, pgettext("date format", "Y"))
        case Precision.PLAN_PERIOD:
            return _("end of %(year)d") % {"year": on.year}
    return formatted(on, pgettext("date format", "j M Y"))


def month(on: date) -> str:
    """Return a month in words, in full: July 2026."""
    return formatted(on, pgettext("date format", "F Y"))


@remembered
def short_month(on: date) -> str:
    """Return a month below a chart: Jul; with its year in January."""
    if on.month == 1:
        return formatted(on, pgettext("date format", "M Y"))
    return formatted(on, pgettext("date format", "M"))


def day_of_month(on: date) -> str:
    """Return a day below the heading of its month: 3 Jul."""
    return formatted(on, pgettext("date format", "j M"))


def moment(at: datetime) -> str:
    """Return a moment in words: 3 Jul 2026 14:05."""
    return formatted(at, pgettext("date format", "j M Y H:i"))


def listed(words: Iterable[object]) -> str:
    """Return words as one list within a sentence."""
    return pgettext("between the words of a list", ", ").join(map(str, words))


@remembered
def days(count: int) -> str:
    return ngettext("%(n)d day", "%(n)d days", count) % {"n": count}


@remembered
def days_ago(count: int) -> str:
    return ngettext("%(n)d day ago", "%(n)d days ago", count) % {"n": count}


@remembered
def in_days(count: int) -> str:
    return ngettext("in %(n)d day", "in %(n)d days", count) % {"n": count}


@remembered
def sources(count: int) -> str:
    return ngettext("%(n)d source", "%(n)d sources", count) % {"n": count}


def entries(count: int) -> str:
    return ngettext("%(n)d entry", "%(n)d entries", count) % {"n": count}
