"""The half-yearly sweep: nothing overdue or nearly due stays undecided."""

from __future__ import annotations

import calendar
from datetime import date, datetime
from typing import Any

from commitments import accounts, actors
from commitments.models import Commitment, HistoryEntry, Sweep, SweepItem
from commitments.rules import RuleBroken
from commitments.statuses import ENDED, EntryKind

from .recording import recording

MONTHS_AHEAD = 6
# An entry of these kinds, or one that corrects to them, decides an item.
DECISIONS = (
    EntryKind.STATUS,
    EntryKind.REVIEW,
    EntryKind.DEADLINE,
    EntryKind.WITHDRAWN,
    EntryKind.MERGED,
)


def ahead(on: date) -> date:
    """Return the same day six months later, or the last day of that month."""
    months = on.year * 12 + on.month - 1 + MONTHS_AHEAD
    year, month = months // 12, months % 12 + 1
    return date(year, month, min(on.day, calendar.monthrange(year, month)[1]))


def _check_reviewer(by: Any) -> None:
    if not accounts.may(by, accounts.CONFIRM):
        raise RuleBroken("reviewers_sweep", "Only reviewers open and close a sweep.")


@recording
def open_sweep(*, by: Any, on: date, at: datetime) -> Sweep:
    """Fix the list of what must be decided: overdue, or due within six months.

    Raises RuleBroken if a sweep is open already, or nothing is due.
    """
    _check_reviewer(by)
    if (standing := Sweep.objects.filter(closed_at=None).first()) is not None:
        raise RuleBroken(
            "one_sweep_at_a_time", f"The sweep of {standing.on} is still open."
        )
    until = ahead(on)
    due = (
        Commitment.objects.to_be_watched()
        .undelivered()
        .exclude(status__in=ENDED)
        .filter(due_on__lte=until)
    )
    items = [
        SweepItem(
            commitment=commitment,
            due_on=commitment.due_on,
            why=SweepItem.Why.OVERDUE if commitment.due_on < on else SweepItem.Why.DUE,
        )
        for commitment in due
        if commitment.due_on is not None
    ]
    if not items:
        raise RuleBroken(
            "something_is_due", f"Nothing is overdue or due until {until}."
        )
    sweep = Sweep.objects.create(
        on=on,
        until=until,
        opened_at=at,
        opened_actor=actors.key(by),
        opened_after=HistoryEntry.objects.last_seq(),
    )
    for item in items:
        item.sweep = sweep
    SweepItem.objects.bulk_create(items)
    return sweep


def decisions(sweep: Sweep) -> dict[int, HistoryEntry]:
    """Return, by commitment, the first entry that decided it since the opening."""
    entries = (
        HistoryEntry.objects.filter(
            seq__gt=sweep.opened_after,
            acts_as__in=DECISIONS,
            commitment__in=sweep.items.values("commitment"),
        )
        # What was struck out decides nothing; what took its place does, by its kind.
        .exclude(referred_by__kind=EntryKind.CORRECTION)
        .select_related("text")
        .order_by("-seq")
    )
    return {entry.commitment_id: entry for entry in entries}


@recording
def close_sweep(*, sweep: Sweep, by: Any, at: datetime) -> Sweep:
    """Close a sweep all of whose items are decided, and keep the decisions.

    Raises RuleBroken, naming what is undecided.
    """
    _check_reviewer(by)
    sweep = Sweep.objects.get(pk=sweep.pk)
    if sweep.closed_at is not None:
        raise RuleBroken("sweep_is_open", f"The sweep of {sweep.on} is closed.")
    decided = decisions(sweep)
    items = list(sweep.items.select_related("commitment"))
    left = [str(i.commitment) for i in items if i.commitment_id not in decided]
    if left:
        raise RuleBroken(
            "every_item_is_decided",
            f"Still undecided: {'; '.join(left)}. Assess, review or move the deadline "
            "of each first.",
        )
    for item in items:
        item.decision = decided[item.commitment_id]
    SweepItem.objects.bulk_update(items, ["decision"])
    sweep.closed_at, sweep.closed_actor = at, actors.key(by)
    sweep.save()
    return sweep
