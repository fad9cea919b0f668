"""Scheduled work for the world outside: each task calls one function with the time."""

import logging

from celery import shared_task
from django.utils import timezone

from tracker import tip_mail

logger = logging.getLogger(__name__)


@shared_task
def answer_tips() -> None:
    """Mail senders the answers to their tips, once each. Safe to run beside itself."""
    if sent := tip_mail.send_answers(at=timezone.now()):
        logger.info("Answers to tips sent: %s", sent)
