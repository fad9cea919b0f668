"""Publish, withdraw and merge commitments; amend their wording and dates."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from commitments import actors
from commitments.models import Commitment, Evidence, HistoryEntry
from commitments.models.commitment import WORDING
from commitments.models.state import FOREVER
from commitments.rules import RuleBroken
from commitments.statuses import EntryKind, Precision, last_day

from .checks import check_plain, check_published, check_readable, check_reason
from .record import append, effective_day, fresh
from .recording import recording


def wording_of(commitment: Commitment) -> dict[str, Any]:
    """Return the whole wording as it stands, the test with it."""
    texts = {field: getattr(commitment, field) for field in WORDING}
    return {**texts, "criteria": dict(commitment.criteria.values_list("key", "text"))}


@recording
def publish(
    *,
    commitment: Commitment,
    by: actors.Actor,
    at: datetime,
    reason: str = "",
    idempotency_key: str = "",
) -> HistoryEntry:
    """Show a draft to readers, in effect from the day the commitment was made.

    The entry keeps the first wording and date for good. Returns the entry.
    Raises RuleBroken.
    """
    commitment = fresh(commitment, seen=None)
    if commitment.standing:
        raise RuleBroken("published_once", "This commitment is published already.")
    if commitment.trackable and not commitment.criteria.exists():
        raise RuleBroken(
            "test_required",
            "A commitment that can be tracked needs a test of delivery. Add at least "
            "one criterion, or say why it cannot be tracked.",
        )
    if commitment.stated_on > at.date():
        # Every answer about what holds today would miss what it says is published.
        raise RuleBroken(
            "stated_by_today",
            f"By this draft it is made on {commitment.stated_on}, which is still to "
            "come. Mend that day, or publish it then. Days are those of UTC.",
        )
    precision = commitment.original_due_precision
    if bool(commitment.original_due_on) != bool(precision):
        raise RuleBroken(
            "date_and_precision",
            "Its date and how exactly it is known go together. Fill in the one that is "
            "missing in the draft, or empty both.",
        )
    _write_last_days(commitment)
    _check_not_forever(commitment.original_due_on)
    return append(
        commitment=commitment,
        kind=EntryKind.PUBLISHED,
        by=by,
        at=at,
        effective_on=commitment.stated_on,
        reason=reason,
        wording=wording_of(commitment),
        idempotency_key=idempotency_key,
        due_on=commitment.original_due_on,
        due_precision=precision,
    )


def _check_not_forever(due_on: date | None) -> None:
    """Refuse the last day there is: it stands for no date, and none comes after it."""
    if due_on == FOREVER:
        raise RuleBroken(
            "due_on_a_day",
            f"{FOREVER} stands for no day here. Give the day that was promised.",
            field="due_on",
        )


def _write_last_days(commitment: Commitment) -> None:
    """Bring coarse dates of a draft to the last day of their period.

    All that reads them takes them for the day after which they have passed.
    """
    if commitment.original_due_on:
        commitment.original_due_on = last_day(
            commitment.original_due_on, commitment.original_due_precision
        )
        commitment.save(update_fields=["original_due_on"])
    for step in commitment.milestones.exclude(due_precision=""):
        if step.due_on:
            step.due_on = last_day(step.due_on, step.due_precision)
            step.save(update_fields=["due_on"])


@recording
def withdraw(
    *,
    commitment: Commitment,
    reason: str,
    by: actors.Actor,
    at: datetime,
    seen: int | None = None,
) -> HistoryEntry:
    """Stop tracking a commitment; its page stays and says so. Raises RuleBroken."""
    commitment = fresh(commitment, seen=seen)
    check_published(commitment)
    check_reason(reason, mend="Say why the tracker no longer follows it.")
    return append(
        commitment=commitment,
        kind=EntryKind.WITHDRAWN,
        by=by,
        at=at,
        effective_on=at.date(),
        reason=reason,
    )


@recording
def merge(
    *,
    commitment: Commitment,
    into: Commitment,
    reason: str,
    by: actors.Actor,
    at: datetime,
    seen: int | None = None,
) -> HistoryEntry:
    """Lead a commitment's address to another that covers it. Raises RuleBroken."""
    commitment = fresh(commitment, seen=seen)
    into = fresh(into, seen=None)
    check_published(commitment)
    check_reason(reason, mend="Say why the two are one commitment.")
    if into.pk == commitment.pk or into.standing != "published":
        raise RuleBroken(
            "merged_into_a_published_one",
            "A commitment is merged into another one that is published. Choose it.",
            field="into",
        )
    return append(
        commitment=commitment,
        kind=EntryKind.MERGED,
        by=by,
        at=at,
        effective_on=at.date(),
        reason=reason,
        merged_into=into,
    )


@recording
def amend_wording(
    *,
    commitment: Commitment,
    changes: dict[str, Any],
    reason: str,
    evidence: Sequence[Evidence],
    effective_on: date,
    by: actors.Actor,
    at: datetime,
    precision: str = Precision.DAY,
    approver: actors.Actor | None = None,
    seen: int | None = None,
    idempotency_key: str = "",
) -> HistoryEntry:
    """Change title, statement, reading or parts of the test; the old stays on record.

    ``changes`` maps field names to new texts, and "criteria" to {key: text}.
    ``evidence`` names the document that changed it (rule 10). Raises RuleBroken.
    """
    commitment = fresh(commitment, seen=seen)
    check_published(commitment)
    check_reason(reason, mend="Say what changed in the wording, and why.")
    check_document(evidence)
    old = wording_of(commitment)
    new = _changed(old, changes)
    day = effective_day(effective_on, precision, at=at)
    stands = commitment.wording_entry
    # Each entry keeps the whole wording: a later one would hide what an earlier says.
    if stands is not None and day < stands.effective_on:
        raise RuleBroken(
            "wording_changes_in_order",
            f"The wording that stands holds since {stands.effective_on} (entry "
            f"{stands.seq}). Give that day or a later one.",
            field="effective_on",
        )
    if new == old:
        raise RuleBroken(
            "no_change",
            "The wording is the same as before. Change a text, or cancel.",
            field="changes",
        )
    entry = append(
        commitment=commitment,
        kind=EntryKind.WORDING,
        by=by,
        at=at,
        approver=approver,
        effective_on=day,
        precision=precision,
        reason=reason,
        idempotency_key=idempotency_key,
        wording=new,
        evidence=evidence,
    )
    write_wording(commitment)
    return entry


def _changed(old: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    """Return a wording with changes in it, all of them plain texts that it has.

    Raises RuleBroken.
    """
    criteria = {**old["criteria"], **changes.get("criteria", {})}
    new = {**old, **changes, "criteria": criteria}
    if unknown := (set(new) - set(old)) | (set(criteria) - set(old["criteria"])):
        raise RuleBroken(
            "known_wording",
            f"{', '.join(sorted(unknown))}: no such text. The wording is "
            f"{', '.join(WORDING)} and the parts of the test.",
            field="changes",
        )
    for field, text in [*changes.items(), *changes.get("criteria", {}).items()]:
        if isinstance(text, str):
            check_plain(text, field=field if field in WORDING else f"part_{field}")
    return new


def write_wording(commitment: Commitment) -> None:
    """Bring the stored texts up to the wording entry that stands."""
    entries = HistoryEntry.objects.select_related("text")
    entry = entries.filter(pk=commitment.wording_entry_id or 0).first()
    if entry is None or not entry.text.wording:
        return
    wording = json.loads(entry.text.wording)
    for field in WORDING:
        setattr(commitment, field, wording[field])
    commitment.save(update_fields=WORDING)
    for key, text in wording["criteria"].items():
        commitment.criteria.filter(key=key).exclude(text=text).update(text=text)


def check_document(evidence: Sequence[Evidence]) -> None:
    """Refuse a change of dates or wording that names no document (rule 10)."""
    if not evidence:
        raise RuleBroken(
            "change_names_its_document",
            "Dates and wording change only by a document that changed them. Attach it.",
            field="evidence",
        )
    check_readable(evidence)


def check_after_stated(commitment: Commitment, *, due_on: date, day: date) -> None:
    """Refuse a date before the promise, and a move of it on a ``day`` before that."""
    _check_not_forever(due_on)
    if due_on < commitment.stated_on:
        raise RuleBroken(
            "due_after_stated",
            "A promise cannot be due before it was made. Give a later date.",
            field="due_on",
        )
    if day < commitment.stated_on:
        raise RuleBroken(
            "moved_after_stated",
            f"The promise was made on {commitment.stated_on}; its date cannot have been "
            "moved before that. Give a later day.",
            field="effective_on",
        )


@recording
def move_deadline(
    *,
    commitment: Commitment,
    due_on: date,
    due_precision: str,
    reason: str,
    evidence: Sequence[Evidence],
    effective_on: date,
    by: actors.Actor,
    at: datetime,
    precision: str = Precision.DAY,
    approver: actors.Actor | None = None,
    seen: int | None = None,
    idempotency_key: str = "",
) -> HistoryEntry:
    """Record another promised date; the first one stays visible.

    ``effective_on`` is when the date was moved. Raises RuleBroken or StaleForm.
    """
    commitment = fresh(commitment, seen=seen)
    check_published(commitment)
    check_reason(reason, mend="Say who moved the date, and where.")
    check_document(evidence)
    due_on = last_day(due_on, due_precision)
    if (commitment.due_on, commitment.due_precision) == (due_on, due_precision):
        raise RuleBroken(
            "no_change", "That is the date that stands already.", field="due_on"
        )
    day = effective_day(effective_on, precision, at=at)
    check_after_stated(commitment, due_on=due_on, day=day)
    return append(
        commitment=commitment,
        kind=EntryKind.DEADLINE,
        by=by,
        at=at,
        approver=approver,
        effective_on=day,
        precision=precision,
        reason=reason,
        idempotency_key=idempotency_key,
        evidence=evidence,
        due_on=due_on,
        due_precision=due_precision,
    )
