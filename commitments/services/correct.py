"""Put an entry right by a new one, or erase its text by a recorded redaction."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from commitments import actors, rules
from commitments.models import Body, Commitment, Evidence, HistoryEntry, HistoryText
from commitments.rules import Judgement, RuleBroken
from commitments.statuses import (
    CORRECTABLE,
    STRUCK_ONLY,
    Confidence,
    EntryKind,
    Position,
    Status,
    last_day,
)

from .checks import check_looked_until, check_readable, check_reason
from .publish import check_after_stated, write_wording
from .record import append, effective_day, fresh
from .recording import recording


@recording
def correct(
    *,
    entry: HistoryEntry,
    reason: str,
    by: actors.Actor,
    at: datetime,
    strike: bool = False,
    effective_on: date | None = None,
    precision: str | None = None,
    status: str | None = None,
    criteria_met: Collection[str] | None = None,
    confidence: str | None = None,
    looked_until: date | None = None,
    position: str | None = None,
    body: Body | None = None,
    due_on: date | None = None,
    due_precision: str | None = None,
    evidence: Sequence[Evidence] | None = None,
    approver: actors.Actor | None = None,
    seen: int | None = None,
    idempotency_key: str = "",
) -> HistoryEntry:
    """Record that ``entry`` was wrong, and what is right instead.

    The corrected entry stays readable and loses its effect; what is not given is
    taken over from it. ``strike`` says that it should never have been recorded: the
    correction then has no effect of its own. ``reason`` says what was wrong.
    Returns the new entry. Raises RuleBroken or StaleForm.
    """
    commitment = fresh(entry.commitment, seen=seen)
    check_reason(reason, mend="Say what was wrong, and how you know.")
    _check_correctable(entry)
    documents = list(entry.evidence.all()) if evidence is None else list(evidence)
    given_day = effective_on or entry.effective_on
    given_precision = precision or entry.precision
    day = effective_day(given_day, given_precision, at=at)
    values: dict[str, Any] = {}
    if not strike:
        values = _values(
            entry,
            status=status,
            criteria_met=criteria_met,
            confidence=confidence,
            looked_until=looked_until,
            position=position,
            body=body,
            due_on=due_on,
            due_precision=due_precision,
        )
        _check(entry, values, documents, day=day, at=at)
        check_readable(documents)
    _check_strike(entry, commitment, strike=strike)
    written = append(
        commitment=commitment,
        kind=EntryKind.CORRECTION,
        acts_as="" if strike else entry.acts_as,
        by=by,
        at=at,
        approver=approver,
        effective_on=day,
        precision=given_precision,
        reason=reason,
        idempotency_key=idempotency_key,
        evidence=documents,
        refers_to=entry,
        **values,
    )
    write_wording(commitment)
    return written


def _check_correctable(entry: HistoryEntry) -> None:
    """Refuse to correct what says nothing, or what has been corrected."""
    if entry.acts_as not in CORRECTABLE:
        raise RuleBroken(
            "correctable",
            "This entry has nothing that could be corrected. Choose the entry that "
            "was wrong.",
        )
    if entry.referred_by.filter(kind=EntryKind.CORRECTION).exists():
        raise RuleBroken(
            "corrected_once",
            "This entry has been corrected already. Correct the correction instead.",
        )


def _check_strike(entry: HistoryEntry, commitment: Commitment, *, strike: bool) -> None:
    """Refuse to exchange what can only be struck out, and a wording built upon."""
    if entry.acts_as in STRUCK_ONLY and not strike:
        raise RuleBroken(
            "struck_or_recorded_anew",
            "Such an entry is struck out; what is right is recorded anew.",
            field="strike",
        )
    if entry.acts_as == EntryKind.WORDING and commitment.wording_entry_id != entry.pk:
        raise RuleBroken(
            "later_wording_first",
            f"Entry {commitment.wording_entry_id} was built on this wording and holds it "
            "too. Amend the wording anew, or strike that entry out first.",
        )


def _values(entry: HistoryEntry, **given: Any) -> dict[str, Any]:
    """Return the columns of the correction: what is given, else as they were."""
    values = {}
    for name in HistoryEntry.OWN_COLUMNS.get(entry.acts_as, ()):
        value = given.get(name)
        values[name] = getattr(entry, name) if value is None else value
    if "criteria_met" in values:
        values["criteria_met"] = sorted(values["criteria_met"])
    if values.get("due_on"):
        values["due_on"] = last_day(values["due_on"], values["due_precision"])
    return values


def _check(
    entry: HistoryEntry,
    values: dict[str, Any],
    documents: Sequence[Evidence],
    *,
    day: date,
    at: datetime,
) -> None:
    """Hold a correction to the rules of the kind it acts as."""
    if values.get("looked_until"):
        check_looked_until(values["looked_until"], at=at)
    if values.get("confidence"):
        Confidence(values["confidence"])
    if entry.acts_as == EntryKind.STATUS:
        judgement = Judgement(
            Status(values["status"]).value, frozenset(values["criteria_met"])
        )
        test = entry.commitment.criteria.values_list("key", flat=True)
        rules.check_criteria(judgement, test)
        rules.check_evidence(judgement, documents)
    elif entry.acts_as == EntryKind.CLAIM:
        Position(values["position"])
    elif entry.acts_as == EntryKind.DEADLINE:
        check_after_stated(entry.commitment, due_on=values["due_on"], day=day)
    needs = (EntryKind.CLAIM, EntryKind.MILESTONE, EntryKind.DEADLINE)
    if entry.acts_as in needs and not documents:
        raise RuleBroken(
            "evidence_required", "Attach the document that shows it.", field="evidence"
        )


@recording
def redact(
    *,
    entry: HistoryEntry,
    fields: Collection[str],
    reason: str,
    by: actors.Actor,
    at: datetime,
) -> HistoryEntry:
    """Erase texts of an entry for good, and record that and why.

    ``fields`` are names of ``HistoryText.FIELDS``. The chain stays whole: it holds
    only their salted hashes. Returns the redaction. Raises RuleBroken.
    """
    commitment = fresh(entry.commitment, seen=None)
    check_reason(reason, mend="Say on what ground the text is erased.")
    if not fields or (unknown := set(fields) - set(HistoryText.FIELDS)):
        raise RuleBroken(
            "known_text",
            f"Choose among {', '.join(HistoryText.FIELDS)}"
            + (f", not {', '.join(sorted(unknown))}." if fields else "."),
            field="fields",
        )
    written = append(
        commitment=commitment,
        kind=EntryKind.REDACTION,
        acts_as="",
        by=by,
        at=at,
        effective_on=at.date(),
        reason=reason,
        refers_to=entry,
    )
    erased: dict[str, Any] = {}
    for field in fields:
        erased |= {field: "", f"{field}_salt": ""}
        if field.endswith("_name"):
            erased[field.removesuffix("_name")] = None
    HistoryText.objects.filter(pk=entry.pk).update(**erased)
    return written
