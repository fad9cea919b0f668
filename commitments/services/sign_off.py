"""A second person decides on a proposal, never its author (rule 7)."""

from __future__ import annotations

from datetime import datetime

from commitments import accounts, actors
from commitments.models import HistoryEntry, Proposal, ProposalStep
from commitments.rules import RuleBroken

from .checks import check_plain
from .proposal import current, decided, key, move, perform
from .record import StaleForm, fresh
from .recording import recording

Action, Severity, State = (
    ProposalStep.Action,
    ProposalStep.Severity,
    Proposal.State,
)


@recording
def approve(
    *,
    proposal: Proposal,
    by: actors.Actor,
    at: datetime,
    revision: int,
    seen: int | None,
    confirmed: bool = False,
    comment: str = "",
) -> HistoryEntry:
    """Publish a proposal as its second person. Returns the entry.

    ``revision`` and ``seen`` are the proposal's and the commitment's latest that
    the approver was shown; ``confirmed`` says that they were shown what changed
    since the draft, where anything did. Raises RuleBroken or StaleForm.
    """
    proposal = _to_decide(proposal, by=by, revision=revision)
    commitment = fresh(proposal.commitment, seen=seen)
    if proposal.based_on_id != commitment.latest_entry_id and not confirmed:
        raise StaleForm(changes_since(proposal))
    author = proposal.drafted_by
    if author is None:
        raise RuleBroken(
            "author_has_an_account",
            "Its author's account is gone. Draft the entry anew, under a name that "
            "answers for it.",
        )
    entry = perform(
        proposal, by=author, at=at, approver=by, idempotency_key=key(proposal)
    )
    move(
        proposal,
        State.APPROVED,
        Action.APPROVED,
        by=by,
        at=at,
        comment=comment,
        entry=entry,
    )
    return entry


@recording
def send_back(
    *,
    proposal: Proposal,
    comment: str,
    severity: str,
    by: actors.Actor,
    at: datetime,
    revision: int,
) -> Proposal:
    """Return a proposal to its author, saying what to mend. Raises RuleBroken."""
    proposal = _to_decide(proposal, by=by, revision=revision)
    if severity not in Severity.values:
        raise RuleBroken(
            "severity_known",
            f"Say how grave it is: {', '.join(Severity.values)}.",
            field="severity",
        )
    _check_comment(comment, "Say what is to be mended, so that its author can.")
    return move(
        proposal,
        State.RETURNED,
        Action.RETURNED,
        by=by,
        at=at,
        comment=comment,
        severity=severity,
    )


@recording
def reject(
    *, proposal: Proposal, comment: str, by: actors.Actor, at: datetime, revision: int
) -> Proposal:
    """Decide against a proposal for good, saying why. Raises RuleBroken."""
    proposal = _to_decide(proposal, by=by, revision=revision)
    _check_comment(comment, "Say why it is rejected: the reason is kept.")
    return move(
        proposal, State.REJECTED, Action.REJECTED, by=by, at=at, comment=comment
    )


def changes_since(proposal: Proposal) -> list[HistoryEntry]:
    """Return the entries on its commitment since a proposal was drafted."""
    entries = proposal.commitment.history.filter(seq__gt=proposal.based_on_id or 0)
    return list(entries.select_related("text"))


def _to_decide(proposal: Proposal, *, by: actors.Actor, revision: int) -> Proposal:
    """Return a waiting proposal on which this person may decide."""
    proposal = current(proposal, revision=revision)
    if proposal.actor == actors.key(by):
        raise RuleBroken(
            "approver_is_not_the_author",
            "You drafted this yourself, so a second person decides on it. You can "
            "still change or withdraw it.",
        )
    if isinstance(by, actors.Machine) or not accounts.may(by, accounts.CONFIRM):
        raise RuleBroken("approver_is_a_reviewer", "Only a reviewer decides on this.")
    if proposal.state != State.WAITING:
        raise decided(proposal)
    return proposal


def _check_comment(comment: str, mend: str) -> None:
    check_plain(comment, field="comment")
    if not comment.strip():
        raise RuleBroken("comment_required", mend, field="comment")
