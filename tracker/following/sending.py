"""Handing mails over: each at most once, also where a worker dies in the act.

A batch is taken under a lease. Of each mail it is first written, in a transaction of
its own, that it is being handed over; then it is handed over, outside of any; then
what came of it is written. What is found between the two after its lease ended is
uncertain: it is not sent again, because a mail twice is what we promise never to send.
"""

from __future__ import annotations

import logging
import random
import smtplib
from collections import Counter
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from django.core.mail import get_connection
from django.db.models import F, Max

from tracker import outbox
from tracker.models import Follow, Follower, Hold, Mail, Telling

from . import follows, letters, tellings
from .filters import Words
from .judging import Outcome, judged

logger = logging.getLogger(__name__)

AT_ONE_TIME = 50
# Longer than a task may run at all (CELERY_TASK_TIME_LIMIT).
LEASE = timedelta(minutes=10)
# No new mail is begun after so long: the task is ended a little later.
BUDGET = timedelta(minutes=3)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(minutes=1), timedelta(hours=6)
GIVEN_UP_AFTER = timedelta(days=3)
# So many mails refused in a row end what an address follows.
MOST_REFUSALS = 3


def send_due(*, clock: Callable[[], datetime]) -> Counter[str]:
    """Send what is due; return how many mails ended in which state.

    Safe to run twice or beside itself.
    """
    counts: Counter[str] = Counter()
    started = clock()
    settle(at=started)
    while clock() - started < BUDGET:
        mails = _take(at=clock())
        if not mails:
            break
        if not _send(mails, counts, clock=clock, until=started + BUDGET):
            break
    return counts


def settle(*, at: datetime) -> int:
    """Mark what was being handed over when its worker died; return how many."""
    dead = Mail.objects.filter(state=Mail.State.SENDING, leased_until__lt=at)
    return dead.update(state=Mail.State.UNCERTAIN, holder="", leased_until=None)


def _take(*, at: datetime) -> list[Mail]:
    due = Mail.objects.due(at=at)
    discarded = Hold.objects.filter(discarded=True).aggregate(at=Max("released_at"))
    if discarded["at"] is not None:
        # A restored backup holds as unsent what was sent after it was taken.
        old = Mail.objects.filter(
            state=Mail.State.WAITING, made_at__lte=discarded["at"]
        )
        old.update(state=Mail.State.DROPPED)
    if outbox.is_held():
        # What readers ask for meanwhile, by themselves, is answered.
        since = Hold.objects.filter(released_at=None).aggregate(at=Max("held_at"))
        due = due.filter(letter__kind__in=follows.LINKS, made_at__gte=since["at"])
    taken = due.take(at=at, lease=LEASE, most=AT_ONE_TIME)
    rows = Mail.objects.select_related("letter", "follower")
    return list(rows.filter(pk__in=[mail.pk for mail in taken]).order_by("pk"))


def _send(
    mails: list[Mail],
    counts: Counter[str],
    *,
    clock: Callable[[], datetime],
    until: datetime,
) -> bool:
    """Send a batch over one connection; False where the server cannot be reached."""
    told = {language: _told(mails, language) for language in _languages(mails)}
    words, connection = Words(), get_connection()
    try:
        for mail in mails:
            at = clock()
            if at >= until or not _open(connection):
                # Nothing of these was begun: another run takes them.
                _give_back(mails)
                return False
            try:
                known = told[mail.letter.language]
                message = letters.composed(mail, known, words, at=at)
                message.message()
            except Exception as error:
                logger.exception("%s cannot be written", mail)
                _give_up(mail, error)
                counts[Mail.State.FAILED] += 1
                continue
            if not _begin(mail, at=at):
                continue
            outcome = _hand_over(connection, message)
            _finish(mail, outcome, at=clock())
            counts[outcome.state] += 1
            if outcome.state != Mail.State.SENT:
                _close(connection)
    finally:
        _close(connection)
    return True


def _languages(mails: Collection[Mail]) -> set[str]:
    return {mail.letter.language for mail in mails}


def _told(mails: Collection[Mail], language: str) -> dict[int, Telling]:
    seqs = {
        seq
        for mail in mails
        if mail.letter.language == language
        for seq in mail.letter.content.get("events", [])
    }
    return tellings.kept(seqs, language) if seqs else {}


def _open(connection: Any) -> bool:
    try:
        connection.open()
    except (OSError, smtplib.SMTPException) as error:
        logger.warning("The mail server cannot be reached: %s", error)
        return False
    return True


def _close(connection: Any) -> None:
    try:
        connection.close()
    except (OSError, smtplib.SMTPException) as error:
        logger.info("A connection to the mail server ended badly: %s", error)


def _give_back(mails: Collection[Mail]) -> None:
    holders = {mail.holder for mail in mails}
    Mail.objects.filter(state=Mail.State.WAITING, holder__in=holders).update(
        holder="", leased_until=None
    )


def _give_up(mail: Mail, error: Exception) -> None:
    """Put aside what cannot be written, so that it does not hold up the others."""
    Mail.objects.filter(pk=mail.pk, holder=mail.holder).update(
        state=Mail.State.FAILED,
        error=f"{type(error).__name__}: {error}"[:300],
        holder="",
        leased_until=None,
    )


def _begin(mail: Mail, *, at: datetime) -> bool:
    """Write that a mail is being handed over; False where it is not ours to send."""
    mine = Mail.objects.filter(
        pk=mail.pk, state=Mail.State.WAITING, holder=mail.holder, leased_until__gt=at
    )
    if mail.letter.kind not in follows.LINKS:
        # Whoever ended everything meanwhile is not written to.
        confirmed = Follow.objects.confirmed().filter(follower=mail.follower_id)
        if not confirmed.exists():
            mine.update(state=Mail.State.DROPPED, holder="", leased_until=None)
            return False
    mail.tries += 1
    return bool(
        mine.update(state=Mail.State.SENDING, tries=mail.tries, leased_until=at + LEASE)
    )


def _hand_over(connection: Any, message: Any) -> Outcome:
    """Give a mail to the server, and return what came of it."""
    try:
        connection.send_messages([message])
    except Exception as error:  # noqa: BLE001 - whatever it is, it is judged
        return judged(error, handed_over=getattr(connection, "handed_over", True))
    return Outcome(Mail.State.SENT)


def _finish(mail: Mail, outcome: Outcome, *, at: datetime) -> None:
    """Write what came of a mail."""
    state, values = outcome.state, {}
    if state == Mail.State.WAITING:
        if at - mail.made_at > GIVEN_UP_AFTER:
            state = Mail.State.FAILED
        values["next_at"] = at + pause(mail.tries)
    if state == Mail.State.SENT:
        values["sent_at"] = at
    # Also where the lease ended meanwhile: this is what is known for certain.
    mine = Mail.objects.filter(
        pk=mail.pk, state__in=[Mail.State.SENDING, Mail.State.UNCERTAIN]
    )
    mine.update(
        state=state, error=outcome.error, holder="", leased_until=None, **values
    )
    _count_refusal(mail, outcome, at=at)


def pause(tries: int) -> timedelta:
    """Return how long to wait after so many tries: longer each time, never in step."""
    doubled = min(FIRST_PAUSE * 2 ** min(tries, 20), LONGEST_PAUSE)
    return doubled * random.uniform(0.8, 1.2)  # noqa: S311


def _count_refusal(mail: Mail, outcome: Outcome, *, at: datetime) -> None:
    """Stop writing to an address that refuses us time and again."""
    follower = Follower.objects.filter(pk=mail.follower_id)
    if outcome.state == Mail.State.SENT:
        follower.exclude(refusals=0).update(refusals=0)
    if not outcome.is_address:
        return
    follower.update(refusals=F("refusals") + 1)
    tired = follower.filter(refusals__gte=MOST_REFUSALS).first()
    if tired is not None:
        follows.end_all(follower=tired, at=at, ending=Follow.Ending.REFUSED)


def release(*, mails: Collection[Mail], at: datetime) -> int:
    """Send uncertain or failed mails after all, on an operator's word.

    An uncertain one may then arrive twice; it keeps its Message-ID.
    """
    states = [Mail.State.UNCERTAIN, Mail.State.FAILED]
    found = Mail.objects.filter(pk__in=[mail.pk for mail in mails], state__in=states)
    return found.update(
        state=Mail.State.WAITING, next_at=at, made_at=at, error="", holder=""
    )
