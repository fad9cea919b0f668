"""What somebody asks for on a public page, and what a worker makes of it.

The page writes one row whoever asks, about whatever address: neither its answer nor
the time it takes can tell whether the address follows anything.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction

from tracker.models import Follow, Follower, Letter, Mail, Wish
from tracker.models.follower import ANSWERED_WITHIN, Cadence, Scope

from . import addresses

logger = logging.getLogger(__name__)

# One question that was not answered, and so many links, in this time.
PAUSE = timedelta(days=1)
MOST_LINKS = 3
# So many follows one address can have, and have waiting.
MOST_FOLLOWS = 200
MOST_WAITING = 20
AT_ONE_TIME = 100


def to_follow(
    *,
    address: str,
    filters: str,
    scope: Scope,
    cadence: Cadence,
    language: str,
    at: datetime,
) -> None:
    """Note that somebody wants to follow. Raises BadAddress."""
    Wish.objects.create(
        kind=Wish.Kind.FOLLOW,
        address=addresses.normalised(address),
        filters=filters,
        scope=scope,
        cadence=cadence,
        language=language,
        at=at,
    )


def for_link(*, address: str, language: str, at: datetime) -> None:
    """Note that somebody wants the link to their follows. Raises BadAddress."""
    Wish.objects.create(
        kind=Wish.Kind.LINK,
        address=addresses.normalised(address),
        language=language,
        at=at,
    )


def take_up(*, at: datetime) -> int:
    """Turn what was asked for into follows that wait, and into mails; return how many.

    Safe to run twice or beside itself: each wish is deleted in the transaction that
    fulfils it.
    """
    taken = 0
    for pk in list(Wish.objects.values_list("pk", flat=True)[:AT_ONE_TIME]):
        try:
            taken += _take_up(pk, at=at)
        except Exception:
            logger.exception("Wish %s could not be taken up", pk)
    return taken


@transaction.atomic
def _take_up(pk: int, *, at: datetime) -> bool:
    found = Wish.objects.select_for_update(skip_locked=True).filter(pk=pk)
    if (wish := found.first()) is None:
        return False
    wish.delete()
    if addresses.is_ours(wish.address):
        return True
    if wish.kind == Wish.Kind.LINK:
        follower = Follower.objects.at_address(wish.address).first()
        if follower is not None:
            _send_link(follower, at=at)
        return True
    follower = _follower(wish, at=at)
    if _is_followed(follower, wish):
        _send_link(follower, at=at)
    else:
        _wait_for_confirmation(follower, wish, at=at)
        ask(follower, at=at)
    return True


def _follower(wish: Wish, *, at: datetime) -> Follower:
    follower = Follower.objects.at_address(wish.address).first()
    if follower is None:
        try:
            with transaction.atomic():
                follower = Follower.objects.create(
                    address=wish.address, language=wish.language, made_at=at
                )
        except IntegrityError:  # a run beside this one was quicker
            follower = Follower.objects.at_address(wish.address).get()
    return Follower.objects.select_for_update().get(pk=follower.pk)


def _is_followed(follower: Follower, wish: Wish) -> bool:
    same = {"filters": wish.filters, "scope": wish.scope, "cadence": wish.cadence}
    return follower.follows.confirmed().filter(**same).exists()


def _wait_for_confirmation(follower: Follower, wish: Wish, *, at: datetime) -> None:
    waiting = follower.follows.waiting()
    others = waiting.exclude(filters=wish.filters).count()
    if others >= MOST_WAITING or follower.follows.confirmed().count() >= MOST_FOLLOWS:
        return
    if follower.confirmed_at is None:
        # Nobody has read a mail of ours yet: the last page's language is the best guess.
        follower.language = wish.language
        follower.save(update_fields=["language"])
    Follow.objects.update_or_create(
        follower=follower,
        filters=wish.filters,
        state=Follow.State.WAITING,
        defaults={"scope": wish.scope, "cadence": wish.cadence, "asked_at": at},
    )


def ask(follower: Follower, *, at: datetime) -> bool:
    """Ask for confirmation of all that waits; at most once a day while unanswered.

    The link of an earlier question covers what was asked for since.
    """
    if follower.asked_at is not None and follower.asked_at > at - PAUSE:
        return False
    waiting = follower.follows.waiting().filter(asked_at__gt=at - ANSWERED_WITHIN)
    if not (follows := list(waiting)):
        return False
    content = {"follows": [[f.filters, f.scope, f.cadence] for f in follows]}
    _post(follower, Letter.Kind.CONFIRM, content, at=at)
    follower.asked_at = at
    follower.save(update_fields=["asked_at"])
    return True


def _send_link(follower: Follower, *, at: datetime) -> bool:
    """Send the link to what an address follows, or to where it can be deleted."""
    # One that ended everything is kept for a while, and was promised this link.
    if follower.confirmed_at is None or (
        follower.ended_at is not None and follower.follows.waiting().exists()
    ):
        return ask(follower, at=at)
    sent = follower.mails.filter(letter__kind=Letter.Kind.LINK, made_at__gt=at - PAUSE)
    if sent.count() >= MOST_LINKS:
        return False
    _post(follower, Letter.Kind.LINK, {}, at=at)
    return True


def _post(follower: Follower, kind: str, content: dict, *, at: datetime) -> None:
    letter = Letter.objects.create(
        kind=kind, language=follower.language, content=content, made_at=at
    )
    Mail.objects.create(follower=follower, letter=letter, made_at=at, next_at=at)
