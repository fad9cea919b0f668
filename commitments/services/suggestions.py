"""What an analyst decides about a suggested document."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.core.exceptions import ValidationError

from commitments import actors
from commitments.models import Commitment, Evidence, HistoryEntry, Suggestion
from commitments.rules import RuleBroken

from .checks import check_plain
from .recording import recording
from .review import attach_evidence

WAITING = (
    Suggestion.State.OPEN,
    Suggestion.State.UNLIKELY,
    Suggestion.State.READING,
)


def _undecided(suggestion: Suggestion) -> Suggestion:
    """Return the suggestion as it is under the lock. Raises RuleBroken if decided."""
    one = Suggestion.objects.select_for_update().get(pk=suggestion.pk)
    if one.state not in WAITING:
        who = actors.names([one.decided_by])[one.decided_by] if one.decided_by else ""
        by = f" by {who}" if who else ""
        raise RuleBroken(
            "suggestion_is_decided",
            f"This document is already {one.get_state_display().lower()}{by}. Nothing "
            "was written.",
        )
    return one


@recording
def attach_suggestion(
    *,
    suggestion: Suggestion,
    commitments: Sequence[Commitment],
    facts: dict[str, Any],
    reason: str,
    by: actors.Actor,
    at: datetime,
) -> list[HistoryEntry]:
    """Make the document evidence and attach it; return an entry per commitment.

    ``facts`` are the columns of the new evidence; where its address is evidence
    already, however written, that is used as it is. All or nothing. Raises
    RuleBroken.
    """
    one = _undecided(suggestion)
    if not commitments:
        raise RuleBroken(
            "commitment_required",
            "Choose at least one commitment that this document is about.",
            field="commitments",
        )
    document = Evidence.objects.at_address(one.url).first() or _made(one, facts)
    entries = [
        attach_evidence(
            commitment=commitment,
            evidence=[document],
            reason=reason,
            by=by,
            at=at,
            idempotency_key=f"suggestion-{one.pk}-{commitment.pk}",
        )
        for commitment in commitments
    ]
    one.state, one.evidence = Suggestion.State.ATTACHED, document
    one.decided_at, one.decided_by, one.reason = at, actors.key(by), reason
    one.save()
    return entries


def _made(one: Suggestion, facts: dict[str, Any]) -> Evidence:
    slug = Evidence.objects.free_slug(str(facts.get("title", "")))
    document = Evidence(url=one.url, slug=slug, **facts)
    try:
        document.full_clean()
    except ValidationError as error:
        field, messages = next(iter(error.message_dict.items()))
        raise RuleBroken("evidence_is_whole", messages[0], field=field) from error
    document.save()
    return document


@recording
def dismiss_suggestion(
    *, suggestion: Suggestion, reason: str, by: actors.Actor, at: datetime
) -> None:
    """Put a document aside, with the reason. Raises RuleBroken."""
    one = _undecided(suggestion)
    check_plain(reason, field="reason")
    if not reason.strip():
        raise RuleBroken(
            "reason_required",
            "Say in a few words why it is no evidence.",
            field="reason",
        )
    one.state, one.reason = Suggestion.State.DISMISSED, reason.strip()
    one.decided_at, one.decided_by = at, actors.key(by)
    one.save()
