"""What the desk's mails say: what waits on a morning, and what a week came to.

Everything is read once for all readers of a mail; what differs between them is told
apart in memory.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import groupby
from statistics import median
from typing import Any

from django.db.models import Count
from django.urls import reverse

from commitments import actors, desk
from commitments.models import (
    Commitment,
    Flag,
    HistoryEntry,
    Proposal,
    ProposalStep,
    Suggestion,
    Tip,
)
from commitments.statuses import EntryKind

SHOWN = 15
AHEAD = timedelta(days=7)
WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Line:
    """One thing, and where on the desk or the site it is."""

    words: str
    address: str = ""


@dataclass(frozen=True)
class Section:
    title: str
    lines: list[Line]
    more: int = 0


@dataclass(frozen=True)
class Morning:
    """What is flagged, waiting and due on a day, for all reviewers."""

    on: date
    flags: list[Flag]
    proposals: list[Proposal]
    shared: list[Section] = field(default_factory=list)

    def sections(self, reader: Any, *, since: datetime | None) -> list[Section]:
        """Return what one reviewer is told: flags opened after ``since``."""
        new = [flag for flag in self.flags if since is None or flag.opened_at > since]
        mine = [one for one in self.proposals if one.actor != actors.key(reader)]
        return [*_flagged(new), *_signing(mine), *self.shared]


def morning(*, on: date, since: datetime | None, until: datetime) -> Morning:
    """Read what every reviewer's mail of a day needs, in a fixed number of queries."""
    flags = Flag.objects.open().filter(opened_at__lte=until)
    if since is not None:
        flags = flags.filter(opened_at__gt=since)
    flags = flags.select_related("commitment")
    return Morning(
        on=on,
        flags=list(flags.order_by("reason", "since_on", "pk")),
        proposals=list(Proposal.objects.waiting().select_related("commitment")),
        shared=[*_waiting(), *_due(on)],
    )


def _section(title: str, lines: Iterable[Line]) -> list[Section]:
    """Return the section with its first lines, or none where it has none."""
    told = list(lines)
    if not told:
        return []
    return [Section(title, told[:SHOWN], max(0, len(told) - SHOWN))]


def _flagged(flags: Sequence[Flag]) -> list[Section]:
    sections = []
    for reason, group in groupby(flags, key=Flag.get_reason_display):
        lines = [
            Line(
                f"{flag.commitment}, since {flag.since_on:%-d %b %Y}",
                flag.commitment.get_absolute_url(),
            )
            for flag in group
        ]
        sections += _section(f"Flagged: {reason}", lines)
    return sections


def _signing(proposals: Sequence[Proposal]) -> list[Section]:
    lines = [
        Line(
            f"{one.get_kind_display()} on {one.commitment}",
            reverse("admin:commitments_proposal_change", args=[one.pk]),
        )
        for one in proposals
    ]
    return _section("Waiting for your sign-off", lines)


def _waiting() -> list[Section]:
    """Return how many suggestions and tips wait for anybody."""
    suggestions = Suggestion.objects.waiting().count()
    figures = [("Suggested documents", suggestions, desk.listing("suggestion"))]
    tips = Tip.objects.undecided().order_by()
    counts = dict(tips.values_list("verdict").annotate(Count("pk")))
    fresh = counts.pop("", 0)
    figures += [
        ("Tips without an answer", fresh, desk.listing("tip", state="waiting")),
        (
            "Tips with a drafted answer",
            sum(counts.values()),
            desk.listing("tip", state="drafted"),
        ),
    ]
    lines = [Line(f"{words}: {n}", address) for words, n, address in figures if n]
    return _section("Waiting", lines)


def _due(on: date) -> list[Section]:
    """Return what falls due in the seven days from ``on``: promises, then reviews."""
    watched = Commitment.objects.to_be_watched()
    promised = watched.due_within(AHEAD.days, on=on).order_by("due_on", "ref_order")
    reviews = watched.filter(review_due_on__range=(on, on + AHEAD))
    reviews = reviews.order_by("review_due_on", "ref_order")
    return [
        *_section(
            "Promised for the next seven days",
            (
                Line(f"{one}, {one.due_on:%-d %b %Y}", one.get_absolute_url())
                for one in promised
                if one.due_on
            ),
        ),
        *_section(
            "To be reviewed within seven days",
            (
                Line(f"{one}, {one.review_due_on:%-d %b %Y}", one.get_absolute_url())
                for one in reviews
                if one.review_due_on
            ),
        ),
    ]


def week(*, on: date) -> list[Section]:
    """Return the numbers of the seven days before Monday ``on``; [] for a still week."""
    end = datetime.combine(on, time.min, tzinfo=UTC)
    span = (end - WEEK, end - timedelta(microseconds=1))
    lines = [*_recorded(span), *_decided(span), *_answered(span)]
    if not lines:
        return []
    share = desk.reviewed_in_time(on=on)
    lines.append(
        Line(
            f"Reviewed in time: {share.count} of {share.of} ({share.percent} %)",
            share.url,
        )
    )
    return _section(f"The week from {on - WEEK:%-d %B %Y}", lines)


def _recorded(span: tuple[datetime, datetime]) -> list[Line]:
    entries = HistoryEntry.objects.filter(recorded_at__range=span).order_by()
    counts = dict(entries.values_list("kind").annotate(Count("pk")))
    if not counts:
        return []
    address = desk.listing("historyentry", recorded_at__gte=span[0].isoformat())
    named = [
        Line(f"{EntryKind(kind).label}: {counts[kind]}")
        for kind in EntryKind.values
        if kind in counts
    ]
    return [Line(f"Entries recorded: {sum(counts.values())}", address), *named]


def _decided(span: tuple[datetime, datetime]) -> list[Line]:
    """Return how many proposals were decided on, and how long they had waited."""
    decisions = ProposalStep.objects.filter(
        at__range=span, action__in=("approved", "returned", "rejected")
    )
    handed_in = ProposalStep.objects.filter(
        action="submitted", proposal__in=decisions.values("proposal")
    ).order_by("at", "pk")
    submitted = list(handed_in.values_list("proposal", "at"))
    waits = []
    for proposal, at in decisions.values_list("proposal", "at"):
        before = [day for pk, day in submitted if pk == proposal and day <= at]
        waits += [at - before[-1]] if before else []
    if not waits:
        return []
    return [
        Line(f"Decisions on proposals: {len(waits)}, median wait {_days(waits)}"),
    ]


def _answered(span: tuple[datetime, datetime]) -> list[Line]:
    """Return how many tips came and were answered, and how long that took."""
    came = Tip.objects.filter(received_at__range=span).count()
    answered = Tip.objects.answered().filter(decided_at__range=span)
    times = answered.values_list("received_at", "decided_at")
    waits = [last - first for first, last in times if last is not None]
    lines = [Line(f"Tips received: {came}", desk.listing("tip"))] if came else []
    if waits:
        lines.append(
            Line(f"Tips answered: {len(waits)}, median time {_days(waits)}"),
        )
    return lines


def _days(waits: Sequence[timedelta]) -> str:
    return f"{median(wait / timedelta(days=1) for wait in waits):.1f} days"
