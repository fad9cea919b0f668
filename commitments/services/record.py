"""The one writer of history: every service appends through here."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from django.conf import settings

from commitments import accounts, actors, chain
from commitments.fold import Values, fold
from commitments.models import (
    Citation,
    Commitment,
    DataVersion,
    Evidence,
    HistoryEntry,
    HistoryText,
    Link,
    ProposalStep,
    State,
)
from commitments.models.state import FOREVER, NO_ENTRY_YET
from commitments.rules import RuleBroken
from commitments.statuses import SIGNED_KINDS, EntryKind, Precision, SignOff, last_day

from .recording import is_rehearsal, note


class StaleForm(RuleBroken):
    """Somebody else changed the commitment since the form was opened (rule 8).

    ``since`` holds the entries recorded meanwhile, ``steps`` what colleagues did
    to proposals on it.
    """

    def __init__(
        self,
        since: Sequence[HistoryEntry],
        steps: Sequence[ProposalStep] = (),
    ) -> None:
        names = actors.names(step.actor for step in steps)
        changes = [
            f"{entry.get_kind_display()} by {entry.text.author_name or 'a colleague'}"
            for entry in since
        ] + [
            f"{step.proposal.get_kind_display()} {step.get_action_display().lower()} "
            f"by {names[step.actor]}"
            for step in steps
        ]
        super().__init__(
            "stale_form",
            "This commitment has changed since you opened the form: "
            f"{'; '.join(changes)}. Nothing you typed is lost: read the change, then "
            "save again.",
        )
        self.since = list(since)
        self.steps = list(steps)


class KeyReused(RuleBroken):
    """The idempotency key stands for another entry of the same author."""

    def __init__(self, seq: int) -> None:
        super().__init__(
            "idempotency_key",
            f"This idempotency key already stands for entry {seq}, which says "
            "something else. Use a new key for a new entry.",
            field="idempotency_key",
        )


def fresh(commitment: Commitment, *, seen: int | None) -> Commitment:
    """Return the commitment as it is under the lock.

    ``seen`` is the number of its latest entry when the caller read it (None: the
    caller saw no form). Raises StaleForm if others have come since.
    """
    current = Commitment.objects.get(pk=commitment.pk)
    if seen is not None and current.latest_entry_id != seen:
        since = current.history.filter(seq__gt=seen).select_related("text")
        raise StaleForm(list(since))
    return current


def effective_day(day: date, precision: str, *, at: datetime) -> date:
    """Return the day on which something dated ``day`` takes effect.

    Raises RuleBroken if that day is still to come on ``at``.
    """
    effective_on = last_day(day, precision)
    if effective_on > at.date():
        raise RuleBroken(
            "not_in_the_future",
            f"This would take effect on {effective_on}, which is still to come. Give "
            "the day on which it happened, with the precision “Day”.",
            field="effective_on",
        )
    return effective_on


def append(
    *,
    commitment: Commitment,
    kind: EntryKind,
    by: actors.Actor,
    at: datetime,
    effective_on: date,
    precision: str = Precision.DAY,
    acts_as: str | None = None,
    reason: str = "",
    wording: dict[str, Any] | None = None,
    evidence: Sequence[Evidence] = (),
    approver: actors.Actor | None = None,
    idempotency_key: str = "",
    **transition: Any,
) -> HistoryEntry:
    """Write one entry and what follows from it, in the caller's recording.

    ``transition`` holds the entry's own columns (status, looked_until, …). The same
    key from the same author returns the entry that it made, or raises KeyReused if
    that says something else. Raises RuleBroken when a second person is missing, or is
    the author (rule 7).
    """
    _check_sign_off(kind, by=by, approver=approver)
    author = actors.key(by)
    texts = {
        "reason": reason.strip(),
        "wording": chain.canonical(wording).decode() if wording else "",
        "author_name": actors.name(by),
        "approver_name": actors.name(approver) if approver is not None else "",
    }
    fields = {
        "commitment": commitment,
        "kind": kind,
        "acts_as": kind if acts_as is None else acts_as,
        "effective_on": effective_on,
        "precision": precision,
        **transition,
    }
    if idempotency_key and (
        earlier := HistoryEntry.objects.under_key(author, idempotency_key).first()
    ):
        return _same_again(earlier, fields, texts["reason"])
    entry = _write(
        fields,
        texts,
        list(dict.fromkeys(evidence)),
        by=by,
        approver=approver,
        at=at,
        idempotency_key=idempotency_key,
    )
    note(entry)
    project(entry.commitment, seq=entry.seq)
    DataVersion.bump()
    return entry


def _check_sign_off(
    kind: EntryKind, *, by: actors.Actor, approver: actors.Actor | None
) -> None:
    """Hold an entry to rule 7, whichever way it came."""
    if is_rehearsal():
        return
    if approver is None:
        alone = isinstance(by, actors.Machine) or not settings.SIGN_OFF
        if kind in SIGNED_KINDS and not alone:
            raise RuleBroken(
                "a_second_person_signs_off",
                "This takes effect when a second person has signed it off. Propose "
                "it, and ask a reviewer.",
                field="approver",
            )
        return
    if actors.key(approver) == actors.key(by):
        raise RuleBroken(
            "approver_is_not_the_author",
            "The approver is never the author. Ask a second person to sign off.",
            field="approver",
        )
    if isinstance(approver, actors.Machine) or not accounts.may(
        approver, accounts.CONFIRM
    ):
        raise RuleBroken(
            "approver_is_a_reviewer",
            f"{actors.name(approver)} is not a reviewer. Ask one to sign off.",
            field="approver",
        )


def is_replay(by: actors.Actor, idempotency_key: str) -> bool:
    """Whether this author has already recorded an entry under this key."""
    author = actors.key(by)
    return bool(idempotency_key) and (
        HistoryEntry.objects.under_key(author, idempotency_key).exists()
    )


def _same_again(
    earlier: HistoryEntry, fields: dict[str, Any], reason: str
) -> HistoryEntry:
    said = all(getattr(earlier, name) == value for name, value in fields.items())
    if not said or earlier.text.reason != reason:
        raise KeyReused(earlier.seq)
    return earlier


def _sign_off(approver: actors.Actor | None) -> SignOff:
    if approver is not None:
        return SignOff.SIGNED
    return SignOff.UNSIGNED if settings.SIGN_OFF else SignOff.WAIVED


def _write(
    fields: dict[str, Any],
    texts: dict[str, str],
    documents: Sequence[Evidence],
    *,
    by: actors.Actor,
    approver: actors.Actor | None,
    at: datetime,
    idempotency_key: str,
) -> HistoryEntry:
    """Write an entry behind the last one, with its texts and what it cites."""
    head = HistoryEntry.objects.order_by("-seq").first()
    salts = {name: secrets.token_hex(16) for name, text in texts.items() if text}
    entry = HistoryEntry(
        seq=head.seq + 1 if head else 1,
        # The clock of one machine may run behind another's; the record does not.
        recorded_at=max(at, head.recorded_at) if head else at,
        actor=actors.key(by),
        approver_actor=actors.key(approver) if approver is not None else "",
        sign_off=_sign_off(approver),
        method_version=settings.METHOD_VERSION,
        idempotency_key=idempotency_key,
        format=chain.FORMAT,
        leaves={
            name: chain.leaf(field=name, text=texts[name], salt=salt)
            for name, salt in salts.items()
        },
        prev_digest=head.digest if head else chain.GENESIS,
        **fields,
    )
    citations = _citations(entry, documents)
    entry.digest = chain.digest(
        chain.content(entry, chain.hashed(citations, format=entry.format)),
        prev_digest=entry.prev_digest,
    )
    entry.save(force_insert=True)
    HistoryText.objects.create(
        entry=entry,
        author=None if isinstance(by, actors.Machine) else by,
        approver=None if isinstance(approver, actors.Machine) else approver,
        **texts,
        **{f"{name}_salt": salt for name, salt in salts.items()},
    )
    Citation.objects.bulk_create(citations)
    if documents:
        fields["commitment"].evidence.add(*documents)
    return entry


def _citations(entry: HistoryEntry, documents: Sequence[Evidence]) -> list[Citation]:
    """Return the documents as they stand now, each with the hash of its kept copy."""
    if not documents:
        return []
    links = Link.objects.filter(evidence__in=documents, latest__isnull=False)
    copies = dict(links.values_list("evidence", "latest__sha256"))
    return [
        Citation(
            entry=entry,
            evidence=document,
            url=document.url,
            nature=document.nature,
            official=document.official,
            copy_sha256=copies.get(document.pk, ""),
        )
        for document in documents
    ]


def spells(commitment: Commitment) -> list[tuple[date, Values]]:
    """Return what all entries of a commitment add up to (see ``fold``)."""
    entries = commitment.history.select_related("milestone").prefetch_related(
        "citations"
    )
    return fold(entries, own_interval=commitment.own_interval)


def rows(found: list[tuple[date, Values]]) -> list[dict[str, Any]]:
    """Return spells as the columns of ``State`` rows that hold now."""
    ends = [*(day for day, _ in found), FOREVER][1:]
    return [
        {"effective_from": day, "effective_until": end, **values.as_dict()}
        for (day, values), end in zip(found, ends, strict=True)
    ]


def succeeding(
    standing: dict[date, State], wanted: list[dict[str, Any]]
) -> tuple[list[State], list[dict[str, Any]]]:
    """Return which of the standing states end, and which rows take their place.

    ``standing`` is keyed by the first day; a state that is wanted as it is stays.
    """
    left, added = dict(standing), []
    for row in wanted:
        old = left.get(row["effective_from"])
        if old and all(getattr(old, name) == value for name, value in row.items()):
            del left[row["effective_from"]]
        else:
            added.append(row)
    return list(left.values()), added


def project(commitment: Commitment, *, seq: int) -> None:
    """Bring the states and current values up to entry ``seq``, their latest."""
    found = spells(commitment)
    known_now = commitment.states.filter(known_until=NO_ENTRY_YET)
    standing = {row.effective_from: row for row in known_now}
    ended, added = succeeding(standing, rows(found))
    if ended:
        gone = [state.pk for state in ended]
        State.objects.filter(pk__in=gone).update(known_until=seq)
    State.objects.bulk_create(
        State(commitment=commitment, known_from=seq, **row) for row in added
    )
    values = found[-1][1] if found else Values()
    for name, value in values.as_dict().items():
        setattr(commitment, name, value)
    commitment.latest_entry_id = seq
    commitment.save(update_fields=[*values.as_dict(), "latest_entry_id"])
