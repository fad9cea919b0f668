"""The history of a commitment for the people who keep it: entries and drafts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from commitments import actors
from commitments.differences import Difference, between
from commitments.models import Commitment, HistoryEntry, Proposal, ProposalStep


@dataclass
class Item:
    """An entry, or a proposal that made none, with what belongs to it."""

    at: datetime
    entry: HistoryEntry | None = None
    proposal: Proposal | None = None
    steps: list[tuple[ProposalStep, str]] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)
    corrected_by: HistoryEntry | None = None
    corrects: HistoryEntry | None = None


def timeline(commitment: Commitment) -> list[Item]:
    """Return all that was recorded or drafted on a commitment, newest first.

    In a fixed number of queries. A wording entry carries its differences from the
    wording before it; an entry carries the steps of the proposal that made it.
    """
    entries = list(
        commitment.history.select_related("text", "refers_to", "body", "milestone")
        .prefetch_related("citations__evidence")
        .order_by("seq")
    )
    proposals = list(
        commitment.proposals.select_related("author").prefetch_related("steps")
    )
    steps = [step for proposal in proposals for step in proposal.steps.all()]
    names = actors.names(step.actor for step in steps)
    by_entry = {p.entry_id: p for p in proposals if p.entry_id}
    items = [_of_entry(entry, by_entry.get(entry.seq), names) for entry in entries]
    _add_differences(items)
    _link_corrections(items)
    items += [
        Item(at=p.changed_at, proposal=p, steps=_steps(p, names))
        for p in proposals
        if not p.entry_id
    ]
    return sorted(items, key=_age, reverse=True)


def _age(item: Item) -> tuple[datetime, int]:
    """What was recorded at one moment stays in the order of the chain."""
    return item.at, item.entry.seq if item.entry else 0


def _of_entry(
    entry: HistoryEntry, proposal: Proposal | None, names: dict[str, str]
) -> Item:
    return Item(
        at=entry.recorded_at,
        entry=entry,
        proposal=proposal,
        steps=_steps(proposal, names) if proposal else [],
    )


def _steps(proposal: Proposal, names: dict[str, str]) -> list[tuple[ProposalStep, str]]:
    return [(step, names[step.actor]) for step in proposal.steps.all()]


def _add_differences(items: list[Item]) -> None:
    earlier: HistoryEntry | None = None
    for item in items:
        if item.entry is None or not item.entry.text.wording:
            continue
        if earlier is not None:
            item.differences = between(item.entry, earlier)
        earlier = item.entry


def _link_corrections(items: list[Item]) -> None:
    by_seq = {item.entry.seq: item for item in items if item.entry}
    for item in items:
        if item.entry and item.entry.kind == "correction" and item.entry.refers_to:
            item.corrects = item.entry.refers_to
            by_seq[item.entry.refers_to_id].corrected_by = item.entry
