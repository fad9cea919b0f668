"""What need not be known any more is deleted, each day anew."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from tracker.models import Follow, Follower, Knock, Letter, Mail, Telling
from tracker.models.follower import ANSWERED_WITHIN

from . import knocking

# Of mails, what was sent and when; of changes, how they were told.
MAILS_KEPT = timedelta(days=30)
TELLINGS_KEPT = timedelta(days=90)
OVER = (
    Mail.State.SENT,
    Mail.State.REFUSED,
    Mail.State.FAILED,
    Mail.State.DROPPED,
    Mail.State.UNCERTAIN,
)


@transaction.atomic
def forget(*, at: datetime) -> dict[str, int]:
    """Delete what its time is over of; return how many addresses and mails went.

    Level-triggered: run twice, late or beside itself it leaves the same.
    """
    Knock.objects.filter(at__lt=at - knocking.KEPT).delete()
    Follow.objects.waiting().filter(asked_at__lt=at - ANSWERED_WITHIN).delete()
    addresses = _delete(Follower.objects.unanswered(at=at))
    addresses += _delete(Follower.objects.gone(at=at))
    old = Mail.objects.filter(state__in=OVER, made_at__lt=at - MAILS_KEPT)
    mails = old.delete()[0]
    Letter.objects.filter(made_at__lt=at - MAILS_KEPT, mails=None).delete()
    Telling.objects.filter(event__recorded_at__lt=at - TELLINGS_KEPT).delete()
    return {"addresses": addresses, "mails": mails}


def _delete(followers) -> int:
    count = followers.count()
    followers.delete()
    return count
