"""Scheduled upkeep: each task calls one service with the day and the time."""

import logging

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from commitments import services
from commitments.bulk import runs
from commitments.services import schedule

logger = logging.getLogger(__name__)


@shared_task
def flag_commitments() -> None:
    """Open and close flags. Safe to run twice, late, or beside itself."""
    done = services.flag_commitments(on=timezone.localdate(), at=timezone.now())
    logger.info("Flags: %(opened)s opened, %(closed)s closed", done)


@shared_task
def write_checkpoint() -> None:
    """Sign the head of the history into the checkpoint file. Safe to run twice."""
    checkpoint = services.write_checkpoint(at=timezone.now())
    logger.info("Checkpoint: %s", checkpoint["seq"] if checkpoint else "unchanged")


@shared_task
def work_on_imports() -> None:
    """Check or write the file that has waited longest. Safe to run beside itself."""
    runs.work_on_next(at=timezone.now())


@shared_task
def check_links() -> None:
    """Look at links that are due and keep copies. Safe to run beside itself."""
    if not settings.LINK_CHECKS:
        return
    counts = services.check_links(clock=timezone.now)
    if counts:
        logger.info("Links: %s", dict(counts))
        services.flag_commitments(on=timezone.localdate(), at=timezone.now())


@shared_task
def watch_sources() -> None:
    """Look for new documents and read them. Safe to run beside itself."""
    if not settings.LINK_CHECKS:
        return
    counts = services.watch_sources(clock=timezone.now)
    if counts:
        logger.info("Watched sources: %s", dict(counts))
        services.flag_commitments(on=timezone.localdate(), at=timezone.now())


@shared_task
def save_snapshots() -> None:
    """Have the Wayback Machine keep what we keep, where that is switched on."""
    if settings.WAYBACK:
        saved = services.save_snapshots(clock=timezone.now)
        logger.info("Snapshots saved: %s", saved)


@shared_task
def hear_queue(queue: str) -> None:
    """Keep that a worker of this queue is at work: readiness and metrics ask."""
    schedule.hear_queue(queue=queue, at=timezone.now())


@shared_task
def forget_senders() -> None:
    """Empty what readers wrote 90 days ago. Safe to run twice or late."""
    done = services.forget_senders(at=timezone.now())
    logger.info("Tips: %(erased)s emptied, %(lapsed)s of them unanswered", done)
