"""Deliveries: who is due, the try itself, and what becomes of it.

An endpoint is leased to one worker, which sends it up to ``IN_FLIGHT`` messages at a
time, of each commitment one. The network is asked in threads, outside any transaction
and without the database; rows are read and written here. A worker that dies leaves its
leases to run out: what it had sent and not marked is sent again, under the same id.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from commitments import outgoing, pacing
from tracker import outbox
from tracker.models import Attempt, Channel, Delivery, Endpoint, Event

from . import challenges, endpoints, messages, notices, schedule
from .sealing import CannotOpen

logger = logging.getLogger(__name__)

State = Delivery.State
THREADS = 32
KEPT_BODY, KEPT_HEADERS, KEPT_HEADER = 2000, 30, 300
KEPT_ATTEMPTS = 20
LIMITS = outgoing.Limits(bytes=KEPT_BODY, seconds=schedule.SECONDS)
ASKED_TO_WAIT = (429, 503)
GONE = 410


def relay(*, clock: Callable[[], datetime], seconds: float = 20) -> Counter[str]:
    """Do all that is due for webhooks, for about ``seconds``; return what came of it.

    Safe to run late, twice, or beside itself. While the outbox is held nothing is sent.
    """
    endpoints.disable_orphans(at=clock())
    if outbox.is_held():
        return Counter()
    while fan_out(at=clock()):
        pass
    counts = Counter(verified=challenges.verify(at=clock()))
    counts += deliver(clock=clock, seconds=seconds)
    counts["noticed"] += notices.send_notices(at=clock())
    return +counts


def fan_out(*, at: datetime) -> int:
    """Write who is to get which event; return how many events were taken."""

    def spread(events: Sequence[Event]) -> None:
        endpoints.spread(list(Endpoint.objects.active()), events, at=at)

    return outbox.fan_out(Channel.WEBHOOKS, spread, at=at)


# --- One try: network alone -------------------------------------------------------


@dataclass(frozen=True)
class Letter:
    """A message as it is sent now."""

    delivery: Delivery
    url: str
    at: datetime
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Outcome:
    """What a try came to: an answer, or why there is none."""

    letter: Letter
    milliseconds: int
    answer: outgoing.Answer | None = None
    error: str = ""

    @property
    def status(self) -> int | None:
        return self.answer.status if self.answer else None

    @property
    def arrived(self) -> bool:
        return self.status is not None and 200 <= self.status < 300


def send(letter: Letter, secrets: Sequence[str]) -> Outcome:
    """Write, sign and try a message once. Touches no database, and raises nothing."""
    started = time.monotonic()
    answer, error = None, ""
    try:
        body, name = messages.body(letter.delivery), letter.delivery.message_id
        headers = messages.headers(name, body, secrets=secrets, at=letter.at)
        letter = replace(letter, body=body, headers=headers)
        answer = outgoing.post(letter.url, body=body, headers=headers, limits=LIMITS)
    except (outgoing.Refused, outgoing.Unreachable) as failure:
        error = str(failure)[:300]
    except Exception:
        # What no rule foresaw must not stop the others.
        logger.exception("Delivery %s could not be sent", letter.delivery.pk)
        error = "It could not be sent, for a reason of ours."
    milliseconds = round((time.monotonic() - started) * 1000)
    return Outcome(letter, milliseconds, answer, error)


# --- The run ----------------------------------------------------------------------


def deliver(
    *, clock: Callable[[], datetime], seconds: float = 20, threads: int = THREADS
) -> Counter[str]:
    """Send what is due, for about ``seconds``; return how the tries ended."""
    end = time.monotonic() + seconds
    counts: Counter[str] = Counter()
    rounds: dict[Future[Outcome], Endpoint] = {}
    open_of: Counter[int] = Counter()
    with ThreadPoolExecutor(threads, "webhook") as pool:
        while True:
            room = (threads - len(rounds)) // schedule.IN_FLIGHT
            if time.monotonic() < end and room:
                for endpoint in take_due(at=clock(), most=room):
                    letters, secrets = letters_for(endpoint, at=clock())
                    for letter in letters:
                        rounds[pool.submit(send, letter, secrets)] = endpoint
                    open_of[endpoint.pk] = len(letters)
                    if not letters:
                        endpoint.give_back()
            if not rounds:
                return counts
            done, _ = wait(rounds, timeout=0.2, return_when=FIRST_COMPLETED)
            for future in done:
                endpoint = rounds.pop(future)
                counts[record(endpoint, future.result(), at=clock())] += 1
                open_of[endpoint.pk] -= 1
                if not open_of[endpoint.pk]:
                    endpoint.give_back()


def take_due(*, at: datetime, most: int) -> list[Endpoint]:
    """Take up to ``most`` endpoints for which something is due.

    Those that take what they are sent come first: who answers late or never would hold
    every thread before them.
    """
    if outbox.is_held():
        return []
    due = Delivery.objects.due(at=at).filter(endpoint=OuterRef("pk"))
    rested = Q(paused_until=None) | Q(paused_until__lte=at)
    order = F("failing_since").asc(nulls_first=True), "pk"
    waiting = Endpoint.objects.active().filter(rested, Exists(due)).order_by(*order)
    return waiting.take(at=at, lease=schedule.LEASE, most=most)


def letters_for(endpoint: Endpoint, *, at: datetime) -> tuple[list[Letter], list[str]]:
    """Return what is sent to an endpoint in this round, and the secrets that sign it."""
    try:
        secrets = messages.good_secrets(endpoint.secrets.all(), at=at)
    except CannotOpen as failure:
        endpoints.disable(endpoint=endpoint, reason=str(failure), at=at)
        return [], []
    due = Delivery.objects.due(at=at).filter(endpoint=endpoint)
    found = due.select_related("event").order_by("event", "pk")[: schedule.IN_FLIGHT]
    return [Letter(delivery, endpoint.url, at) for delivery in found], secrets


# --- What becomes of it -----------------------------------------------------------


@transaction.atomic
def record(endpoint: Endpoint, outcome: Outcome, *, at: datetime) -> str:
    """Keep a try and what follows from it; return how it ended.

    An endpoint or a message that was removed meanwhile is let be.
    """
    standing = Endpoint.objects.select_for_update(of=("self",))
    current = standing.filter(pk=endpoint.pk).first()
    delivery = Delivery.objects.filter(pk=outcome.letter.delivery.pk).first()
    if current is None or delivery is None:
        return "removed"
    delivery.tries += 1
    _keep(delivery, outcome)
    delivery.last_status, delivery.last_error = outcome.status, _told(outcome)
    if outcome.arrived:
        delivery.state, delivery.done_at = State.DELIVERED, at
        delivery.save()
        standing.filter(pk=current.pk).update(delivered_at=at, failing_since=None)
        return "delivered"
    return _failed(current, delivery, outcome, at=at)


def _failed(
    endpoint: Endpoint, delivery: Delivery, outcome: Outcome, *, at: datetime
) -> str:
    name = f"{delivery.endpoint_id}:{delivery.message_id}"
    later = schedule.wait(delivery.tries, name=name)
    asked = timedelta(0)
    if outcome.answer and outcome.status in ASKED_TO_WAIT:
        asked = pacing.retry_after(outcome.answer.headers, at=at)
    is_gone = outcome.status == GONE
    if later is None or is_gone:
        delivery.state, delivery.done_at = State.DEAD, at
    else:
        delivery.next_try = at + max(later, asked)
    delivery.save()
    since = endpoint.failing_since or at
    rest: dict[str, Any] = {"paused_until": at + asked} if asked else {}
    Endpoint.objects.filter(pk=endpoint.pk).update(failing_since=since, **rest)
    if is_gone:
        reason = "It answered 410: it wants no more messages."
        endpoints.disable(endpoint=endpoint, reason=reason, at=at)
    elif at - since >= schedule.LASTING:
        reason = f"It took nothing since {since:%Y-%m-%d %H:%M} UTC: {_told(outcome)}"
        endpoints.disable(endpoint=endpoint, reason=reason[:300], at=at)
    return "dead" if delivery.state == State.DEAD else "failed"


def _told(outcome: Outcome) -> str:
    if outcome.arrived:
        return ""
    return outcome.error or f"It answered {outcome.status}."


def _keep(delivery: Delivery, outcome: Outcome) -> None:
    letter, answer = outcome.letter, outcome.answer
    Attempt.objects.create(
        delivery=delivery,
        number=delivery.tries,
        at=letter.at,
        milliseconds=outcome.milliseconds,
        request_headers=letter.headers,
        request_sha256=hashlib.sha256(letter.body).hexdigest(),
        request_bytes=len(letter.body),
        status=outcome.status,
        error=_plain(outcome.error, 300),
        response_headers={
            _plain(name, 100): _plain(value, KEPT_HEADER)
            for name, value in list(answer.headers.items())[:KEPT_HEADERS]
        }
        if answer
        else {},
        response_body=_plain(answer.body.decode("utf-8", "replace"), KEPT_BODY)
        if answer
        else "",
    )
    mine = Attempt.objects.filter(delivery=delivery).order_by("-pk")
    surplus = list(mine.values_list("pk", flat=True)[KEPT_ATTEMPTS:])
    if surplus:
        Attempt.objects.filter(pk__in=surplus).delete()


def _plain(text: str, most: int) -> str:
    """Return a text as every database keeps it, cut to its length."""
    return text.replace("\0", "")[:most]
