"""What several services refuse, each in the same words. All raise RuleBroken."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime

from django.core.exceptions import ValidationError

from commitments import statuses, validation
from commitments.models import Commitment, Evidence
from commitments.rules import RuleBroken

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


def check_published(commitment: Commitment, *, takes: str = "entries") -> None:
    """Refuse to write history on what readers do not see as standing.

    ``takes`` names what was handed in, for the message.
    """
    if commitment.standing != "published":
        state = commitment.get_standing_display() or "a draft"
        raise RuleBroken(
            "only_published_commitments",
            f"This commitment is {state.lower()}. Only a published one takes {takes}.",
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


def check_readable(evidence: Iterable[Evidence]) -> None:
    """Refuse a change none of whose evidence can be read (rule 9)."""
    documents = list(evidence)
    if documents and all(document.unreadable_since for document in documents):
        raise RuleBroken(
            "some_evidence_is_readable",
            "None of the evidence can be opened and no copy was kept. Attach a "
            "document that readers can open.",
            field="evidence",
        )
