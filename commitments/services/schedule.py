"""One scheduler acts at a time, and knows after a stop what it missed."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from commitments.models import QueueBeat, ScheduledJob, SchedulerLease

# Longer than a scheduler sleeps between two beats; a dead one is replaced within it.
LEASE = timedelta(seconds=30)


def hold_beat(*, holder: str, at: datetime) -> bool:
    """Take or renew the scheduler's lease; return whether ``holder`` may act.

    One statement decides, so that of any number of schedulers one holds it.
    """
    kept = {"holder": holder, "beat_at": at, "held_until": at + LEASE}
    free = Q(holder=holder) | Q(held_until__lte=at)
    if SchedulerLease.objects.filter(free, pk=1).update(**kept):
        return True
    if SchedulerLease.objects.filter(pk=1).exists():
        return False
    try:
        with transaction.atomic():
            SchedulerLease.objects.create(pk=1, **kept)
    except IntegrityError:
        return False
    return True


def release_beat(*, holder: str, at: datetime) -> None:
    """Let the lease go, so that another scheduler need not wait for its end."""
    SchedulerLease.objects.filter(pk=1, holder=holder).update(held_until=at)


def last_runs(names: Iterable[str], *, at: datetime) -> dict[str, datetime]:
    """Return when each job last ran; one that is new counts as run ``at``."""
    names = list(names)
    ScheduledJob.objects.bulk_create(
        [ScheduledJob(name=name, last_run_at=at) for name in names],
        ignore_conflicts=True,
    )
    found = ScheduledJob.objects.filter(name__in=names)
    return dict(found.values_list("name", "last_run_at"))


def note_run(*, name: str, at: datetime) -> None:
    """Keep that a job was handed to the broker."""
    ScheduledJob.objects.filter(name=name).update(last_run_at=at)


def hear_queue(*, queue: str, at: datetime) -> None:
    """Keep that a worker took a message from a queue."""
    QueueBeat.objects.update_or_create(queue=queue, defaults={"heard_at": at})
