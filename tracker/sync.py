"""What changed since: every public entry as a step from old values to new ones.

An entry's old and new values are those that the record held before and after it was
recorded, whatever came later: an entry reads the same for good, and a copy that
applies each ``new`` in turn ends equal to the record.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import orjson
from django.db.models import Exists, OuterRef

from commitments.models import Commitment, HistoryEntry, State
from commitments.models.commitment import WORDING
from commitments.models.state import FOREVER
from commitments.statuses import EntryKind

TYPES = {
    "material": "Something happened to the commitment in the world.",
    "editorial": "A text, a document or our presentation of it.",
    "correction": "We were wrong, and say so.",
    "review": "We looked, and nothing changed.",
    "schedule": "The promised date moved.",
    "tombstone": "The commitment was withdrawn, or merged into another.",
}
TYPE_OF = {
    EntryKind.PUBLISHED: "material",
    EntryKind.STATUS: "material",
    EntryKind.CLAIM: "material",
    EntryKind.MILESTONE: "material",
    EntryKind.DEADLINE: "schedule",
    EntryKind.REVIEW: "review",
    EntryKind.EVIDENCE: "editorial",
    EntryKind.WORDING: "editorial",
    EntryKind.REDACTION: "editorial",
    EntryKind.CORRECTION: "correction",
    EntryKind.WITHDRAWN: "tombstone",
    EntryKind.MERGED: "tombstone",
}
# What a commitment's history decides, and nothing else does.
PLAIN = (
    *("standing", "status", "status_since", "status_precision", "criteria_met"),
    *("confidence", "signed_off", "official_position", "position_since"),
    *("due_on", "due_precision", "reviewed_on", "review_due_on"),
    *("last_material_on", "milestones_met"),
)


def after(seq: int, *, limit: int) -> tuple[list[tuple[int, str]], bool]:
    """Return the public changes that follow entry ``seq``, and whether more do.

    Each as its number and its JSON, which the outbox keeps for good; of an entry older
    than the outbox it is made.

    ``seq`` grows in the order of commits and a commitment takes no entry before it
    is published, so nothing ever appears behind a position that was handed out.
    The number of queries does not depend on that of changes.
    """
    # Looked up for each: a join would have SQLite read all commitments before it begins.
    draft = Commitment.objects.drafts().filter(pk=OuterRef("commitment"))
    entries = HistoryEntry.objects.filter(~Exists(draft), seq__gt=seq).order_by("seq")
    found = list(entries.values_list("seq", "event__body")[: limit + 1])
    more, found = len(found) > limit, found[:limit]
    untold = [seq for seq, body in found if body is None]
    if untold:
        older = HistoryEntry.objects.filter(seq__in=untold).chained()
        made = {change["seq"]: written(change) for change in told(list(older))}
        found = [(seq, body or made[seq]) for seq, body in found]
    return found, more


def written(change: dict[str, Any]) -> str:
    """Return a change as the API writes it."""
    return orjson.dumps(change, default=str).decode()


def told(entries: Sequence[HistoryEntry]) -> list[dict[str, Any]]:
    """Return each entry with what the record held before it and after it."""
    if not entries:
        return []
    spans = _spans(entries)
    return [_change(entry, spans[entry.commitment_id]) for entry in entries]


def _spans(entries: Sequence[HistoryEntry]) -> dict[int, list[State]]:
    """Return the current values of each commitment over the span of ``entries``."""
    first, last = entries[0].seq, entries[-1].seq
    states = (
        State.objects.filter(
            commitment__in={entry.commitment_id for entry in entries},
            effective_until=FOREVER,
            known_from__lte=last,
            known_until__gte=first,
        )
        .select_related("commitment", "merged_into", "wording_entry__text")
        .order_by("known_from")
    )
    spans = defaultdict(list)
    for state in states:
        spans[state.commitment_id].append(state)
    return spans


def _change(entry: HistoryEntry, spans: list[State]) -> dict[str, Any]:
    return {
        "seq": entry.seq,
        "type": TYPE_OF[EntryKind(entry.kind)],
        "kind": entry.kind,
        "commitment": entry.commitment.slug,
        "ref": entry.commitment.ref,
        "effective_on": entry.effective_on,
        "precision": entry.precision,
        "recorded_at": entry.recorded_at,
        "reason": entry.text.reason,
        "refers_to": entry.refers_to_id,
        "evidence": [citation.evidence.slug for citation in entry.citations.all()],
        "sign_off": entry.sign_off,
        "old": _held(spans, entry.seq - 1),
        "new": _held(spans, entry.seq),
        "digest": entry.digest,
    }


def _held(spans: list[State], seq: int) -> dict[str, Any] | None:
    """Return what was held true once entry ``seq`` was recorded."""
    for state in spans:
        if state.known_from <= seq < state.known_until:
            return values(state)
    return None


def values(state: State) -> dict[str, Any]:
    """Return what the history says of a commitment, with its wording."""
    entry = state.wording_entry
    kept = json.loads(entry.text.wording) if entry and entry.text.wording else {}
    texts = {name: kept.get(name, getattr(state.commitment, name)) for name in WORDING}
    into = state.merged_into.slug if state.merged_into else None
    return {
        **texts,
        **{name: getattr(state, name) for name in PLAIN},
        "merged_into": into,
    }
