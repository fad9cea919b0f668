"""What owners of endpoints are told by mail."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from smtplib import SMTPException

from django.conf import settings
from django.core.mail import send_mail
from django.template.loader import render_to_string

from tracker.models import EndpointNotice

logger = logging.getLogger(__name__)

LEASE = timedelta(minutes=10)


def send_notices(*, at: datetime, most: int = 20) -> int:
    """Mail what has not been mailed; return how many mails went out.

    A process killed between sending and marking sends again: twice is better here
    than never. A mail server that fails is asked again when the lease ends.
    """
    waiting = EndpointNotice.objects.filter(mailed_at=None).order_by("pk")
    taken = waiting.take(at=at, lease=LEASE, most=most)
    found = EndpointNotice.objects.filter(pk__in=[notice.pk for notice in taken])
    sent = 0
    for notice in found.select_related("endpoint"):
        try:
            _send(notice)
        except (OSError, SMTPException):
            logger.exception("Notice %s could not be mailed", notice.pk)
        else:
            sent += notice.give_back(mailed_at=at)
    return sent


def _send(notice: EndpointNotice) -> None:
    context = {"notice": notice, "endpoint": notice.endpoint}
    send_mail(
        subject=f"{settings.SITE_NAME}: your webhook is disabled",
        message=render_to_string("mail/endpoint_disabled.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        recipient_list=[notice.endpoint.email],
    )
