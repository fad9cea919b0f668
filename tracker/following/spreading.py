"""Changes told at once: one mail for each follower and entry, in one transaction."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from tracker import outbox
from tracker.models import Channel, Event, Follow, Letter, Mail
from tracker.models.follower import Cadence

from . import matching, tellings

IN_ONE_STATEMENT = 2000


def tell_at_once(*, at: datetime) -> int:
    """Write mails for the events that wait for it; return how many events there were.

    Safe to run twice or beside itself: an event is taken once, in the transaction that
    writes its mails, and the database knows one mail for each follower and event.
    """

    def spread(events: Sequence[Event]) -> None:
        _spread(events, at=at)

    done = taken = outbox.fan_out(Channel.MAILS, spread, at=at)
    while taken:
        taken = outbox.fan_out(Channel.MAILS, spread, at=at)
        done += taken
    return done


def _spread(events: Sequence[Event], *, at: datetime) -> None:
    tellings.write_redacted_anew([event.entry for event in events])
    seqs = sorted(event.pk for event in events)
    matches = matching.Matches(matching.public_of(seqs), on=at.date())
    wanted = _wanted(matches, seqs)
    letters = _letters(wanted, at=at)
    Mail.objects.bulk_create(
        [
            Mail(
                follower_id=follower,
                letter=letters[key],
                event_id=key[0],
                made_at=at,
                next_at=at,
            )
            for key, followers in wanted.items()
            for follower in followers
        ],
        batch_size=IN_ONE_STATEMENT,
        ignore_conflicts=True,
    )


# An entry, a language, and the follows it answers.
Key = tuple[int, str, tuple[str, ...]]


def _wanted(matches: matching.Matches, seqs: list[int]) -> dict[Key, list[int]]:
    """Return who is to hear of what, grouped by what their mail says."""
    follows = (
        Follow.objects.filter(cadence=Cadence.NOW)
        .told_between(seqs[0] - 1, seqs[-1])
        .still_telling()
        .values_list(
            "follower_id",
            "follower__language",
            "filters",
            "scope",
            "after_seq",
            "until_seq",
        )
    )
    why: dict[tuple[int, int, str], set[str]] = defaultdict(set)
    for follower, language, filters, scope, after, until in follows:
        for seq in matches.of(filters, scope, after or 0, until):
            why[follower, seq, language].add(filters)
    wanted: dict[Key, list[int]] = defaultdict(list)
    for (follower, seq, language), answered in why.items():
        wanted[seq, language, tuple(sorted(answered))].append(follower)
    return wanted


def _letters(wanted: dict[Key, list[int]], *, at: datetime) -> dict[Key, Letter]:
    for language in {key[1] for key in wanted}:
        tellings.kept({key[0] for key in wanted if key[1] == language}, language)
    letters = {
        key: Letter(
            kind=Letter.Kind.CHANGE,
            language=key[1],
            content={"events": [key[0]], "total": 1, "filters": list(key[2])},
            made_at=at,
        )
        for key in wanted
    }
    Letter.objects.bulk_create(letters.values(), batch_size=IN_ONE_STATEMENT)
    return letters
