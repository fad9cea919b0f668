"""What is sent: the bytes of a message, its id and its signatures."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db.models import Q, QuerySet
from standardwebhooks.webhooks import Webhook

from tracker.models import Delivery, EndpointSecret, Event

from .sealing import unseal


def message_id(event: Event) -> str:
    """Return the id that a message keeps over all tries and for all endpoints.

    Made from the digest: after a restore of an older backup a number is used anew.
    """
    return f"msg_{event.entry.digest[:32]}"


def body(delivery: Delivery) -> bytes:
    """Return the bytes of a message, the same at every try."""
    event = delivery.event
    if event is None:
        test = {"about": "A test. It stands for nothing in the record."}
        return envelope("test", delivery.made_at, orjson.dumps(test).decode())
    return envelope(event.type, event.recorded_at, event.body)


def envelope(kind: str, at: datetime, data: str) -> bytes:
    """Return the payload of Standard Webhooks around JSON that is written already."""
    stamp = orjson.dumps(at.astimezone(UTC)).decode()
    return f'{{"type":"{kind}","timestamp":{stamp},"data":{data}}}'.encode()


def headers(
    name: str, content: bytes, *, secrets: Iterable[str], at: datetime
) -> dict[str, str]:
    """Return the headers of one try: id, time, and a signature under each secret."""
    moment = at.astimezone(UTC)
    signatures = [
        Webhook(secret).sign(msg_id=name, timestamp=moment, data=content.decode())
        for secret in secrets
    ]
    return {
        "Content-Type": "application/json",
        "webhook-id": name,
        "webhook-timestamp": str(int(moment.timestamp())),
        "webhook-signature": " ".join(signatures),
    }


def good_secrets(found: QuerySet[EndpointSecret], *, at: datetime) -> list[str]:
    """Return the secrets that sign at a moment, the newest first. Raises CannotOpen."""
    good: Any = found.filter(Q(expires_at=None) | Q(expires_at__gt=at))
    return [unseal(secret.sealed) for secret in good.order_by("-pk")]
