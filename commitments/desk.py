"""What the desk shows the person who signs in: figures, each with its list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Q
from django.urls import reverse

from commitments import accounts, verdicts
from commitments.models import (
    Commitment,
    DigestPause,
    Flag,
    HistoryEntry,
    Link,
    Proposal,
    Suggestion,
    Tip,
)
from commitments.statuses import FlagReason, Freshness
from commitments.verdicts import Verdict

# How long a flag has been open, in days: at least, and less than.
AGES = {
    "week": ("Up to 7 days", 0, 8),
    "month": ("8 to 30 days", 8, 31),
    "quarter": ("31 to 90 days", 31, 91),
    "older": ("More than 90 days", 91, None),
}
WEEK = timedelta(days=7)
AHEAD = (30, 90)


@dataclass(frozen=True)
class Figure:
    """A count, what it counts, and the list of just these rows."""

    label: str
    count: int
    url: str
    value: str = ""


def listing(model: str, **query: Any) -> str:
    """Return the address of a list of the admin, filtered."""
    address = reverse(f"admin:commitments_{model}_changelist")
    return f"{address}?{urlencode(query)}" if query else address


def of_age(age: str, *, on: date) -> Q:
    """Return the condition of flags in one age group of ``AGES``."""
    _, least, below = AGES[age]
    condition = Q(since_on__lte=on - timedelta(days=least))
    if below is not None:
        condition &= Q(since_on__gt=on - timedelta(days=below))
    return condition


def mine(user: Any) -> list[Figure]:
    """Return what this person has in hand and has to decide."""
    own = Proposal.objects.by(user)
    counts = own.aggregate(
        draft=Count("pk", filter=Q(state="draft")),
        returned=Count("pk", filter=Q(state="returned")),
        waiting=Count("pk", filter=Q(state="waiting")),
    )
    labels = {
        "draft": "My drafts",
        "returned": "Returned to me",
        "waiting": "Mine, waiting for a second person",
    }
    figures = [
        Figure(
            label, counts[state], listing("proposal", author="me", state__exact=state)
        )
        for state, label in labels.items()
    ]
    if accounts.may(user, accounts.CONFIRM):
        waiting = Proposal.objects.for_sign_off_by(user).count()
        url = listing("proposal", author="others", state__exact="waiting")
        figures.insert(0, Figure("Waiting for my sign-off", waiting, url))
    return figures


def flags_by_age(*, on: date) -> list[tuple[Figure, list[Figure]]]:
    """Return, for each reason, the open flags in all and by age; in one query."""
    counts = {age: Count("pk", filter=of_age(age, on=on)) for age in AGES}
    found = (
        Flag.objects.open()
        .order_by()
        .values("reason")
        .annotate(total=Count("pk"), **counts)
    )
    by_reason: dict[str, dict[str, Any]] = {row["reason"]: dict(row) for row in found}
    table = []
    for reason in FlagReason:
        if (row := by_reason.get(reason.value)) is None:
            continue
        query = {"reason__exact": reason.value}
        url = listing("flag", **query)
        total = Figure(str(reason.label), row["total"], url, value=reason.value)
        ages = [
            Figure(label, row[age], listing("flag", **query, age=age))
            for age, (label, _, _) in AGES.items()
        ]
        table.append((total, ages))
    return table


def coming_up(*, on: date) -> list[Figure]:
    """Return how many undelivered commitments fall due in the days ahead."""
    watched = Commitment.objects.to_be_watched()
    return [
        Figure(
            f"Due within {days} days",
            watched.due_within(days, on=on).count(),
            listing("commitment", due=days),
        )
        for days in AHEAD
    ]


def gaps() -> Figure:
    """Return how many claims go beyond the evidence."""
    count = Commitment.objects.to_be_watched().with_claim_gap().count()
    return Figure("Claim-evidence gaps", count, listing("commitment", gap="yes"))


def to_decide() -> list[Figure]:
    """Return how many suggestions and links want a decision."""
    waiting = Suggestion.objects.waiting().count()
    links = Link.objects.filter(verdict__in=verdicts.TO_DECIDE)
    found = dict(links.order_by().values_list("verdict").annotate(Count("pk")))
    figures = [Figure("Suggested documents", waiting, listing("suggestion"))]
    return figures + [
        Figure(
            f"Links: {Verdict(verdict).label.lower()}",
            found[verdict],
            listing("link", verdict__exact=verdict),
        )
        for verdict in verdicts.TO_DECIDE
        if verdict in found
    ]


def tips(user: Any, *, at: datetime) -> list[Figure]:
    """Return how many tips of readers wait: for an answer, a reviewer, this person."""
    mine = Q(claimed_by=user, claimed_until__gt=at)
    counts = Tip.objects.undecided().aggregate(
        waiting=Count("pk", filter=Q(verdict="")),
        drafted=Count("pk", filter=~Q(verdict="")),
        mine=Count("pk", filter=mine),
    )
    return [
        Figure("Tips that wait", counts["waiting"], listing("tip", state="waiting")),
        Figure(
            "Tips with a drafted answer",
            counts["drafted"],
            listing("tip", state="drafted"),
        ),
        Figure("Tips I work on", counts["mine"], listing("tip", holder="me")),
    ]


def digests(user: Any) -> str:
    """Return whether digests go to this person: "on", "off", or "" for no reviewer."""
    if not accounts.may(user, accounts.CONFIRM):
        return ""
    return "off" if DigestPause.objects.filter(account=user).exists() else "on"


def changed(*, at: datetime) -> Figure:
    """Return how many entries were recorded in the last seven days."""
    since = at - WEEK
    count = HistoryEntry.objects.filter(recorded_at__gte=since).count()
    url = listing("historyentry", recorded_at__gte=since.isoformat())
    return Figure("Recorded in the last 7 days", count, url)


@dataclass(frozen=True)
class Share:
    """How many of all, and the list of these."""

    count: int
    of: int
    url: str

    @property
    def percent(self) -> int:
        return round(100 * self.count / self.of) if self.of else 100


def reviewed_in_time(*, on: date) -> Share:
    """Return how many watched commitments have been reviewed and are not due."""
    watched = Commitment.objects.to_be_watched()
    current = watched.with_freshness(Freshness.CURRENT, on=on).count()
    url = listing(
        "commitment",
        standing__exact="published",
        trackable__exact=1,
        freshness=Freshness.CURRENT.value,
    )
    return Share(current, watched.count(), url)
