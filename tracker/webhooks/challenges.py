"""Challenges: an endpoint proves that it wants our messages before it gets one."""

from __future__ import annotations

import hmac
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

import orjson

from commitments import outgoing
from tracker.models import Endpoint

from . import endpoints, messages
from .schedule import CHALLENGE_WAITS, LEASE, SECONDS
from .sealing import CannotOpen

LIMITS = outgoing.Limits(bytes=10_000, seconds=SECONDS)


@dataclass(frozen=True)
class Question:
    """A challenge as it is sent."""

    endpoint: Endpoint
    body: bytes
    headers: dict[str, str]


def verify(*, at: datetime, most: int = 16) -> int:
    """Challenge the endpoints that are due; return how many are active now.

    All are asked at once, so that one that hangs holds up no other.
    """
    due = Endpoint.objects.unproven(at=at).order_by("challenge_at")
    taken = due.take(at=at, lease=LEASE, most=most)
    if not taken:
        return 0
    questions = [_question(endpoint, at=at) for endpoint in taken]
    with ThreadPoolExecutor(len(questions), "challenge") as pool:
        found = list(pool.map(_ask, questions))
    return sum(
        _settle(endpoint, wrong, at=at)
        for endpoint, wrong in zip(taken, found, strict=True)
    )


def _question(endpoint: Endpoint, *, at: datetime) -> Question | str:
    data = orjson.dumps({"challenge": endpoint.challenge}).decode()
    body = messages.envelope("challenge", at, data)
    name = f"challenge_{endpoint.challenge[:22]}"
    try:
        secrets = messages.good_secrets(endpoint.secrets.all(), at=at)
    except CannotOpen as failure:
        return str(failure)
    headers = messages.headers(name, body, secrets=secrets, at=at)
    return Question(endpoint, body, headers)


def _ask(question: Question | str) -> str:
    """Send a challenge; return what is wrong, or nothing. Touches no database.

    The answer has to be 2xx and give the challenge back: as JSON under “challenge”,
    or as it is.
    """
    if isinstance(question, str):
        return question
    challenge = question.endpoint.challenge.encode()
    try:
        answer = outgoing.post(
            question.endpoint.url,
            body=question.body,
            headers=question.headers,
            limits=LIMITS,
        )
    except (outgoing.Refused, outgoing.Unreachable) as failure:
        return str(failure)[:200]
    if not 200 <= answer.status < 300:
        return f"It answered {answer.status}."
    if not hmac.compare_digest(_given(answer.body), challenge):
        return "It did not give the challenge back."
    return ""


def _given(body: bytes) -> bytes:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return body.strip()
    told = found.get("challenge") if isinstance(found, dict) else found
    return told.encode("utf-8", "replace") if isinstance(told, str) else b""


def _settle(endpoint: Endpoint, wrong: str, *, at: datetime) -> bool:
    if not wrong:
        # An address that was changed meanwhile has another challenge.
        same = Endpoint.objects.filter(
            pk=endpoint.pk, challenge=endpoint.challenge, state=Endpoint.State.PENDING
        )
        proven = same.update(state=Endpoint.State.ACTIVE, verified_at=at)
        endpoint.give_back()
        return bool(proven)
    asked = endpoint.challenges + 1
    if asked > len(CHALLENGE_WAITS):
        endpoint.give_back(challenges=asked)
        reason = f"It did not answer its challenge. {wrong}"
        endpoints.disable(endpoint=endpoint, reason=reason[:300], at=at)
    else:
        later = at + CHALLENGE_WAITS[asked - 1]
        endpoint.give_back(challenges=asked, challenge_at=later)
    return False
