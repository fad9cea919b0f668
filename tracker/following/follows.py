"""What a follower decides: confirm, change, end, be forgotten. Each one transaction."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from commitments.models import HistoryEntry
from tracker.models import Follow, Follower, Letter, Mail
from tracker.models.follower import Cadence, Language, Scope

LINKS = (Letter.Kind.CONFIRM, Letter.Kind.LINK)


def head() -> int:
    """Return the number of the last history entry, or 0."""
    return HistoryEntry.objects.last_seq()


def _locked(follower: Follower) -> Follower:
    return Follower.objects.select_for_update().get(pk=follower.pk)


@transaction.atomic
def confirm(*, follower: Follower, chosen: Iterable[int], at: datetime) -> int:
    """Confirm the chosen of what waits, and drop the rest; return how many.

    One that is followed already goes on under the new choices.
    """
    follower, chosen = _locked(follower), set(chosen)
    confirmed = 0
    for follow in follower.follows.waiting():
        if follow.pk not in chosen:
            follow.delete()
            continue
        held = follower.follows.confirmed().filter(filters=follow.filters).first()
        if held is not None:
            follow.delete()
            change(follow=held, scope=follow.scope, cadence=follow.cadence, at=at)
        else:
            follow.state = Follow.State.CONFIRMED
            follow.confirmed_at, follow.after_seq = at, head()
            follow.save()
        confirmed += 1
    follower.asked_at = None
    if confirmed:
        follower.confirmed_at = follower.confirmed_at or at
        follower.ended_at = None
    follower.save(update_fields=["asked_at", "confirmed_at", "ended_at"])
    return confirmed


@transaction.atomic
def decline(*, follower: Follower, at: datetime) -> None:
    """Drop what waits; an address that follows nothing else is deleted at once."""
    follower = _locked(follower)
    follower.follows.waiting().delete()
    if follower.confirmed_at is None:
        forget(follower=follower)


@transaction.atomic
def change(*, follow: Follow, scope: str, cadence: str, at: datetime) -> bool:
    """Go on with another scope or cadence; False where they are the same.

    What was recorded until now belongs to the choices so far, and to no other: no
    entry is told twice or never.
    """
    follow = Follow.objects.select_for_update().get(pk=follow.pk)
    if follow.state != Follow.State.CONFIRMED:
        return False
    if (follow.scope, follow.cadence) == (scope, cadence):
        return False
    seq = head()
    _end(follow, Follow.Ending.CHANGED, seq=seq, at=at)
    Follow.objects.create(
        follower_id=follow.follower_id,
        filters=follow.filters,
        scope=Scope(scope),
        cadence=Cadence(cadence),
        state=Follow.State.CONFIRMED,
        asked_at=follow.asked_at,
        confirmed_at=follow.confirmed_at,
        after_seq=seq,
    )
    return True


@transaction.atomic
def end(*, follow: Follow, at: datetime) -> bool:
    """End one follow, and what waits to be sent for it alone."""
    follower = _locked(follow.follower)
    held = follower.follows.confirmed().filter(pk=follow.pk).first()
    if held is None:
        return False
    _end(held, Follow.Ending.READER, seq=head(), at=at)
    # Also the earlier choices under which this was followed tell no more.
    _silence(follower.follows.filter(filters=held.filters))
    _settle(follower, at=at)
    return True


@transaction.atomic
def end_all(
    *, follower: Follower, at: datetime, ending: str = Follow.Ending.READER
) -> int:
    """End everything: no mail is sent any more. Returns how many follows ended."""
    follower, seq = _locked(follower), head()
    held = list(follower.follows.confirmed())
    for follow in held:
        _end(follow, ending, seq=seq, at=at)
    _silence(follower.follows.all())
    follower.follows.waiting().delete()
    _settle(follower, at=at)
    return len(held)


def _end(follow: Follow, ending: str, *, seq: int, at: datetime) -> None:
    follow.state, follow.ending = Follow.State.ENDED, ending
    follow.ended_at, follow.until_seq = at, seq
    follow.save()


def _silence(follows) -> None:
    follows.filter(ending=Follow.Ending.CHANGED).update(ending=Follow.Ending.READER)


def _settle(follower: Follower, *, at: datetime) -> None:
    """Drop what waits to be sent for follows that have ended."""
    left = set(follower.follows.confirmed().values_list("filters", flat=True))
    waiting = follower.mails.filter(state=Mail.State.WAITING)
    unwanted = [
        mail.pk
        for mail in waiting.exclude(letter__kind__in=LINKS).select_related("letter")
        if not left & set(mail.letter.content["filters"])
    ]
    follower.mails.filter(pk__in=unwanted).update(state=Mail.State.DROPPED)
    if not left:
        waiting.update(state=Mail.State.DROPPED)
        follower.ended_at = at
        follower.save(update_fields=["ended_at"])


def speak(*, follower: Follower, language: str) -> None:
    """Write to a follower in another language from now on."""
    follower.language = Language(language)
    follower.save(update_fields=["language"])


def forget(*, follower: Follower) -> None:
    """Delete an address, with all that is known of it."""
    follower.delete()
