"""Scheduled work for the world outside: each task calls one function with the time."""

import logging
from pathlib import Path

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from commitments import services
from commitments.check import verify_everything
from tracker import outbox, tip_mail
from tracker.api import cards
from tracker.backups.making import snapshot
from tracker.following import digests, forgetting, spreading, wishes
from tracker.following import sending as mailing
from tracker.releases import making, ordering
from tracker.webhooks import endpoints, sending

logger = logging.getLogger(__name__)


@shared_task
def answer_tips() -> None:
    """Mail senders the answers to their tips, once each. Safe to run beside itself."""
    if sent := tip_mail.send_answers(at=timezone.now()):
        logger.info("Answers to tips sent: %s", sent)


@shared_task
def send_desk_digests() -> None:
    """Mail reviewers what waits, and the week's numbers. Safe to run twice or late."""
    if outbox.is_held():
        return
    on, at = timezone.localdate(), timezone.now()
    sent = services.send_desk_digest(on=on, at=at)
    sent += services.send_week_digest(on=on, at=at)
    logger.info("Digests for the desk sent: %s", sent)


@shared_task
def relay_webhooks() -> None:
    """Hand out events and send what is due. Safe to run late or beside itself."""
    if counts := sending.relay(clock=timezone.now):
        logger.info("Webhooks: %s", dict(counts))


@shared_task
def renew_cards() -> None:
    """Write the cards whose days are over. Safe to run twice, late, or beside itself."""
    if written := cards.fill(on=timezone.localdate()):
        logger.info("Cards written anew: %s", written)


@shared_task
def prune_deliveries() -> None:
    """Forget messages that were done a month ago. Safe to run twice."""
    endpoints.prune(at=timezone.now())


# Below the time after which the broker would hand it out again.
@shared_task(soft_time_limit=500, time_limit=540)
def make_monthly_release() -> None:
    """Release the data once a month. Safe to run twice, late, or beside itself."""
    try:
        if release := making.make_monthly_release(at=timezone.now()):
            logger.info("%s", release.citation)
    except (making.NothingNew, making.NotMade) as reason:
        logger.info("No release: %s", reason)


@shared_task(soft_time_limit=500, time_limit=540)
def fill_release_order() -> None:
    """Make the release that the desk ordered. Safe to run twice or beside itself."""
    if release := ordering.fill(at=timezone.now()):
        logger.info("%s", release.citation)


class Unfit(Exception):
    """What does not fit in the record, a sentence each."""


@shared_task(soft_time_limit=500, time_limit=540)
def verify_record() -> None:
    """Hash history, stored values and kept copies anew. Safe while people write.

    Where anything does not fit the task fails, which logs, figures and reports tell.
    """
    with snapshot():
        found = list(verify_everything([Path(settings.CHECKPOINT_FILE)]))
    if found:
        raise Unfit(f"{len(found)} findings: {'; '.join(found[:20])}")
    logger.info("All of the record fits")


@shared_task
def write_mails() -> None:
    """Write what followers are to be sent. Safe to run twice, late, or beside itself."""
    wishes.take_up(at=timezone.now())
    told = spreading.tell_at_once(at=timezone.now())
    built = digests.build_due(at=timezone.now())
    if told or built:
        logger.info("Events told at once: %s; digests written: %s", told, built)


@shared_task
def send_mails() -> None:
    """Send what is due. Safe to run twice or beside itself: no mail goes twice."""
    counts = mailing.send_due(clock=timezone.now)
    if counts:
        logger.info("Mails: %s", dict(counts))


@shared_task
def forget_followers() -> None:
    """Delete addresses that follow nothing any more. Safe to run twice or late."""
    gone = forgetting.forget(at=timezone.now())
    logger.info("Forgotten: %s", gone)
