"""Digests: one mail for each follower and period, with what the period brought.

An issue covers the entries from where the one before it ended up to the last one that
was recorded in its period. Numbers of entries decide, not clocks: each entry is in one
daily and one weekly issue, however late these are built.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Max

from commitments.models import HistoryEntry
from tracker import outbox
from tracker.models import Follow, Hold, Issue, Letter, Mail
from tracker.models.follower import Cadence

from . import matching, tellings

# What is recorded around midnight is committed by then.
MARGIN = timedelta(hours=4)
MOST_TOLD = 100
IN_ONE_STATEMENT = 2000
QUICKER: dict[str, tuple[str, ...]] = {
    Cadence.DAILY: (Cadence.NOW,),
    Cadence.WEEKLY: (Cadence.NOW, Cadence.DAILY),
}


def end_of(period: str) -> datetime:
    """Return the first moment after a day (2026-11-23) or a week (2026-W48), in UTC.

    Raises ValueError for anything else.
    """
    if "W" in period:
        year, _, week = period.partition("-W")
        last = date.fromisocalendar(int(year), int(week), 7)
    else:
        last = date.fromisoformat(period)
    return datetime.combine(last + timedelta(days=1), time.min, tzinfo=UTC)


def last_period(cadence: str, *, at: datetime) -> str:
    """Return the last day or week that is over, and its margin with it."""
    day = (at - MARGIN).date() - timedelta(days=1)
    if cadence == Cadence.DAILY:
        return day.isoformat()
    sunday = day - timedelta(days=day.isoweekday() % 7)
    year, week, _ = sunday.isocalendar()
    return f"{year}-W{week:02}"


def build_due(*, at: datetime) -> int:
    """Build the digests of the last day and week, if nobody has; return the mails.

    Level-triggered: after a night without a scheduler the next issue covers both days.
    """
    return sum(
        build(cadence=cadence, period=last_period(cadence, at=at), at=at)
        for cadence in QUICKER
    )


@transaction.atomic
def build(*, cadence: str, period: str, at: datetime) -> int:
    """Write the mails of one digest; return how many. A second time: none.

    Nothing is written to whom nothing matched. The number of queries depends on that
    of distinct filters, not on that of followers.
    """
    if outbox.is_held() or end_of(period) > at:
        return 0
    made = _issue(cadence, period, at=at)
    if made is None:
        return 0
    parts = _parts(made)
    # Before the first follow began there is nothing to tell.
    first = min((part.after for held in parts.values() for part in held), default=0)
    entries = matching.public_between(first, made.until_seq) if parts else []
    if not entries:
        return 0
    told = _told(parts, matching.Matches(entries, on=at.date()), made.cadence)
    letters = _letters(told, period, at=at)
    Mail.objects.bulk_create(
        [
            Mail(
                follower_id=one, letter=letters[key], issue=made, made_at=at, next_at=at
            )
            for key, followers in told.items()
            for one in followers
        ],
        batch_size=IN_ONE_STATEMENT,
        ignore_conflicts=True,
    )
    return sum(map(len, told.values()))


def _issue(cadence: str, period: str, *, at: datetime) -> Issue | None:
    """Begin an issue; None where there is one, or a later one."""
    earlier = Issue.objects.filter(cadence=cadence).first()
    until = HistoryEntry.objects.filter(recorded_at__lt=end_of(period)).last_seq()
    if earlier is not None and end_of(earlier.period) >= end_of(period):
        return None
    after = earlier.until_seq if earlier else 0
    after = min(max(after, _let_go()), until)
    issue, is_new = Issue.objects.get_or_create(
        cadence=cadence,
        period=period,
        defaults={"after_seq": after, "until_seq": until, "built_at": at},
    )
    return issue if is_new else None


def _let_go() -> int:
    """Return the last entry that an operator decided not to send after a restore."""
    held = Hold.objects.filter(discarded=True).aggregate(at=Max("released_at"))["at"]
    if held is None:
        return 0
    return HistoryEntry.objects.filter(recorded_at__lte=held).last_seq()


@dataclass(frozen=True)
class Part:
    """One follow of one follower, as far as it decides what a digest says."""

    cadence: str
    filters: str
    scope: str
    after: int
    until: int
    tells: bool


# Which entries in which language, and the follows they answer.
Key = tuple[str, tuple[int, ...], tuple[str, ...]]


# A follower, and their language.
Parts = dict[tuple[int, str], set[Part]]


def _told(held: Parts, matches: matching.Matches, cadence: str) -> dict[Key, list[int]]:
    """Return who is to be told what: followers by what their mail says."""
    by_parts: dict[tuple[str, frozenset[Part]], list[int]] = defaultdict(list)
    for (follower, language), parts in held.items():
        if any(part.tells for part in parts):
            by_parts[language, frozenset(parts)].append(follower)
    told: dict[Key, list[int]] = defaultdict(list)
    for (language, some), followers in by_parts.items():
        if seqs := _seqs(matches, some, cadence):
            why = {part.filters for part in some if part.tells}
            told[language, tuple(seqs), tuple(sorted(why))] += followers
    return told


def _parts(issue: Issue) -> Parts:
    """Return the follows of each follower that had a say in the span of an issue."""
    rows = (
        Follow.objects.filter(cadence__in=[issue.cadence, *QUICKER[issue.cadence]])
        .told_between(issue.after_seq, issue.until_seq)
        .values_list(
            "follower_id",
            "follower__language",
            "cadence",
            "filters",
            "scope",
            "after_seq",
            "until_seq",
            "state",
            "ending",
        )
    )
    parts: Parts = defaultdict(set)
    for row in rows:
        follower, language, cadence, filters, scope, after, until, state, ending = row
        is_over = state == Follow.State.ENDED and ending != Follow.Ending.CHANGED
        parts[follower, language].add(
            Part(
                cadence=cadence,
                filters=filters,
                scope=scope,
                # Cut to the span: then those of many followers are the same.
                after=max(after or 0, issue.after_seq),
                until=min(until or issue.until_seq, issue.until_seq),
                tells=cadence == issue.cadence and not is_over,
            )
        )
    return parts


def _seqs(matches: matching.Matches, parts: Iterable[Part], cadence: str) -> list[int]:
    """Return what is told: not what a quicker follow of the same person told already."""
    told: set[int] = set()
    elsewhere: set[int] = set()
    for part in parts:
        found = matches.of(part.filters, part.scope, part.after, part.until)
        if part.tells:
            told.update(found)
        elif part.cadence != cadence:
            elsewhere.update(found)
    return sorted(told - elsewhere)


def _letters(
    told: dict[Key, list[int]], period: str, *, at: datetime
) -> dict[Key, Letter]:
    shown = {key: key[1][-MOST_TOLD:] for key in told}
    for language in {key[0] for key in told}:
        seqs = {seq for key in told if key[0] == language for seq in shown[key]}
        tellings.kept(seqs, language)
    letters = {
        key: Letter(
            kind=Letter.Kind.DIGEST,
            language=key[0],
            content={
                "events": list(shown[key]),
                "total": len(key[1]),
                "filters": list(key[2]),
                "period": period,
            },
            made_at=at,
        )
        for key in told
    }
    Letter.objects.bulk_create(letters.values(), batch_size=200)
    return letters
