"""Ask the Wayback Machine to keep what we keep. Off by default; failing softly."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from urllib.parse import quote

from django.db.models import Q

from commitments import outgoing, pacing
from commitments.models import Capture, DataVersion, Snapshot

SAVE = "https://web.archive.org/save/"
ATTEMPTS = 3
AGAIN = timedelta(hours=6)
# Older copies are not what the page says any more.
YOUNGEST = timedelta(days=7)
LIMITS = outgoing.Limits(seconds=60)


def save_snapshots(*, clock: Callable[[], datetime], seconds: float = 120) -> int:
    """Send the addresses of young copies to be saved; return how many were.

    One at a time, at the pace of the host; an attempt that fails is tried again six
    hours later, three times in all.
    """
    end = time.monotonic() + seconds
    saved = 0
    host = pacing.known([SAVE], at=clock())[pacing.host_of(SAVE)]
    while time.monotonic() < end and (capture := _next(at=clock())):
        if not pacing.take([host], at=clock()):
            break
        saved += _save(capture, at=clock())
        pacing.give_back({host.pk: pacing.pause(host)}, at=clock())
    return saved


def _next(*, at: datetime) -> Capture | None:
    young = Capture.objects.filter(
        origin=Capture.Origin.FETCHED, taken_at__gte=at - YOUNGEST
    )
    waiting = Q(snapshot=None) | Q(
        snapshot__address="",
        snapshot__attempts__lt=ATTEMPTS,
        snapshot__tried_at__lte=at - AGAIN,
    )
    return young.filter(waiting).defer("text", "headers").order_by("pk").first()


def _save(capture: Capture, *, at: datetime) -> bool:
    """Ask for one address and note what came of it."""
    address = failure = ""
    try:
        answer = outgoing.get(SAVE + quote(capture.url, safe=":/?&=%"), limits=LIMITS)
        path = answer.headers.get("content-location", "")
        if path.startswith("/web/"):
            address = f"https://web.archive.org{path}"
        elif answer.url.startswith("https://web.archive.org/web/"):
            address = answer.url
        else:
            failure = f"It answered {answer.status} and no snapshot."
    except (outgoing.Refused, outgoing.Unreachable) as trouble:
        failure = str(trouble)
    snapshot, _ = Snapshot.objects.get_or_create(capture=capture)
    snapshot.address, snapshot.failure = address[:2200], failure
    snapshot.attempts += 1
    snapshot.tried_at = at
    snapshot.save()
    if address:
        DataVersion.bump()
    return bool(address)
