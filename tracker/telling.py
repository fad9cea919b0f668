"""A change in plain words: what kind, from what, to what. For feeds and titles."""

from __future__ import annotations

from datetime import date

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from commitments.statuses import EntryKind, Position, Status
from tracker import languages, reading, writing
from tracker.changes import Change, Held

WHAT = {
    EntryKind.PUBLISHED: gettext_lazy("Commitment made"),
    EntryKind.STATUS: gettext_lazy("Delivery status"),
    EntryKind.CLAIM: gettext_lazy("Official position"),
    EntryKind.REVIEW: gettext_lazy("Reviewed, no change"),
    EntryKind.EVIDENCE: gettext_lazy("Evidence attached"),
    EntryKind.MILESTONE: gettext_lazy("Milestone met"),
    EntryKind.DEADLINE: gettext_lazy("Promised date"),
    EntryKind.WORDING: gettext_lazy("Wording changed"),
    EntryKind.CORRECTION: gettext_lazy("Correction"),
    EntryKind.WITHDRAWN: gettext_lazy("No longer tracked"),
    EntryKind.MERGED: gettext_lazy("Merged"),
    EntryKind.REDACTION: gettext_lazy("Text removed from an entry"),
}


def day(on: date | None, precision: str = "") -> str:
    """Return a day in words, no finer than it is known."""
    return writing.day(on, precision) if on else pgettext("promised date", "none")


def what(change: Change) -> str:
    """Return the kind of the change in words; a correction names what it puts right."""
    entry = change.entry
    if entry.kind != EntryKind.CORRECTION:
        return str(WHAT[EntryKind(entry.kind)])
    wrong = entry.refers_to.acts_as if entry.refers_to else ""
    if not wrong:
        return _("Correction") if entry.acts_as else _("Correction (entry struck out)")
    put_right = {"what": WHAT[EntryKind(wrong)].lower()}
    if entry.acts_as:
        return _("Correction of %(what)s") % put_right
    return _("Correction of %(what)s (entry struck out)") % put_right


def step(change: Change) -> tuple[str, str]:
    """Return the old and the new value in words; "" where there is none."""
    old, new, entry = change.old, change.new, change.entry
    if change.status_moved:
        return _status(old), _status(new)
    if old.criteria_met != new.criteria_met:
        return _parts(old), _parts(new)
    if change.position_moved:
        return _position(old), _position(new)
    if change.due_moved and entry.kind != EntryKind.PUBLISHED:
        return day(old.due_on, old.due_precision), day(new.due_on, new.due_precision)
    if entry.acts_as == EntryKind.PUBLISHED and new.due_on:
        promised = {"day": day(new.due_on, new.due_precision)}
        return "", _("promised for %(day)s") % promised
    if entry.acts_as == EntryKind.STATUS:
        return "", _status(new)
    if entry.acts_as == EntryKind.CLAIM:
        return "", _position(new)
    if entry.acts_as == EntryKind.MILESTONE and entry.milestone:
        return "", reading.step_title(entry.milestone)
    if entry.acts_as == EntryKind.MERGED and entry.merged_into:
        into = f"{entry.merged_into.ref} {languages.name(entry.merged_into)}"
        return "", _("into %(commitment)s") % {"commitment": into}
    return "", ""


def _status(held: Held) -> str:
    return str(Status(held.status).label) if held.status else _("Not yet assessed")


def _position(held: Held) -> str:
    return str(Position(held.position).label)


def _parts(held: Held) -> str:
    if not held.criteria_met:
        return _("parts met: none")
    return _("parts met: %(parts)s") % {"parts": writing.listed(held.criteria_met)}


def sentence(change: Change) -> str:
    """Return the change as one line: Delivery status: Announced → Under way."""
    old, new = step(change)
    if old and new:
        step_told = {"what": what(change), "old": old, "new": new}
        return _("%(what)s: %(old)s → %(new)s") % step_told
    if new:
        return _("%(what)s: %(new)s") % {"what": what(change), "new": new}
    return what(change)
