"""Assess a commitment: what the evidence shows, and what officials claim."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from commitments import actors, rules
from commitments.fold import standing_entries
from commitments.models import Body, Commitment, Evidence, HistoryEntry
from commitments.rules import Judgement, RuleBroken
from commitments.statuses import Confidence, EntryKind, Position, Precision, Status

from .checks import (
    check_looked_until,
    check_published,
    check_readable,
    check_reason,
    check_trackable,
)
from .record import append, effective_day, fresh, is_replay
from .recording import recording


@recording
def assess(
    *,
    commitment: Commitment,
    status: str,
    criteria_met: Collection[str],
    confidence: str,
    reason: str,
    evidence: Sequence[Evidence],
    effective_on: date,
    looked_until: date,
    by: actors.Actor,
    at: datetime,
    precision: str = Precision.DAY,
    approver: actors.Actor | None = None,
    seen: int | None = None,
    idempotency_key: str = "",
) -> HistoryEntry:
    """Record what the evidence shows: a new status, or other parts met.

    ``criteria_met`` holds the keys of the parts met; ``looked_until`` the last day
    whose evidence was looked at; ``seen`` the number of the latest entry on the
    form. Returns the entry. Raises RuleBroken, StaleForm or KeyReused.
    """
    commitment = fresh(commitment, seen=seen)
    check_published(commitment)
    check_trackable(commitment)
    check_reason(reason, mend="Say in a sentence or two why this is the status.")
    check_looked_until(looked_until, at=at)
    confidence = Confidence(confidence).value
    day = effective_day(effective_on, precision, at=at)
    new = Judgement(Status(status).value, frozenset(criteria_met))
    rules.check_criteria(new, commitment.criteria.values_list("key", flat=True))
    if not is_replay(by, idempotency_key):
        _check_place(commitment, day, new)
    rules.check_evidence(new, evidence)
    check_readable(evidence)
    return append(
        commitment=commitment,
        kind=EntryKind.STATUS,
        by=by,
        at=at,
        approver=approver,
        effective_on=day,
        precision=precision,
        reason=reason,
        evidence=evidence,
        idempotency_key=idempotency_key,
        status=new.status,
        criteria_met=sorted(new.criteria_met),
        confidence=confidence,
        looked_until=looked_until,
    )


def _check_place(commitment: Commitment, day: date, new: Judgement) -> None:
    """Hold a judgement to what stands before and after ``day``: it may fill in the past.

    Raises RuleBroken.
    """
    standing = [
        entry
        for entry in standing_entries(commitment.history.all())
        if entry.acts_as == EntryKind.STATUS
    ]
    before = [_said(entry) for entry in standing if entry.effective_on <= day]
    rules.check_change(before[-1] if before else None, new)
    later = next((entry for entry in standing if entry.effective_on > day), None)
    # The same said twice is no contradiction: it held for longer than was known.
    if later is None or _said(later) == new:
        return
    try:
        rules.check_change(new, _said(later))
    except RuleBroken as broken:
        raise RuleBroken(
            "what_follows_fits",
            f"“{later.get_status_display()}” is recorded for {later.effective_on} and "
            f"cannot follow on this: {broken} Give a later day, or correct entry "
            f"{later.seq} first.",
            field="effective_on",
        ) from None


def _said(entry: HistoryEntry) -> Judgement:
    return Judgement(entry.status, frozenset(entry.criteria_met))


@recording
def record_claim(
    *,
    commitment: Commitment,
    position: str,
    body: Body,
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
    """Record what an official body says of a commitment; its status stays.

    Returns the entry. Raises RuleBroken, StaleForm or KeyReused.
    """
    commitment = fresh(commitment, seen=seen)
    check_published(commitment)
    check_reason(reason, mend="Say in a sentence what the body said, and where.")
    if not evidence:
        raise RuleBroken(
            "claim_needs_evidence",
            "A claim needs the document in which the body made it. Attach one.",
            field="evidence",
        )
    check_readable(evidence)
    return append(
        commitment=commitment,
        kind=EntryKind.CLAIM,
        by=by,
        at=at,
        approver=approver,
        effective_on=effective_day(effective_on, precision, at=at),
        precision=precision,
        reason=reason,
        evidence=evidence,
        idempotency_key=idempotency_key,
        position=Position(position).value,
        body=body,
    )
