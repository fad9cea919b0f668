"""The home page: where the whole stands, at a glance."""

from __future__ import annotations

import calendar
import statistics
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from commitments import statuses
from commitments.models import (
    HistoryEntry,
    Plan,
)
from commitments.statuses import EntryKind, Freshness, Schedule, Status
from tracker import browse, charts, counting, lines, reading
from tracker.browse import Question
from tracker.finding import entries_known
from tracker.link_health import link_health
from tracker.pages import indicators
from tracker.pages.asking import asked, page, past, plan_span

# As many small charts as can be taken in at once.
FIGURES = 10
# Without a look at any evidence for so long, the tracker says so of itself.
QUIET_AFTER = timedelta(days=30)


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Answer where the whole stands, what changed, and how fresh we are."""
    question, error = asked(request, browse.parse_days)
    on, plan = question.on, Plan.objects.order_by("pk").first()
    shown = browse.states(question).only(*reading.SHOWN)
    every = reading.rows(shown, question)
    scored = [row for row in every if row.is_scored]
    counts = Counter(row.state.status for row in scored)
    told = reading.spells(question)
    changes = reading.changes(scored, told, limit=6)
    entries = HistoryEntry.objects.whole().in_bulk([c.entry_id for c in changes])
    moved = indicators.moved(
        question, {row.commitment.pk for row in every}, limit=FIGURES
    )
    late = sorted(
        (row for row in scored if row.review_is_late),
        key=lambda row: (row.state.review_due_on or date.min, row.commitment.ref_order),
    )
    ages = [r.days_since_review for r in scored if r.days_since_review is not None]
    span = plan_span(plan)
    earlier = _earlier(question)
    return page(
        request,
        "home.html",
        question,
        error,
        plan=plan,
        headline=finding(len(scored), counts),
        scored=scored,
        untracked=[row for row in every if not row.is_scored],
        stats=_stats(scored, late, earlier),
        quarter_ago=_quarter_ago(question.on),
        quiet_since=_quiet_since(every, on=on),
        counts={s.value: counts.get(s.value, 0) for s in Status},
        unassessed=[row for row in scored if not row.state.status],
        bar=charts.bar(counts, title=_("All scored commitments")),
        elapsed=charts.elapsed(on=on, **span),
        clock=_clock(on=on, **span),
        pillars=_matrix(scored, past=past(question)),
        statuses=Status,
        figures=moved,
        has_targets=any(line["one"].target is not None for line in moved),
        changes=[(change, entries[change.entry_id]) for change in changes],
        coming=[(c, c.days(on)) for c in reading.coming(scored, on=on, limit=6)],
        late=late,
        gaps=[row for row in scored if row.state.has_claim_gap],
        overdue=[row for row in scored if row.schedule == "overdue"],
        median=round(statistics.median(ages)) if ages else None,
        freshness=statuses.Freshness,
        # What is found of a link today says nothing of a past day.
        links=None if question.is_past else link_health(),
        newest=_newest(question),
        corrected=_corrected(question),
        section="home",
        is_home=True,
    )


def _newest(question: Question) -> Mapping[str, Any] | None:
    """Return number and time of the last public entry that was known."""
    known = entries_known(question).order_by("-seq")
    return known.values("seq", "recorded_at").first()


def _corrected(question: Question) -> int:
    return entries_known(question).filter(kind=EntryKind.CORRECTION).count()


def _quarter_ago(on: date) -> date:
    """Return the same day three months earlier, or the last one of its month.

    Before the calendar begins there is none: then its first day.
    """
    if on < date(1, 4, 1):
        return date.min
    month = on.month - 3
    year, month = (on.year, month) if month > 0 else (on.year - 1, month + 12)
    if year < date.min.year:
        return date.min
    return date(year, month, min(on.day, calendar.monthrange(year, month)[1]))


def _earlier(question: Question) -> dict[str, Any]:
    """Return the counts of a quarter ago, as is known today."""
    before = replace(question, as_of=_quarter_ago(question.on))
    return counting.stats(browse.at(before), on=before.on)


@dataclass(frozen=True)
class Stat:
    """A count, what it counts, and by how much it changed in a quarter."""

    label: str
    count: int
    change: int | None

    @property
    def words(self) -> str:
        """The change as a reader says it; nothing where there was no record yet."""
        if self.change is None:
            return ""
        if not self.change:
            return _("no change in a quarter")
        return _("%(change)s in a quarter") % {"change": f"{self.change:+d}"}


def _stats(
    scored: list[reading.Row], late: list[reading.Row], then: dict[str, Any]
) -> list[Stat]:
    """Return the counts of the page, each with its change since a quarter ago."""
    by_status = Counter(row.state.status for row in scored)
    counts = [
        (_("commitments tracked and scored"), len(scored), then["trackable"]),
        (
            _("delivered: every part of the test is met"),
            by_status[Status.DELIVERED],
            then["status"][Status.DELIVERED],
        ),
        (
            _("partly delivered: at least one part is met"),
            by_status[Status.PARTLY_DELIVERED],
            then["status"][Status.PARTLY_DELIVERED],
        ),
        (
            _("past their promised date without delivery"),
            sum(row.schedule == Schedule.OVERDUE for row in scored),
            then["schedule"][Schedule.OVERDUE],
        ),
        (
            _("due for our own review"),
            len(late),
            then["trackable"] - then["freshness"][Freshness.CURRENT],
        ),
    ]
    return [
        Stat(label, count, count - before if then["trackable"] else None)
        for label, count, before in counts
    ]


def _quiet_since(rows: list[reading.Row], *, on: date) -> date | None:
    """Return the day of the last look at anything, where that is long ago."""
    looks = [row.state.reviewed_on for row in rows if row.state.reviewed_on]
    last = max(looks, default=None)
    return last if last and on - last > QUIET_AFTER else None


def finding(total: int, counts: Counter[str]) -> str:
    """Return the finding as one sentence, from the counts alone."""
    if not total:
        return _("No commitment is on record yet")
    return _("%(delivered)s; %(partly)s, %(moving)s") % {
        "delivered": _delivered(counts[Status.DELIVERED], total),
        "partly": _partly(counts[Status.PARTLY_DELIVERED]),
        "moving": _moving(counts[Status.UNDER_WAY]),
    }


def _delivered(count: int, total: int) -> str:
    if not count:
        return _("None of the %(total)d opening-up commitments are delivered") % {
            "total": total
        }
    return ngettext(
        "%(n)d of %(total)d opening-up commitments is delivered",
        "%(n)d of %(total)d opening-up commitments are delivered",
        count,
    ) % {"n": count, "total": total}


def _partly(count: int) -> str:
    if not count:
        return _("none are partly delivered")
    return ngettext(
        "%(n)d is partly delivered", "%(n)d are partly delivered", count
    ) % {"n": count}


def _moving(count: int) -> str:
    return _("%(n)d under way") % {"n": count} if count else _("none under way")


def _clock(*, first: date, last: date, on: date) -> dict[str, int]:
    days = (last - first).days + 1
    day = max(0, min(days, (on - first).days + 1))
    return {"day": day, "days": days, "per_cent": round(day / days * 100)}


def _matrix(scored: list[reading.Row], *, past: str) -> list[dict[str, Any]]:
    """Return each pillar with its marks, also by status in the order of these."""
    pillars: dict[int, dict[str, Any]] = {}
    for row in scored:
        pillar, mark = row.commitment.pillar, lines.mark(row, past=past)
        line = pillars.setdefault(
            pillar.pk,
            {"pillar": pillar, "marks": [], "cells": {s: [] for s in Status.values}},
        )
        line["marks"].append(mark)
        if mark.status:
            line["cells"][mark.status].append(mark)
    return sorted(pillars.values(), key=lambda line: line["pillar"].number)
