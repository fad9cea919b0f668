"""The outbox: what is to be told, written with what happened; senders take from it.

``write`` runs in the transaction of a recording. ``fan_out`` hands each event once to
the followers of a channel, as rows that say who is still to hear of it; senders take
those with leases (``tracker.models.Leased``), deliver outside any transaction and mark
in a second one. All of it is level-triggered: a crash anywhere, or a second run beside
the first, loses nothing.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import transaction

from commitments import shown, tracing
from commitments.models import HistoryEntry
from commitments.models.history import HistoryEntryQuerySet
from commitments.signals import recorded
from commitments.statuses import EntryKind
from tracker import sync
from tracker.models import Channel, Delivery, Event, Hold

logger = logging.getLogger(__name__)

BATCH = 400
RESTORED = "Restored from a backup"


def connect() -> None:
    """Write what is recorded into the outbox, from now on."""
    recorded.connect(_on_recorded, dispatch_uid="tracker.outbox")
    if differing not in shown.CHECKS:
        shown.CHECKS.append(differing)


def _on_recorded(*, entries: HistoryEntryQuerySet, **kwargs: Any) -> None:
    write(list(entries))


def write(entries: Sequence[HistoryEntry]) -> None:
    """Put public entries into the outbox, in the transaction that recorded them.

    The number of queries does not depend on that of entries.
    """
    Event.objects.bulk_create(
        Event(
            entry=entry,
            commitment=entry.commitment,
            type=change["type"],
            body=sync.written(change),
            request_id=tracing.request_id(),
            recorded_at=entry.recorded_at,
        )
        for entry, change in zip(entries, sync.told(entries), strict=True)
    )
    redacted = {e.commitment_id for e in entries if e.kind == EntryKind.REDACTION}
    if redacted:
        _write_anew(redacted)


def _write_anew(commitments: set[int]) -> None:
    """Take erased texts out of the events of commitments: each may repeat them."""
    events = {
        event.pk: event for event in Event.objects.filter(commitment__in=commitments)
    }
    entries = list(HistoryEntry.objects.filter(seq__in=events).chained())
    for change in sync.told(entries):
        events[change["seq"]].body = sync.written(change)
    Event.objects.bulk_update(events.values(), ["body"], batch_size=200)


def differing() -> Iterator[str]:
    """Yield which events tell something else than their entries."""
    stored = Event.objects.order_by("pk").values_list("pk", "body").iterator()
    while batch := dict(islice(stored, BATCH)):
        entries = HistoryEntry.objects.filter(seq__in=batch).chained()
        for change in sync.told(list(entries)):
            if batch[change["seq"]] != sync.written(change):
                yield f"entry {change['seq']}: its event differs from the record"


@transaction.atomic
def fan_out(
    channel: Channel,
    spread: Callable[[Sequence[Event]], None],
    *,
    at: datetime,
    most: int = 200,
) -> int:
    """Hand up to ``most`` events to a channel, oldest first; return how many.

    ``spread`` writes, in this transaction, one row for each event and follower, which a
    unique key keeps from being written twice. It is not called where nothing waits.
    """
    if is_held():
        return 0
    # The lock keeps a second run from overtaking: events go out in their order.
    waiting = Event.objects.waiting(channel).select_for_update(of=("self",))
    events = list(waiting.select_related("entry", "commitment")[:most])
    if events:
        spread(events)
        # What no request began, like the founding catalogue, has none to be traced to.
        for event in filter(lambda one: one.request_id, events):
            with tracing.following(event.request_id):
                logger.info("Entry %s is handed to %s", event.seq, channel)
        marked = Event.objects.filter(pk__in=[event.pk for event in events])
        marked.update(**{f"{channel}_at": at})
    return len(events)


def ages(*, at: datetime) -> dict[str, float]:
    """Return for each channel the seconds since its oldest event was recorded; else 0."""
    found = {}
    for channel in Channel.values:
        oldest = Event.objects.waiting(channel).values_list("recorded_at", flat=True)
        since = oldest.first()
        found[channel] = max(0.0, (at - since).total_seconds()) if since else 0.0
    return found


# --- Holding: after a restore from backup -----------------------------------------


def is_held() -> bool:
    """Whether nothing may be sent before an operator releases it."""
    return Hold.objects.filter(released_at=None).exists()


def hold(*, at: datetime, reason: str = RESTORED) -> Hold:
    """Let nothing leave the outbox from now on. Holding twice is holding once."""
    held, _ = Hold.objects.get_or_create(
        reason=reason, released_at=None, defaults={"held_at": at}
    )
    return held


@transaction.atomic
def release(*, at: datetime, discard: bool = False) -> int:
    """End every hold; return how many there were.

    With ``discard`` the events that waited are let go: what a backup holds as unsent
    may have been sent after it was taken.
    """
    if discard:
        for channel in Channel.values:
            Event.objects.waiting(channel).update(**{f"{channel}_at": at})
        Delivery.objects.waiting().update(
            state=Delivery.State.DEAD, done_at=at, last_error="Let go by an operator."
        )
    held = Hold.objects.filter(released_at=None)
    return held.update(released_at=at, discarded=discard)
