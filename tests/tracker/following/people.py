"""Followers, made the way readers make them, at times of the test's choosing."""

import re
from datetime import UTC, datetime, timedelta

from django.conf import settings
from django.core import mail

from commitments import services
from tests.factories import DraftFactory, EvidenceFactory, UserFactory, assess
from tracker.following import follows, sending, spreading, wishes
from tracker.models import Follow, Follower, Mail
from tracker.models.follower import Cadence, Scope

# A Tuesday.
AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def wish(address="ann@example.org", filters="", at=AT, **more):
    wishes.to_follow(
        address=address,
        filters=filters,
        **{"scope": Scope.ALL, "cadence": Cadence.NOW, "language": "en-gb", **more},
        at=at,
    )
    wishes.take_up(at=at)


def follower(address="ann@example.org", filters="", *others, at=AT, **more):
    """Somebody who asked for each filter and confirmed it."""
    for one in (filters, *others):
        wish(address, one, at=at, **more)
    found = Follower.objects.at_address(address).get()
    chosen = list(found.follows.waiting().values_list("pk", flat=True))
    follows.confirm(follower=found, chosen=chosen, at=at)
    # What asked for confirmation is not what the tests look at.
    found.mails.update(state=Mail.State.DROPPED)
    found.refresh_from_db()
    return found


def follow(filters=""):
    return Follow.objects.confirmed().get(filters=filters)


def change(commitment, at=AT, status="partly_delivered", **more):
    """Record that something about a commitment moved, at a time."""
    more.setdefault("evidence", [EvidenceFactory(official=True)])
    more.setdefault("criteria_met", ["a"] if status == "partly_delivered" else [])
    return assess(commitment, status=status, at=at, effective_on=at.date(), **more)


def publish(at=AT, **more):
    """Publish a new commitment, at a time."""
    draft = DraftFactory(**more)
    services.publish(commitment=draft, by=UserFactory(), at=at)
    return draft


def tell(at=AT):
    return spreading.tell_at_once(at=at)


def send(at=AT):
    """Send what is due, and return it."""
    before = len(mail.outbox)
    sending.send_due(clock=lambda: at)
    return mail.outbox[before:]


def later(**span):
    return AT + timedelta(**span)


def html(message):
    return message.alternatives[0][0]


def link(message, kind):
    """Return the path of a link in a mail: confirm, mine or stop."""
    address = re.escape(settings.SITE_URL) + rf"(/(?:\w+/)?follow/{kind}/\S+)"
    return re.search(address, message.body).group(1)
