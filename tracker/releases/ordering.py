"""Releases that the desk orders: written down by a page, made by a worker."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q

from tracker.models import Release, ReleaseOrder

from . import making

# Longer than a worker may take: what it left behind is taken up by another.
LEASE = timedelta(minutes=10)
OPEN = Q(outcome="")


def order(*, by: Any, at: datetime) -> ReleaseOrder:
    """Ask for a release as soon as may be; return the order, or the one that waits."""
    try:
        with transaction.atomic():
            return ReleaseOrder.objects.create(ordered_by=by, ordered_at=at)
    except IntegrityError:
        waiting = ReleaseOrder.objects.filter(OPEN).first()
        # Filled between the two: what was asked for is there.
        return waiting or ReleaseOrder.objects.latest("pk")


def fill(*, at: datetime) -> Release | None:
    """Make the release that is ordered; None where none is, or another makes it.

    Safe to run twice, late, or beside itself. What fails in another way than
    ``making.make_release`` foresees is raised, and tried again after ``LEASE``.
    """
    free = Q(started_at=None) | Q(started_at__lte=at - LEASE)
    waiting = ReleaseOrder.objects.filter(OPEN & free)
    one = waiting.first()
    if one is None or not waiting.filter(pk=one.pk).update(started_at=at):
        return None
    release = None
    try:
        release = making.make_release(at=at)
        outcome = f"Release {release.number} was made."
    except (making.NothingNew, making.NotMade) as reason:
        outcome = str(reason)[:300]
    ReleaseOrder.objects.filter(OPEN, pk=one.pk).update(outcome=outcome, done_at=at)
    return release
