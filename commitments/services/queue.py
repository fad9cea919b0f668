"""The review queue: who works on what, and what is put off."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction

from commitments import accounts, actors
from commitments.models import Assignment, Commitment, Snooze
from commitments.rules import RuleBroken

from .checks import check_plain, check_published

# Long enough for a working day and the next; then the row is free again.
CLAIM_FOR = timedelta(hours=48)
LONGEST_SNOOZE = timedelta(days=30)


def _locked(commitment: Commitment) -> Commitment:
    """Return the commitment, with nobody else at its place in the queue."""
    current = Commitment.objects.select_for_update().get(pk=commitment.pk)
    check_published(current)
    return current


@transaction.atomic
def claim(
    *, commitment: Commitment, by: Any, at: datetime, assignee: Any = None
) -> Assignment:
    """Take a commitment to work on, or (a reviewer) give it to ``assignee``.

    Holds for 48 hours; claiming one's own again prolongs it. Raises RuleBroken
    if another has it and ``by`` is no reviewer giving it on.
    """
    assignee = assignee or by
    commitment = _locked(commitment)
    if assignee != by and not accounts.may(by, accounts.CONFIRM):
        raise RuleBroken(
            "reviewers_assign", "Only reviewers give work to others. Claim it yourself."
        )
    if not accounts.may(assignee, accounts.RECORD):
        raise RuleBroken(
            "assignee_works_here",
            f"{actors.name(assignee)} is neither analyst nor reviewer.",
            field="assignee",
        )
    held = Assignment.objects.filter(commitment=commitment, ended_at=None).first()
    if held is not None:
        taken = held.until > at and held.assignee != assignee
        if taken and (assignee == by):
            raise RuleBroken(
                "claimed_by_another",
                f"{actors.name(held.assignee)} works on this until "
                f"{held.until:%Y-%m-%d %H:%M} UTC. Ask them, or a reviewer.",
            )
        held.ended_at = min(at, held.until)
        held.save(update_fields=["ended_at"])
    return Assignment.objects.create(
        commitment=commitment,
        assignee=assignee,
        assigned_by=by,
        at=at,
        until=at + CLAIM_FOR,
    )


@transaction.atomic
def release(*, commitment: Commitment, by: Any, at: datetime) -> None:
    """Give a commitment back to all: its assignee or a reviewer may.

    Nothing happens where nobody has it. Raises RuleBroken.
    """
    held = (
        Assignment.objects.select_for_update(of=["self"])
        .filter(commitment=commitment, ended_at=None)
        .first()
    )
    if held is None:
        return
    if held.assignee != by and not accounts.may(by, accounts.CONFIRM):
        raise RuleBroken(
            "own_claim", f"{actors.name(held.assignee)} works on this. Ask them."
        )
    held.ended_at = min(at, held.until)
    held.save(update_fields=["ended_at"])


@transaction.atomic
def snooze(
    *,
    commitment: Commitment,
    until: date,
    reason: str,
    by: Any,
    on: date,
    at: datetime,
) -> Snooze:
    """Put a flagged commitment off until a day, at most 30 days ahead.

    Replaces an earlier snooze. Raises RuleBroken.
    """
    commitment = _locked(commitment)
    check_plain(reason, field="reason")
    if not reason.strip():
        raise RuleBroken(
            "snooze_says_why", "Say why it can wait: all can read it.", field="reason"
        )
    if not on < until <= on + LONGEST_SNOOZE:
        raise RuleBroken(
            "snooze_is_short",
            f"Give a day after today and not after {on + LONGEST_SNOOZE}.",
            field="until",
        )
    Snooze.objects.filter(commitment=commitment, ended_at=None).update(ended_at=at)
    return Snooze.objects.create(
        commitment=commitment, until=until, reason=reason.strip(), by=by, at=at
    )


def wake(*, commitment: Commitment, at: datetime) -> None:
    """End the snooze of a commitment, if there is one."""
    Snooze.objects.filter(commitment=commitment, ended_at=None).update(ended_at=at)
