"""What waits for a look: one row per commitment with all its open flags."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Exists, Min, OuterRef, Prefetch, Q

from commitments.models import Assignment, Commitment, Flag, Pillar, Snooze
from commitments.models.commitment import CommitmentQuerySet
from commitments.statuses import FlagReason

ME, NOBODY = "me", "nobody"


@dataclass(frozen=True)
class Question:
    """Which rows are asked for; an empty string asks for all."""

    user: Any
    on: date
    at: datetime
    reason: str = ""
    pillar: str = ""
    body: str = ""
    assignee: str = ""
    snoozed: bool = False


def rows(question: Question) -> CommitmentQuerySet:
    """Return the commitments asked for, the longest waiting first.

    Each carries ``oldest`` (the day its oldest open flag arose), ``open_flags``,
    ``live_assignments`` and ``snoozes_in_force`` (lists), in a fixed number of
    queries.
    """
    live = Assignment.objects.live(at=question.at).select_related("assignee")
    in_force = Snooze.objects.in_force(on=question.on).select_related("by")
    return (
        _narrowed(question)
        .annotate(oldest=Min("flags__since_on", filter=Q(flags__closed_at=None)))
        .order_by("oldest", "ref_order")
        .select_related("pillar")
        .prefetch_related(
            Prefetch("flags", Flag.objects.open(), to_attr="open_flags"),
            Prefetch("assignments", live, to_attr="live_assignments"),
            Prefetch("snoozes", in_force, to_attr="snoozes_in_force"),
        )
    )


def _narrowed(question: Question) -> CommitmentQuerySet:
    flags = Flag.objects.open().filter(commitment=OuterRef("pk"))
    if question.reason:
        flags = flags.filter(reason=question.reason)
    live = Assignment.objects.live(at=question.at).filter(commitment=OuterRef("pk"))
    snoozes = Snooze.objects.in_force(on=question.on).filter(commitment=OuterRef("pk"))
    asked = Commitment.objects.standing_now().filter(Exists(flags))
    asked = asked.filter(Exists(snoozes) if question.snoozed else ~Exists(snoozes))
    if question.pillar:
        asked = asked.filter(pillar__slug=question.pillar)
    if question.body:
        asked = asked.filter(bodies__slug=question.body)
    if question.assignee == NOBODY:
        asked = asked.exclude(Exists(live))
    elif question.assignee == ME:
        asked = asked.filter(Exists(live.filter(assignee=question.user)))
    elif question.assignee:
        named = live.filter(assignee__username=question.assignee)
        asked = asked.filter(Exists(named))
    return asked


@dataclass(frozen=True)
class Choice:
    """One value of a filter, and how many rows it would leave."""

    value: str
    label: str
    count: int


def choices(question: Question) -> dict[str, list[Choice]]:
    """Return the values of each filter with counts under the other filters."""
    return {
        "reason": _reasons(replace(question, reason="")),
        "pillar": _pillars(replace(question, pillar="")),
        "body": _bodies(replace(question, body="")),
        "assignee": _assignees(replace(question, assignee="")),
    }


def _reasons(question: Question) -> list[Choice]:
    found = (
        Flag.objects.open()
        .filter(commitment__in=_narrowed(question))
        .order_by()
        .values_list("reason")
        .annotate(Count("pk"))
    )
    counts = dict(found)
    return [
        Choice(reason.value, str(reason.label), counts[reason.value])
        for reason in FlagReason
        if reason.value in counts
    ]


def _pillars(question: Question) -> list[Choice]:
    waiting = _narrowed(question)
    found = Pillar.objects.annotate(
        waiting=Count("commitments", filter=Q(commitments__in=waiting))
    )
    return [Choice(p.slug, str(p), p.waiting) for p in found if p.waiting]


def _bodies(question: Question) -> list[Choice]:
    found = (
        _narrowed(question)
        .order_by()
        .values_list("bodies__slug", "bodies__name")
        .annotate(Count("pk", distinct=True))
        .order_by("bodies__name")
    )
    return [Choice(slug, name, count) for slug, name, count in found if slug]


def _assignees(question: Question) -> list[Choice]:
    waiting = _narrowed(question)
    live = Assignment.objects.live(at=question.at).filter(commitment__in=waiting)
    found = dict(
        live.order_by().values_list("assignee__username").annotate(Count("pk"))
    )
    mine = found.pop(question.user.get_username(), 0)
    free = waiting.count() - mine - sum(found.values())
    named = [Choice(name, name, count) for name, count in sorted(found.items())]
    return [Choice(ME, "Me", mine), Choice(NOBODY, "Nobody", free), *named]
