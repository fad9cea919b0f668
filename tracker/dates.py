"""Promised dates and milestones as a calendar that other programs can follow."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.utils.translation import gettext as _
from icalendar import Calendar, Event

from commitments.models import Commitment, Milestone
from commitments.statuses import Precision, Status
from tracker import browse, languages, reading, writing
from tracker.changes import Asked

NAMES = uuid.uuid5(uuid.NAMESPACE_URL, "tag:opening-up-tracker,2026:dates")


@dataclass(frozen=True)
class Dated:
    """One day of a commitment that can be put into a calendar."""

    row: reading.Row
    key: str
    what: str
    day: date
    precision: str
    is_met: bool
    stamp: datetime | None


def dated(asked: Asked) -> list[Dated]:
    """Return all promised dates and milestones of what matches, soonest first."""
    states = browse.states(asked.question).select_related("commitment__latest_entry")
    if asked.commitment:
        states = states.filter(commitment__slug=asked.commitment)
    rows = {r.commitment.pk: r for r in reading.rows(states, asked.question)}
    found = [_promised(row) for row in rows.values() if row.state.due_on]
    # Not by how it stands today: it may have been withdrawn since the day asked about.
    for step in Milestone.objects.filter(due_on__isnull=False):
        if row := rows.get(step.commitment_id):
            found.append(_step(row, step))
    found.sort(key=lambda one: (one.day, one.row.commitment.ref_order, one.key))
    return found


def _stamp(commitment: Commitment) -> datetime | None:
    return commitment.latest_entry.recorded_at if commitment.latest_entry else None


def _promised(row: reading.Row) -> Dated:
    state = row.state
    assert state.due_on is not None  # noqa: S101 - chosen for having one
    return Dated(
        row=row,
        key="due",
        what=_("Promised date"),
        day=state.due_on,
        precision=state.due_precision,
        is_met=state.status == Status.DELIVERED,
        stamp=_stamp(row.commitment),
    )


def _step(row: reading.Row, step: Milestone) -> Dated:
    assert step.due_on is not None  # noqa: S101 - chosen for having one
    return Dated(
        row=row,
        key=f"milestone:{step.key}",
        what=step.title,
        day=step.due_on,
        precision=step.due_precision,
        is_met=step.key in row.state.milestones_met,
        stamp=_stamp(row.commitment),
    )


def calendar(found: list[Dated]) -> bytes:
    """Return ``found`` as iCalendar (RFC 5545), one whole-day event each."""
    whole = Calendar()
    language = languages.current()
    whole.add("prodid", f"-//Opening-Up Tracker//Dates//{language.tag.upper()}")
    whole.add("version", "2.0")
    whole.add("method", "PUBLISH")
    whole.add("x-wr-calname", _("%(site)s: dates") % {"site": settings.SITE_NAME})
    for one in found:
        whole.add_component(_event(one))
    return whole.to_ical()


def _event(one: Dated) -> Event:
    commitment, event = one.row.commitment, Event()
    name = uuid.uuid5(NAMES, f"{commitment.slug}/{one.key}")
    event.add("uid", f"urn:uuid:{name}")
    if one.stamp:
        event.add("dtstamp", one.stamp)
    event.add("dtstart", one.day)
    # Without an end it lasts its day, too; the calendar has no day after its last.
    if one.day < date.max:
        event.add("dtend", one.day + timedelta(days=1))
    said = {"name": f"{commitment.ref} {one.row.title}", "what": one.what}
    if one.is_met:
        event.add("summary", _("%(name)s: %(what)s (met)") % said)
    else:
        event.add("summary", _("%(name)s: %(what)s") % said)
    event.add("description", _described(one))
    event.add("url", f"{settings.SITE_URL}{commitment.get_absolute_url()}")
    event.add("transp", "TRANSPARENT")
    event.add("categories", ["milestone" if ":" in one.key else "promised date"])
    return event


def _described(one: Dated) -> str:
    row = one.row
    lines = []
    if one.precision and one.precision != Precision.DAY:
        known = {"day": writing.day(one.day, one.precision)}
        lines.append(_("Known no finer than %(day)s; shown on its last day.") % known)
    if row.is_scored:
        status = row.state.status
        label = Status(status).label if status else _("Not yet assessed")
        lines.append(_("Delivery status: %(status)s.") % {"status": label})
    return "\n".join(lines)
