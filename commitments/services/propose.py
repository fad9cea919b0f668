"""An analyst drafts an entry, and hands it in for a second person (rule 7)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings

from commitments import actors
from commitments.models import Commitment, HistoryEntry, Proposal, ProposalStep
from commitments.rules import RuleBroken
from commitments.statuses import EntryKind

from .checks import check_plain, check_published
from .proposal import (
    SERVICES,
    check_up_to_date,
    checked,
    current,
    decided,
    key,
    move,
    perform,
)
from .recording import recording, rehearsal

Action, State = ProposalStep.Action, Proposal.State


@recording
def propose(
    *,
    commitment: Commitment,
    kind: str,
    arguments: Mapping[str, Any],
    by: actors.Actor,
    at: datetime,
    refers_to: HistoryEntry | None = None,
    submit: bool = True,
    comment: str = "",
    seen: int | None = None,
    seen_step: int | None = None,
) -> Proposal:
    """Draft an entry; with ``submit``, hand it in for sign-off.

    ``arguments`` are those of the service of ``kind`` (see ``SERVICES``), for a
    correction without the entry, which is ``refers_to``. What is handed in is held
    to every rule at once. Where sign-off is switched off it is published, marked.
    Raises RuleBroken or StaleForm.
    """
    if kind not in SERVICES:
        raise RuleBroken("proposable", f"“{kind}” is not drafted; record it.")
    commitment = check_up_to_date(commitment, seen=seen, seen_step=seen_step)
    _check_open_to_proposals(commitment, kind)
    proposal = Proposal.objects.create(
        commitment=commitment,
        kind=kind,
        refers_to=refers_to,
        content=checked(arguments),
        state=State.DRAFT,
        based_on_id=commitment.latest_entry_id,
        actor=actors.key(by),
        author=None if isinstance(by, actors.Machine) else by,
        created_at=at,
        changed_at=at,
    )
    return _hand_in(proposal, by=by, at=at, submit=submit, comment=comment)


@recording
def revise(
    *,
    proposal: Proposal,
    arguments: Mapping[str, Any],
    by: actors.Actor,
    at: datetime,
    revision: int,
    submit: bool = True,
    comment: str = "",
    seen: int | None = None,
    seen_step: int | None = None,
) -> Proposal:
    """Change one's own proposal, and hand it in (again).

    ``revision`` is the one the form was opened on; ``comment`` answers a reviewer.
    Raises RuleBroken or StaleForm.
    """
    proposal = current(proposal, revision=revision)
    if proposal.actor != actors.key(by):
        raise RuleBroken(
            "own_proposal",
            "This proposal is another's. Return it with a comment, or draft your own.",
        )
    if not proposal.is_editable:
        raise decided(proposal)
    commitment = check_up_to_date(proposal.commitment, seen=seen, seen_step=seen_step)
    _check_open_to_proposals(commitment, proposal.kind)
    proposal.content = checked(arguments)
    proposal.revision += 1
    proposal.based_on_id = commitment.latest_entry_id
    return _hand_in(proposal, by=by, at=at, submit=submit, comment=comment)


@contextmanager
def rehearsed(
    proposal: Proposal, *, by: actors.Actor, at: datetime
) -> Iterator[HistoryEntry]:
    """Give the entry that a proposal would make, and take all of it back.

    What readers would see can be asked for inside. Raises RuleBroken.
    """
    waits = settings.SIGN_OFF or isinstance(by, actors.Machine)
    approver = actors.SECOND_PERSON if waits else None
    with rehearsal():
        yield perform(proposal, by=by, at=at, approver=approver)


def _hand_in(
    proposal: Proposal, *, by: actors.Actor, at: datetime, submit: bool, comment: str
) -> Proposal:
    check_plain(comment, field="comment")
    if not submit:
        return move(
            proposal, State.DRAFT, Action.DRAFTED, by=by, at=at, comment=comment
        )
    # A machine's draft waits for a person, also at a desk of one.
    if not settings.SIGN_OFF and not isinstance(by, actors.Machine):
        entry = perform(proposal, by=by, at=at, idempotency_key=key(proposal))
        return move(
            proposal,
            State.APPROVED,
            Action.PUBLISHED,
            by=by,
            at=at,
            comment=comment,
            entry=entry,
        )
    with rehearsed(proposal, by=by, at=at):
        pass
    return move(
        proposal, State.WAITING, Action.SUBMITTED, by=by, at=at, comment=comment
    )


@recording
def withdraw_proposal(
    *, proposal: Proposal, by: actors.Actor, at: datetime, comment: str = ""
) -> Proposal:
    """Take back one's own proposal; it stays on record. Raises RuleBroken."""
    proposal = current(proposal)
    if proposal.actor != actors.key(by):
        raise RuleBroken("own_proposal", "Only its author withdraws a proposal.")
    if not proposal.is_editable:
        raise decided(proposal)
    return move(
        proposal, State.WITHDRAWN, Action.WITHDRAWN, by=by, at=at, comment=comment
    )


def _check_open_to_proposals(commitment: Commitment, kind: str) -> None:
    # What is no longer tracked stays readable, so its mistakes are put right too.
    if kind == EntryKind.CORRECTION and commitment.standing:
        return
    check_published(commitment, takes="proposals")
