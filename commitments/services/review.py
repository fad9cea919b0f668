"""Look again: nothing changed, more evidence, or a step reached."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from commitments import accounts, actors
from commitments.models import Commitment, Evidence, HistoryEntry, Milestone
from commitments.rules import RuleBroken
from commitments.statuses import EntryKind, Precision

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
def review(
    *,
    commitment: Commitment,
    reason: str,
    looked_until: date,
    effective_on: date,
    by: actors.Actor,
    at: datetime,
    evidence: Sequence[Evidence] = (),
    confidence: str = "",
    precision: str = Precision.DAY,
    confirms: HistoryEntry | None = None,
    seen: int | None = None,
    idempotency_key: str = "",
) -> HistoryEntry:
    """Record that someone looked and the status stays; moves the review date.

    ``confirms`` is the standing status entry that a reviewer signs off by this;
    its author cannot (rule 7). Returns the entry. Raises RuleBroken or StaleForm.
    """
    commitment = fresh(commitment, seen=seen)
    check_published(commitment)
    check_trackable(commitment)
    check_reason(reason, mend="Say in one line what you looked at.")
    check_looked_until(looked_until, at=at)
    if not commitment.status:
        raise RuleBroken(
            "review_needs_a_status",
            "There is no status to confirm yet. Assess the commitment first.",
        )
    day = effective_day(effective_on, precision, at=at)
    if confirms is not None:
        _check_confirmation(commitment, confirms, by=by, day=day)
    return append(
        commitment=commitment,
        kind=EntryKind.REVIEW,
        by=by,
        at=at,
        effective_on=day,
        precision=precision,
        reason=reason,
        evidence=evidence,
        idempotency_key=idempotency_key,
        refers_to=confirms,
        confidence=confidence,
        looked_until=looked_until,
    )


def _check_confirmation(
    commitment: Commitment, confirms: HistoryEntry, *, by: actors.Actor, day: date
) -> None:
    if confirms.pk != commitment.status_entry_id:
        raise RuleBroken(
            "only_the_standing_status_is_confirmed",
            "That is not the entry on which the present status rests. Open the "
            "commitment again and confirm what stands.",
            field="confirms",
        )
    if day < confirms.effective_on:
        raise RuleBroken(
            "looked_after_it_held",
            f"This status holds since {confirms.effective_on}; a look before that day "
            "cannot sign it off. Give a later day.",
            field="effective_on",
        )
    if isinstance(by, actors.Machine) or not accounts.may(by, accounts.CONFIRM):
        raise RuleBroken(
            "approver_is_a_reviewer",
            "Only a reviewer signs off by a review. You can still record one without.",
            field="confirms",
        )
    if confirms.actor == actors.key(by):
        raise RuleBroken(
            "approver_is_not_the_author",
            "You recorded this status yourself, so a second person must sign it off. "
            "You can still record a review without signing off.",
            field="confirms",
        )


@recording
def attach_evidence(
    *,
    commitment: Commitment,
    evidence: Sequence[Evidence],
    reason: str,
    by: actors.Actor,
    at: datetime,
    seen: int | None = None,
    idempotency_key: str = "",
) -> HistoryEntry:
    """Record further documents on a commitment; nothing else changes.

    Returns the entry, in effect on the day of recording. Raises RuleBroken or
    StaleForm.
    """
    commitment = fresh(commitment, seen=seen)
    check_published(commitment)
    check_reason(reason, mend="Say in one line what the document adds.")
    if not evidence:
        raise RuleBroken(
            "evidence_required", "Choose at least one document.", field="evidence"
        )
    return append(
        commitment=commitment,
        kind=EntryKind.EVIDENCE,
        by=by,
        at=at,
        effective_on=at.date(),
        reason=reason,
        evidence=evidence,
        idempotency_key=idempotency_key,
    )


@recording
def meet_milestone(
    *,
    commitment: Commitment,
    milestone: Milestone,
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
    """Record that a step on the way was reached; its status stays.

    Returns the entry. Raises RuleBroken, StaleForm or KeyReused.
    """
    commitment = fresh(commitment, seen=seen)
    check_published(commitment)
    if milestone.commitment_id != commitment.pk:
        raise RuleBroken(
            "own_milestone",
            "That milestone belongs to another commitment. Choose one of this one's.",
            field="milestone",
        )
    met_on = commitment.milestones_met.get(milestone.key)
    if met_on and not is_replay(by, idempotency_key):
        raise RuleBroken(
            "met_once",
            f"This step is met since {met_on} already. If that is wrong, correct the "
            "entry that says so.",
            field="milestone",
        )
    if not evidence:
        raise RuleBroken(
            "milestone_needs_evidence",
            "A milestone is met on evidence. Attach the document that shows it.",
            field="evidence",
        )
    check_readable(evidence)
    return append(
        commitment=commitment,
        kind=EntryKind.MILESTONE,
        by=by,
        at=at,
        approver=approver,
        effective_on=effective_day(effective_on, precision, at=at),
        precision=precision,
        reason=reason,
        evidence=evidence,
        idempotency_key=idempotency_key,
        milestone=milestone,
    )
