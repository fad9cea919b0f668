"""The one mail that the sender of a tip gets: its answer."""

from __future__ import annotations

import logging
from datetime import datetime
from smtplib import SMTPException, SMTPRecipientsRefused

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext as _

from commitments.models import Tip, TipStep

from .tips import UPKEEP, add_step

logger = logging.getLogger(__name__)
MOST = 100


def send_tip_answers(*, at: datetime, decided_after: datetime | None = None) -> int:
    """Mail each sender who left an address the answer to their tip, once.

    Marked before it is sent: a process killed in between loses this mail, and never
    sends it twice; the answer stands in public all the same. Where the mail server
    cannot be reached nothing is marked, and the next run tries again. Returns how
    many mails went out. What was decided up to ``decided_after`` is let be.
    """
    found = Tip.objects.to_be_mailed().select_related("commitment", "duplicate_of")
    if decided_after is not None:
        found = found.filter(decided_at__gt=decided_after)
    waiting = list(found[:MOST])
    if not waiting:
        return 0
    sent = 0
    with get_connection() as mailer:
        for tip in waiting:
            if not _mark(tip, at=at):
                continue
            try:
                mailer.send_messages([_mail(tip)])
                sent += 1
            except SMTPRecipientsRefused:
                logger.warning("The answer to tip %s was refused.", tip.pk)
            except (SMTPException, OSError):
                # The rest would be marked and lost: they wait for the next run.
                logger.exception("The answer to tip %s may be lost.", tip.pk)
                break
    return sent


@transaction.atomic
def _mark(tip: Tip, *, at: datetime) -> bool:
    """Take a tip's mail; False where another run, or its deletion, was first."""
    mine = Tip.objects.to_be_mailed().filter(pk=tip.pk).update(mailed_at=at)
    if mine:
        add_step(tip, TipStep.Action.MAILED, by=UPKEEP, at=at)
    return bool(mine)


def _mail(tip: Tip) -> EmailMessage:
    """Return the answer, in the language in which the form was shown."""
    with translation.override(tip.language):
        original = tip.duplicate_of
        context = {
            "tip": tip,
            "answer": tip.answer
            or (original.answer if original and original.decided_at else ""),
            "site_name": settings.SITE_NAME,
            "site_url": settings.SITE_URL,
        }
        return EmailMessage(
            subject=_("%(site)s: your tip %(reference)s")
            % {"site": settings.SITE_NAME, "reference": tip.reference},
            body=render_to_string("mail/tip_answer.txt", context),
            to=[tip.email],
            # RFC 3834: nobody's out-of-office note is answered to us.
            headers={"Auto-Submitted": "auto-generated"},
        )
