"""What an assessment may say: the rules of judgement, without database or clock.

To change a rule, change a line here; the admin, the API, the import and the method
page all ask this module. Raised by all of it: RuleBroken.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

from commitments.statuses import (
    LEGAL,
    STATUS_NEEDS,
    WITHOUT_EVIDENCE,
    Nature,
    Status,
)


class RuleBroken(ValueError):
    """A rule of the record refuses what was asked.

    ``rule`` is its stable name, ``field`` the input to mend; the message names
    the rule and the mend in one or two sentences.
    """

    def __init__(self, rule: str, message: str, *, field: str = "") -> None:
        super().__init__(message)
        self.rule = rule
        self.field = field


class Document(Protocol):
    """The facts of a piece of evidence that the rules look at."""

    type: str
    nature: str
    official: bool


@dataclass(frozen=True)
class Judgement:
    """What an assessment says, reduced to what the rules compare."""

    status: str
    criteria_met: frozenset[str] = frozenset()


def is_primary(document: Document) -> bool:
    """Whether a document is official, or is itself the legal text or treaty."""
    return document.official or document.type in LEGAL


def check_criteria(judgement: Judgement, test: Collection[str]) -> None:
    """Refuse parts of the test that do not fit the status.

    ``test`` holds the keys of all parts. Raises RuleBroken.
    """
    met, all_parts = judgement.criteria_met, frozenset(test)
    if unknown := met - all_parts:
        raise RuleBroken(
            "known_criteria",
            f"The test has no part {', '.join(sorted(unknown))}. Choose among "
            f"{', '.join(sorted(all_parts)) or 'none'}.",
            field="criteria_met",
        )
    if judgement.status == Status.DELIVERED and (met != all_parts or not all_parts):
        raise RuleBroken(
            "delivered_meets_every_part",
            "“Delivered” means that every part of the test is met. Mark the missing "
            f"parts ({', '.join(sorted(all_parts - met)) or 'the test has none'}) "
            "or choose “Partly delivered”.",
            field="criteria_met",
        )
    if judgement.status == Status.PARTLY_DELIVERED and (not met or met == all_parts):
        raise RuleBroken(
            "partly_delivered_meets_some_parts",
            "“Partly delivered” means that some parts of the test are met, not all. "
            "Mark the parts that are met, or choose “Delivered” or “Under way”.",
            field="criteria_met",
        )
    early = (*WITHOUT_EVIDENCE, Status.ANNOUNCED, Status.UNDER_WAY)
    if judgement.status in early and met:
        raise RuleBroken(
            "no_parts_before_partly_delivered",
            f"“{Status(judgement.status).label}” means that no part of the test is "
            "met. Unmark the parts, or choose “Partly delivered” or “Delivered”.",
            field="criteria_met",
        )


def check_change(old: Judgement | None, new: Judgement) -> None:
    """Refuse a step from ``old`` (None: no status yet) to ``new``.

    Rules 4 and 5 of the record. Raises RuleBroken.
    """
    if old is None:
        if new.status == Status.REVERSED:
            raise RuleBroken(
                "reversed_was_in_force",
                "“Reversed” needs something that was in force before. Record that "
                "status first, with the day on which it held.",
                field="status",
            )
        return
    if old == new:
        raise RuleBroken(
            "no_change",
            "This is the status, with the parts met, that already stands. Record a "
            "review instead: it says that you looked and nothing changed.",
            field="status",
        )
    if old.status == Status.DELIVERED and new.status != Status.REVERSED:
        raise RuleBroken(
            "delivered_only_to_reversed",
            "From “Delivered” a commitment can only become “Reversed”. If it was never "
            "delivered, correct the entry that said so.",
            field="status",
        )
    in_force = (Status.UNDER_WAY, Status.PARTLY_DELIVERED, Status.DELIVERED)
    if new.status == Status.REVERSED and old.status not in in_force:
        raise RuleBroken(
            "reversed_was_in_force",
            f"“Reversed” means that something in force was undone; "
            f"“{Status(old.status).label}” says that nothing was in force. Choose "
            "another status, or correct the earlier entry.",
            field="status",
        )
    if new.status != Status.REVERSED and (lost := old.criteria_met - new.criteria_met):
        raise RuleBroken(
            "parts_are_not_dropped",
            f"Part {', '.join(sorted(lost))} of the test was met before. If it was "
            "undone, choose “Reversed”; if the earlier entry was wrong, correct it.",
            field="criteria_met",
        )


def why_not(old: Judgement | None, status: str) -> str:
    """Return why no change to ``status`` is allowed, or "" where one may be.

    Looks at the step alone; parts met and evidence are checked with the form.
    """
    if old is not None and old.status == status:
        if status == Status.PARTLY_DELIVERED:
            return ""
        return "It already has this status; record a review instead."
    kept = old.criteria_met if old else frozenset()
    try:
        check_change(old, Judgement(status, kept))
    except RuleBroken as error:
        return str(error)
    return ""


def check_evidence(judgement: Judgement, evidence: Collection[Document]) -> None:
    """Refuse a status that its evidence cannot carry (rules 1 and 2).

    ``evidence`` is what the entry cites. Raises RuleBroken.
    """
    status = Status(judgement.status)
    shown = [d for d in evidence if d.nature in (Nature.ACTION, Nature.DATA)]
    actions = [d for d in evidence if d.nature == Nature.ACTION]
    refusals = {
        Status.ANNOUNCED: not evidence,
        Status.UNDER_WAY: not actions,
        Status.REVERSED: not actions,
        Status.PARTLY_DELIVERED: not shown,
        Status.DELIVERED: not any(is_primary(d) for d in actions),
        Status.ABANDONED: not any(d.official for d in evidence),
    }
    if not refusals.get(status, False):
        return
    rule, hint = {
        Status.ANNOUNCED: ("announced_needs_evidence", "Attach one."),
        Status.ABANDONED: (
            "abandoned_needs_official_act",
            "Silence or a passed date is no verdict: attach the official act.",
        ),
        Status.DELIVERED: (
            "delivered_needs_primary_evidence",
            "Attach the official or legal document that shows it done.",
        ),
    }.get(
        status,
        (
            "announcements_carry_only_announced",
            "Announcements alone carry no status past “Announced”: attach a document "
            "that shows the action, or choose “Announced”.",
        ),
    )
    raise RuleBroken(
        rule,
        f"“{status.label}” needs {STATUS_NEEDS[status]}. {hint}",
        field="evidence",
    )
