"""Answers to tips leave like all that is sent: not while the outbox is held."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Max

from commitments import services
from tracker import outbox
from tracker.models import Hold


def send_answers(*, at: datetime) -> int:
    """Mail what senders of tips are to be answered; return how many mails went out.

    After a restore from backup nothing goes before an operator releases it, and what
    they let go then (it may have been sent after the backup was taken) never does.
    """
    if outbox.is_held():
        return 0
    let_go = Hold.objects.filter(discarded=True).aggregate(at=Max("released_at"))["at"]
    return services.send_tip_answers(at=at, decided_after=let_go)
