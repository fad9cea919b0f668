"""Endpoints: registered, changed, proven anew, disabled; their messages sent again."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet

from commitments import outgoing
from commitments.models import ApiKey, Commitment
from commitments.models.api_key import ApiScope
from commitments.rules import RuleBroken
from tracker.models import Delivery, Endpoint, EndpointNotice, EndpointSecret, Event
from tracker.models.endpoint import KINDS

from . import messages, sealing
from .schedule import KEPT

State = Endpoint.State
MOST_OF_A_KEY = 10
OVERLAP = timedelta(hours=24)
LONGEST_OVERLAP = timedelta(days=7)
MOST_SECRETS = 3
MOST_AGAIN = 500
FIELDS = ("url", "email", "note", "kinds")


def register(
    *,
    key: ApiKey,
    url: str,
    email: str,
    at: datetime,
    note: str = "",
    kinds: Collection[str] = (),
    commitments: Collection[Commitment] = (),
) -> tuple[Endpoint, str]:
    """Return a new endpoint and its secret, which is told this once.

    Nothing is sent to it before it has answered its challenge. Raises RuleBroken.
    """
    if ApiScope.WEBHOOKS not in key.scopes:
        raise RuleBroken(
            "key_is_for_webhooks", "This key is not for webhooks.", field="key"
        )
    if Endpoint.objects.filter(key=key).count() >= MOST_OF_A_KEY:
        raise RuleBroken(
            "endpoints_of_a_key",
            f"A key has at most {MOST_OF_A_KEY} endpoints. Remove one first.",
        )
    endpoint = Endpoint(key=key, made_at=at, **_ask(at))
    with transaction.atomic():
        _write(endpoint, url=url, email=email, note=note, kinds=kinds)
        endpoint.commitments.set(commitments)
        secret = sealing.new_secret()
        EndpointSecret.objects.create(
            endpoint=endpoint, sealed=sealing.seal(secret), made_at=at
        )
    return endpoint, secret


@transaction.atomic
def change(*, endpoint: Endpoint, at: datetime, **changes: Any) -> Endpoint:
    """Change address, e-mail, note, kinds or commitments of an endpoint.

    At another address it has to answer a challenge again. Raises RuleBroken.
    """
    chosen = changes.pop("commitments", None)
    endpoint = Endpoint.objects.select_for_update(of=("self",)).get(pk=endpoint.pk)
    if changes.get("url", endpoint.url) != endpoint.url:
        _begin_anew(endpoint, at=at)
    _write(endpoint, **changes)
    if chosen is not None:
        endpoint.commitments.set(chosen)
    return endpoint


def _write(endpoint: Endpoint, **values: Any) -> None:
    if "url" in values:
        try:
            outgoing.check_url(values["url"])
        except outgoing.Refused as refused:
            raise RuleBroken("address", str(refused), field="url") from None
    if "kinds" in values:
        known = [kind for kind, _ in KINDS]
        if unknown := sorted(set(values["kinds"]) - set(known)):
            raise RuleBroken(
                "known_kinds",
                f"{', '.join(unknown)}: no kind. Known: {', '.join(known)}.",
                field="kinds",
            )
        values["kinds"] = [kind for kind in known if kind in values["kinds"]]
    for name, value in values.items():
        setattr(endpoint, name, value)
    try:
        with transaction.atomic():
            endpoint.save()
    except IntegrityError:
        raise RuleBroken(
            "endpoint_once", "This key has an endpoint there already.", field="url"
        ) from None


def _ask(at: datetime) -> dict[str, Any]:
    return {"challenge": secrets.token_urlsafe(32), "challenge_at": at}


def _begin_anew(endpoint: Endpoint, *, at: datetime) -> None:
    fresh = {**_ask(at), "challenges": 0, "state": State.PENDING, "reason": ""}
    fresh |= {"verified_at": None, "failing_since": None, "paused_until": None}
    for name, value in fresh.items():
        setattr(endpoint, name, value)


@transaction.atomic
def enable(*, endpoint: Endpoint, at: datetime) -> Endpoint:
    """Have a disabled endpoint prove itself again; what waits for it then goes out.

    Raises RuleBroken where its key is no longer good.
    """
    endpoint = (
        Endpoint.objects.select_for_update(of=("self",))
        .select_related("key")
        .get(pk=endpoint.pk)
    )
    if not endpoint.key.is_valid(at=at):
        raise RuleBroken("key_is_good", "Its API key is revoked or has expired.")
    if endpoint.state == State.DISABLED:
        _begin_anew(endpoint, at=at)
        endpoint.save()
    return endpoint


@transaction.atomic
def disable(*, endpoint: Endpoint, reason: str, at: datetime) -> bool:
    """Send nothing there any more and tell its owner; False where that is so already.

    What waits stays for a month, and goes out if the endpoint is enabled again.
    """
    standing = Endpoint.objects.filter(pk=endpoint.pk).exclude(state=State.DISABLED)
    if not standing.update(state=State.DISABLED, reason=reason):
        return False
    EndpointNotice.objects.create(
        endpoint=endpoint, at=at, text=f"{endpoint.url} is disabled. {reason}"
    )
    return True


def stop(*, endpoint: Endpoint, at: datetime) -> None:
    """Disable an endpoint as its owner wishes: nobody need be told."""
    standing = Endpoint.objects.filter(pk=endpoint.pk).exclude(state=State.DISABLED)
    standing.update(state=State.DISABLED, reason="Its owner stopped it.")


def disable_orphans(*, at: datetime) -> int:
    """Disable the endpoints of keys that are no longer good; return how many."""
    reason = "Its API key is revoked or has expired."
    return sum(
        disable(endpoint=endpoint, reason=reason, at=at)
        for endpoint in Endpoint.objects.orphaned(at=at)
    )


@transaction.atomic
def rotate(*, endpoint: Endpoint, at: datetime, overlap: timedelta = OVERLAP) -> str:
    """Return a new secret, told this once; until ``overlap`` ends the old signs too.

    Raises RuleBroken for an overlap of less than nothing or more than a week.
    """
    if not timedelta(0) <= overlap <= LONGEST_OVERLAP:
        raise RuleBroken(
            "overlap",
            "The old secret goes on for 0 to 168 hours.",
            field="overlap_hours",
        )
    Endpoint.objects.select_for_update(of=("self",)).get(pk=endpoint.pk)
    mine = EndpointSecret.objects.filter(endpoint=endpoint)
    mine.filter(expires_at=None).update(expires_at=at + overlap)
    mine.filter(expires_at__lte=at).delete()
    kept = list(mine.order_by("-pk").values_list("pk", flat=True))
    mine.filter(pk__in=kept[MOST_SECRETS - 1 :]).delete()
    secret = sealing.new_secret()
    EndpointSecret.objects.create(
        endpoint=endpoint, sealed=sealing.seal(secret), made_at=at
    )
    return secret


# --- Sending on request -----------------------------------------------------------


def check_active(endpoint: Endpoint) -> None:
    if endpoint.state != State.ACTIVE:
        raise RuleBroken(
            "endpoint_is_active",
            "Nothing is sent to this endpoint: "
            + (endpoint.reason or "it has not answered its challenge yet."),
        )


def send_test(*, endpoint: Endpoint, at: datetime) -> Delivery:
    """Queue a test message. Raises RuleBroken while one waits already."""
    check_active(endpoint)
    waiting = Delivery.objects.waiting().filter(endpoint=endpoint, event=None)
    if waiting.exists():
        raise RuleBroken("one_test_at_a_time", "A test waits to be sent already.")
    return Delivery.objects.create(
        endpoint=endpoint, message_id=f"test_{uuid4().hex}", made_at=at, next_try=at
    )


def replay(*, deliveries: QuerySet[Delivery], at: datetime) -> int:
    """Send messages again, whatever became of them; return how many.

    Each keeps its id, so that a receiver that had it knows.
    """
    return deliveries.update(
        state=Delivery.State.WAITING, tries=0, next_try=at, done_at=None
    )


@transaction.atomic
def replay_after(*, endpoint: Endpoint, seq: int, at: datetime) -> tuple[int, int]:
    """Send again what an endpoint wants of the entries after ``seq``.

    Returns how many messages, and up to which entry: ask again from there. What is
    not handed to webhooks yet comes anyway. Raises RuleBroken.
    """
    check_active(endpoint)
    later = Event.objects.filter(pk__gt=seq, webhooks_at__isnull=False)
    events = list(later.select_related("entry").order_by("entry")[:MOST_AGAIN])
    spread([endpoint], events, at=at)
    wanted = Delivery.objects.filter(endpoint=endpoint, event__in=events)
    return replay(deliveries=wanted, at=at), events[-1].pk if events else seq


def spread(endpoints: Collection[Endpoint], events: Collection[Event], *, at: datetime):
    """Write a delivery for each event and endpoint that wants it, once."""
    links: Any = Endpoint.commitments.through
    chosen: dict[int, set[int]] = {endpoint.pk: set() for endpoint in endpoints}
    for pk, commitment in links.objects.filter(endpoint__in=chosen).values_list(
        "endpoint_id", "commitment_id"
    ):
        chosen[pk].add(commitment)
    Delivery.objects.bulk_create(
        (
            Delivery(
                endpoint=endpoint,
                event=event,
                commitment_id=event.commitment_id,
                message_id=messages.message_id(event),
                made_at=at,
                next_try=at,
            )
            for event in events
            for endpoint in endpoints
            if endpoint.wants(
                kind=event.entry.kind,
                commitment=event.commitment_id,
                chosen=chosen[endpoint.pk],
            )
        ),
        ignore_conflicts=True,
        batch_size=500,
    )


@transaction.atomic
def prune(*, at: datetime) -> int:
    """Give up what has waited for a month, and forget what was done before that."""
    old = at - KEPT
    Delivery.objects.waiting().filter(made_at__lt=old, next_try__lt=old).update(
        state=Delivery.State.DEAD, done_at=at, last_error="Nobody took it for a month."
    )
    gone, _ = Delivery.objects.filter(Q(done_at__lt=old)).delete()
    return gone
