"""What a proposal holds, and how it moves from state to state."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.db.models import Max

from commitments import actors
from commitments.models import (
    Body,
    Commitment,
    Evidence,
    HistoryEntry,
    Milestone,
    Proposal,
    ProposalStep,
)
from commitments.rules import RuleBroken
from commitments.statuses import EntryKind

from .assess import assess, record_claim
from .checks import check_plain
from .correct import correct
from .publish import amend_wording, move_deadline
from .record import StaleForm, fresh
from .review import meet_milestone

# What a proposal of each kind does when it is approved.
SERVICES: dict[str, Callable[..., HistoryEntry]] = {
    EntryKind.STATUS: assess,
    EntryKind.CLAIM: record_claim,
    EntryKind.MILESTONE: meet_milestone,
    EntryKind.DEADLINE: move_deadline,
    EntryKind.WORDING: amend_wording,
    EntryKind.CORRECTION: correct,
}
DAYS = ("effective_on", "looked_until", "due_on")


def encode(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return a service's arguments as JSON: permanent slugs and keys name rows."""
    content: dict[str, Any] = {}
    for name, value in arguments.items():
        match value:
            case date():
                content[name] = value.isoformat()
            case Body():
                content[name] = value.slug
            case Milestone():
                content[name] = value.key
            case _ if name == "evidence" and value is not None:
                content[name] = [document.slug for document in value]
            case set() | frozenset() | tuple():
                content[name] = sorted(value)
            case _:
                content[name] = value
    return content


def checked(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments as JSON, all their text plain. Raises RuleBroken."""
    content = encode(arguments)
    for name, value in content.items():
        for text in _texts(value):
            check_plain(text, field=name)
    return content


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from _texts(inner)


def decode(proposal: Proposal) -> dict[str, Any]:
    """Return a proposal's content as its service takes it.

    Raises RuleBroken if a document it cites has been removed.
    """
    given = dict(proposal.content)
    for name in DAYS:
        if given.get(name):
            given[name] = date.fromisoformat(given[name])
    if given.get("body"):
        given["body"] = Body.objects.get(slug=given["body"])
    if given.get("milestone"):
        milestones = Milestone.objects.filter(commitment=proposal.commitment_id)
        given["milestone"] = milestones.get(key=given["milestone"])
    if given.get("evidence") is not None:
        given["evidence"] = _documents(given["evidence"])
    return given


def _documents(slugs: Sequence[str]) -> list[Evidence]:
    found = Evidence.objects.in_bulk(slugs, field_name="slug")
    if gone := [slug for slug in slugs if slug not in found]:
        raise RuleBroken(
            "evidence_exists",
            f"{', '.join(gone)}: no longer among the documents. Cite another one.",
            field="evidence",
        )
    return [found[slug] for slug in slugs]


def perform(
    proposal: Proposal,
    *,
    by: actors.Actor,
    at: datetime,
    approver: actors.Actor | None = None,
    idempotency_key: str = "",
) -> HistoryEntry:
    """Write the entry that a proposal proposes, by the service of its kind.

    Called where a proposal is approved, handed in at a desk of one, or rehearsed.
    Raises RuleBroken.
    """
    arguments = decode(proposal)
    if proposal.kind == EntryKind.CORRECTION:
        arguments["entry"] = proposal.refers_to
    else:
        arguments["commitment"] = proposal.commitment
    return SERVICES[proposal.kind](
        **arguments, by=by, at=at, approver=approver, idempotency_key=idempotency_key
    )


def check_up_to_date(
    commitment: Commitment, *, seen: int | None, seen_step: int | None
) -> Commitment:
    """Return the commitment under the lock; refuse a stale form (rule 8).

    ``seen_step`` is the latest step on its proposals that the form knew. A draft on the
    same commitment counts as a change too, also one's own: so a form that is sent twice,
    because no answer came, is handed in once.
    """
    steps: list[ProposalStep] = []
    if seen_step is not None:
        steps = list(
            ProposalStep.objects.filter(
                proposal__commitment=commitment, pk__gt=seen_step
            )
            .select_related("proposal")
            .order_by("pk")
        )
    try:
        commitment = fresh(commitment, seen=seen)
    except StaleForm as stale:
        raise StaleForm(stale.since, steps) from None
    if steps:
        raise StaleForm([], steps)
    return commitment


def latest_step(commitment: Commitment) -> int:
    """Return the number of the latest step on a commitment's proposals, or 0."""
    steps = ProposalStep.objects.filter(proposal__commitment=commitment)
    return steps.aggregate(latest=Max("pk"))["latest"] or 0


def key(proposal: Proposal) -> str:
    """The idempotency key of its entry: one proposal makes one."""
    return f"proposal-{proposal.pk}"


def current(proposal: Proposal, *, revision: int | None = None) -> Proposal:
    """Return the proposal as it is under the lock; refuse an older revision."""
    current = Proposal.objects.select_related(
        "commitment", "refers_to", "author", "entry"
    ).get(pk=proposal.pk)
    if revision is not None and current.revision != revision:
        raise RuleBroken(
            "revised_meanwhile",
            f"This proposal has been changed since you opened it (it was revision "
            f"{revision} and is revision {current.revision}). Read it again, then "
            "decide.",
        )
    return current


def decided(proposal: Proposal) -> RuleBroken:
    """Return the refusal to act on a proposal that waits for nobody any more."""
    as_entry = f" as entry {proposal.entry_id}" if proposal.entry_id else ""
    who = proposal.decided_actor
    by = f" by {actors.names([who])[who]}" if who else ""
    return RuleBroken(
        "waits_for_a_decision",
        f"This proposal does not wait for a decision: {proposal.get_state_display()}"
        f"{as_entry}{by}. Nothing was recorded.",
    )


def move(
    proposal: Proposal,
    state: str,
    action: str,
    *,
    by: actors.Actor,
    at: datetime,
    comment: str = "",
    severity: str = "",
    entry: HistoryEntry | None = None,
) -> Proposal:
    """Bring a proposal into a state and keep the step that did."""
    actor = actors.key(by)
    proposal.state, proposal.changed_at, proposal.entry = state, at, entry
    proposal.decided_actor = "" if actor == proposal.actor else actor
    proposal.save()
    ProposalStep.objects.create(
        proposal=proposal,
        number=proposal.steps.count() + 1,
        action=action,
        actor=actor,
        at=at,
        comment=comment.strip(),
        severity=severity,
        revision=proposal.revision,
        content=proposal.content,
    )
    return proposal
