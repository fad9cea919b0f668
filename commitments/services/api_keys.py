"""Keys of trusted machines: made, read, revoked; and an answer that stays the same."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable, Collection
from datetime import datetime, timedelta
from typing import Any

from commitments.models import ApiAnswer, ApiKey
from commitments.models.api_key import ApiScope
from commitments.rules import RuleBroken

from .recording import recording

# Written at most so often: a reading machine must not make the database write.
USE_IS_NOTED_EVERY = timedelta(minutes=1)


def _digest(secret: str) -> str:
    # 256 random bits: there is nothing to guess, so a slow hash would buy nothing.
    return hashlib.sha256(secret.encode()).hexdigest()


def make_key(
    *, name: str, scopes: Collection[str], expires_at: datetime, at: datetime
) -> tuple[ApiKey, str]:
    """Return a new key and its secret, which is kept nowhere. Raises RuleBroken."""
    if unknown := set(scopes) - set(ApiScope.values):
        raise RuleBroken(
            "known_scopes", f"{', '.join(sorted(unknown))}: no scope.", field="scopes"
        )
    if expires_at <= at:
        raise RuleBroken(
            "expires_later", "Give a moment that is still to come.", field="expires_at"
        )
    prefix, secret = secrets.token_hex(4), secrets.token_urlsafe(32)
    whole = f"out_{prefix}_{secret}"
    key = ApiKey.objects.create(
        name=name,
        prefix=prefix,
        digest=_digest(whole),
        scopes=sorted(scopes),
        made_at=at,
        expires_at=expires_at,
    )
    return key, whole


def key_of(secret: str, *, at: datetime) -> ApiKey | None:
    """Return the valid key that a secret belongs to, and note that it was used."""
    key = ApiKey.objects.filter(digest=_digest(secret)).first()
    if key is None or not key.is_valid(at=at):
        return None
    if key.last_used_at is None or at - key.last_used_at >= USE_IS_NOTED_EVERY:
        ApiKey.objects.filter(pk=key.pk).update(last_used_at=at)
    return key


def revoke_keys(*, keys: Collection[ApiKey], at: datetime) -> int:
    """Make keys worthless from now on; return how many were still good."""
    pks = [key.pk for key in keys]
    return ApiKey.objects.filter(pk__in=pks, revoked_at=None).update(revoked_at=at)


@recording
def answer_once(
    *,
    key: ApiKey,
    idempotency_key: str,
    fingerprint: str,
    act: Callable[[], tuple[int, dict[str, Any]]],
    at: datetime,
) -> tuple[int, dict[str, Any]]:
    """Do ``act`` once per idempotency key and return its status and body.

    Asked again, the first answer is returned and nothing is done. Raises RuleBroken
    if the key stands for something else. An ``act`` that raises leaves nothing.
    """
    earlier = ApiAnswer.objects.filter(key=key, idempotency_key=idempotency_key)
    if idempotency_key and (answer := earlier.first()):
        if answer.fingerprint != fingerprint:
            raise RuleBroken(
                "idempotency_key",
                "This Idempotency-Key already stands for another request. Use a new "
                "one.",
                field="Idempotency-Key",
            )
        return answer.status, answer.body
    status, body = act()
    if idempotency_key:
        ApiAnswer.objects.create(
            key=key,
            idempotency_key=idempotency_key,
            fingerprint=fingerprint,
            status=status,
            body=body,
            at=at,
        )
    return status, body
