"""From history to state: what is held true, day by day, given some entries.

Pure: no clock, no writes. ``fold`` is the one rule by which entries become the
current values, the states of past days, and the check that both are right.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from datetime import date, timedelta
from typing import Any

from commitments import statuses
from commitments.models import HistoryEntry, Standing
from commitments.statuses import EntryKind, Position, SignOff


@dataclass(frozen=True)
class Values:
    """The state of a commitment; the names are those of ``StateFields``."""

    standing: str = ""
    status: str = ""
    status_since: date | None = None
    status_precision: str = ""
    status_entry_id: int | None = None
    criteria_met: list[str] = dataclass_field(default_factory=list)
    confidence: str = ""
    official_position: str = Position.NONE_STATED
    position_since: date | None = None
    position_entry_id: int | None = None
    due_on: date | None = None
    due_precision: str = ""
    reviewed_on: date | None = None
    review_due_on: date | None = None
    stale_after: date | None = None
    last_material_on: date | None = None
    sources: int = 0
    official_sources: int = 0
    signed_off: bool = False
    milestones_met: dict[str, str] = dataclass_field(default_factory=dict)
    wording_entry_id: int | None = None
    merged_into_id: int | None = None

    def as_dict(self) -> dict[str, Any]:
        """Return the values by field name, to be written or compared."""
        return dict(self.__dict__)


def standing_entries(entries: Iterable[HistoryEntry]) -> list[HistoryEntry]:
    """Return the entries in force: those that no other among them corrects.

    Ordered as they take effect (see ``as_they_took_effect``).
    """
    known = list(entries)
    corrected = {e.refers_to_id for e in known if e.kind == EntryKind.CORRECTION}
    return [
        entry
        for entry in as_they_took_effect(known)
        if entry.acts_as and entry.seq not in corrected
    ]


def as_they_took_effect(entries: Iterable[HistoryEntry]) -> list[HistoryEntry]:
    """Return entries by day, those of one day as they were recorded.

    A correction takes the place of the entry it puts right: what was recorded of the
    same day between the two still comes after it.
    """
    known = {entry.seq: entry for entry in entries}
    return sorted(
        known.values(),
        key=lambda e: (e.effective_on, _first(e, known).seq, e.seq),
    )


def _first(entry: HistoryEntry, known: dict[int, HistoryEntry]) -> HistoryEntry:
    """Return what ``entry`` puts right, at the beginning of a row of corrections."""
    while entry.kind == EntryKind.CORRECTION and entry.refers_to_id in known:
        entry = known[entry.refers_to_id]
    return entry


def confirmations(entries: Iterable[HistoryEntry]) -> dict[int, int]:
    """Return which standing review signs off which status entry, by their numbers.

    A correction of a review names the review: it signs off what that one did, if
    anything.
    """
    known = {entry.seq: entry for entry in entries}
    found = {}
    for review in standing_entries(known.values()):
        first = _first(review, known)
        if first.kind == EntryKind.REVIEW and first.refers_to_id is not None:
            found[review.seq] = first.refers_to_id
    return found


def confirmed_by(on: date, entries: Iterable[HistoryEntry]) -> set[int]:
    """Return the status entries that a standing review of ``on`` or before signs off.

    ``entries`` are all that were known, also those of later days: one of these may
    say that a look was another day's.
    """
    known = {entry.seq: entry for entry in entries}
    found = confirmations(known.values()).items()
    return {status for seq, status in found if known[seq].effective_on <= on}


def fold(
    entries: Iterable[HistoryEntry], *, own_interval: timedelta | None = None
) -> list[tuple[date, Values]]:
    """Return the spells of a commitment's state as (first day, values), in order.

    ``entries`` are those of one commitment that are known (any order), with their
    ``citations``; ``own_interval`` is its own review interval, if it has one.
    Empty until it is published: what took effect earlier counts from the day of
    publication.
    """
    # By their first day: the last entry of a day says what holds from then on.
    spells: dict[date, Values] = {}
    values = Values()
    cited: dict[int, bool] = {}
    known = list(entries)
    confirms = confirmations(known)
    for entry in standing_entries(known):
        values = _apply(entry, values, cited, confirms.get(entry.seq, 0))
        if values.standing:
            spells[entry.effective_on] = _with_review_dates(values, own_interval)
    return _without_repeats(spells)


def _without_repeats(spells: dict[date, Values]) -> list[tuple[date, Values]]:
    kept: list[tuple[date, Values]] = []
    for day, values in spells.items():
        if not kept or kept[-1][1] != values:
            kept.append((day, values))
    return kept


def _apply(
    entry: HistoryEntry, old: Values, cited: dict[int, bool], confirms: int
) -> Values:
    """Return the values after ``entry``; ``cited`` is kept for the standing status.

    ``confirms`` is the status entry that it signs off, or 0.
    """
    new = old
    match entry.acts_as:
        case EntryKind.PUBLISHED:
            new = replace(
                new,
                standing=Standing.PUBLISHED,
                merged_into_id=None,
                wording_entry_id=entry.pk,
                due_on=entry.due_on,
                due_precision=entry.due_precision,
            )
        case EntryKind.STATUS:
            cited.clear()
            changed = entry.status != old.status
            new = replace(
                new,
                status=entry.status,
                status_since=entry.effective_on if changed else old.status_since,
                status_precision=entry.precision if changed else old.status_precision,
                status_entry_id=entry.pk,
                criteria_met=sorted(entry.criteria_met),
                confidence=entry.confidence,
                signed_off=entry.sign_off == SignOff.SIGNED,
            )
        case EntryKind.CLAIM:
            changed = entry.position != old.official_position
            since = entry.effective_on if changed else old.position_since
            new = replace(
                new,
                official_position=entry.position,
                position_since=since,
                position_entry_id=entry.pk,
            )
        case EntryKind.REVIEW:
            new = replace(
                new,
                confidence=entry.confidence or old.confidence,
                signed_off=old.signed_off or confirms == old.status_entry_id,
            )
        case EntryKind.MILESTONE:
            key = entry.milestone.key if entry.milestone else ""
            met = {**old.milestones_met, key: entry.effective_on.isoformat()}
            new = replace(new, milestones_met=met)
        case EntryKind.DEADLINE:
            new = replace(new, due_on=entry.due_on, due_precision=entry.due_precision)
        case EntryKind.WORDING:
            new = replace(new, wording_entry_id=entry.pk)
        case EntryKind.WITHDRAWN:
            new = replace(new, standing=Standing.WITHDRAWN)
        case EntryKind.MERGED:
            new = replace(
                new, standing=Standing.MERGED, merged_into_id=entry.merged_into_id
            )
    if entry.acts_as in statuses.LOOKS and entry.looked_until:
        looked = max(filter(None, (old.reviewed_on, entry.looked_until)))
        new = replace(new, reviewed_on=looked)
    if entry.acts_as in statuses.MATERIAL:
        new = replace(new, last_material_on=entry.effective_on)
    if entry.acts_as in (EntryKind.STATUS, EntryKind.REVIEW, EntryKind.EVIDENCE):
        cited.update({c.evidence_id: c.official for c in entry.citations.all()})
        new = replace(new, sources=len(cited), official_sources=sum(cited.values()))
    return new


def _with_review_dates(values: Values, own_interval: timedelta | None) -> Values:
    if values.reviewed_on is None:
        return values
    review_due_on = statuses.first_day_too_old(
        values.reviewed_on,
        status=values.status,
        due_on=values.due_on,
        position_since=values.position_since,
        own_interval=own_interval,
    )
    return replace(
        values,
        review_due_on=review_due_on,
        stale_after=statuses.stale_after(values.reviewed_on, review_due_on),
    )
