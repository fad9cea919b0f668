"""Assess a commitment: what the evidence shows, and what officials claim."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime

from django.core.exceptions import ValidationError

from commitments import actors, rules, statuses, validation
from commitments.fold import standing_entries
from commitments.models import Body, Commitment, Evidence, HistoryEntry
from commitments.rules import Judgement, RuleBroken
from commitments.statuses import Confidence, EntryKind, Position, Precision, Status

from .record import append, check_readable, effective_day, fresh, is_replay
from .recording import recording

MOST_WORDS = 60


def check_plain(text: str, *, field: str) -> None:
    """Refuse markup and unseen characters in a text, beside its field."""
    try:
        validation.check_text(text)
    except ValidationError as error:
        raise RuleBroken("plain_text", str(error.message), field=field) from error


def check_reason(reason: str, *, mend: str) -> None:
    """Refuse an empty reason, or one longer than readers will read."""
    check_plain(reason, field="reason")
    words = statuses.count_words(reason)
    if not words:
        raise RuleBroken("reason_required", mend, field="reason")
    if words > MOST_WORDS:
        raise RuleBroken(
            "reason_is_short",
            f"The reason has {words} words; readers get at most {MOST_WORDS}. "
            "Shorten it: the evidence says the rest.",
            field="reason",
        )


def check_published(commitment: Commitment) -> None:
    """Refuse to write history on what readers do not see as standing."""
    if commitment.standing != "published":
        state = commitment.get_standing_display() or "a draft"
        raise RuleBroken(
            "only_published_commitments",
            f"This commitment is {state.lower()}. Only a published one takes entries.",
        )


def check_looked_until(looked_until: date, *, at: datetime) -> None:
    """Refuse a look at evidence that does not exist yet."""
    if looked_until > at.date():
        raise RuleBroken(
            "looked_until_is_past",
            "Evidence cannot have been looked at beyond today. Give today or an "
            "earlier day.",
            field="looked_until",
        )


def check_trackable(commitment: Commitment) -> None:
    """Refuse a status for what the method says cannot be tracked."""
    if not commitment.trackable:
        raise RuleBroken(
            "only_trackable_commitments",
            "This commitment is listed as framing and is not assessed: "
            f"{commitment.untrackable_reason}",
        )


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
