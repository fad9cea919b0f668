"""A change in plain words: what kind, from what, to what. For feeds and titles."""

from __future__ import annotations

from datetime import date

from django.utils.html import strip_tags

from commitments.statuses import EntryKind, Position, Status
from tracker.changes import Change, Held
from tracker.templatetags.tracker import when

WHAT = {
    EntryKind.PUBLISHED: "Commitment made",
    EntryKind.STATUS: "Delivery status",
    EntryKind.CLAIM: "Official position",
    EntryKind.REVIEW: "Reviewed, no change",
    EntryKind.EVIDENCE: "Evidence attached",
    EntryKind.MILESTONE: "Milestone met",
    EntryKind.DEADLINE: "Promised date",
    EntryKind.WORDING: "Wording changed",
    EntryKind.CORRECTION: "Correction",
    EntryKind.WITHDRAWN: "No longer tracked",
    EntryKind.MERGED: "Merged",
    EntryKind.REDACTION: "Text removed from an entry",
}


def day(on: date | None, precision: str = "") -> str:
    """Return a day in words, no finer than it is known."""
    return strip_tags(when(on, precision)) if on else "none"


def what(change: Change) -> str:
    """Return the kind of the change in words; a correction names what it puts right."""
    entry = change.entry
    if entry.kind != EntryKind.CORRECTION:
        return WHAT[EntryKind(entry.kind)]
    wrong = entry.refers_to.acts_as if entry.refers_to else ""
    of = f" of {WHAT[EntryKind(wrong)].lower()}" if wrong else ""
    return f"Correction{of}" + ("" if entry.acts_as else " (entry struck out)")


def step(change: Change) -> tuple[str, str]:
    """Return the old and the new value in words; "" where there is none."""
    old, new, entry = change.old, change.new, change.entry
    if change.status_moved:
        return _status(old), _status(new)
    if old.criteria_met != new.criteria_met:
        return _parts(old), _parts(new)
    if change.position_moved:
        return Position(old.position).label, Position(new.position).label
    if change.due_moved and entry.kind != EntryKind.PUBLISHED:
        return day(old.due_on, old.due_precision), day(new.due_on, new.due_precision)
    if entry.acts_as == EntryKind.PUBLISHED and new.due_on:
        return "", f"promised for {day(new.due_on, new.due_precision)}"
    if entry.acts_as == EntryKind.STATUS:
        return "", _status(new)
    if entry.acts_as == EntryKind.CLAIM:
        return "", Position(new.position).label
    if entry.acts_as == EntryKind.MILESTONE and entry.milestone:
        return "", entry.milestone.title
    if entry.acts_as == EntryKind.MERGED and entry.merged_into:
        return "", f"into {entry.merged_into}"
    return "", ""


def _status(held: Held) -> str:
    return Status(held.status).label if held.status else "Not yet assessed"


def _parts(held: Held) -> str:
    return f"parts met: {', '.join(held.criteria_met) or 'none'}"


def sentence(change: Change) -> str:
    """Return the change as one line: Delivery status: Announced → Under way."""
    old, new = step(change)
    if old and new:
        return f"{what(change)}: {old} → {new}"
    return f"{what(change)}: {new}" if new else what(change)
