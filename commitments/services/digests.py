"""The desk's mails: what waits, each morning; the week's numbers, each Monday."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import css_inline
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import EmailMultiAlternatives, get_connection
from django.db import transaction
from django.db.models import Max, Q
from django.template.loader import render_to_string

from commitments import accounts, digest
from commitments.digest import Section
from commitments.models import DeskDigest, DigestPause

logger = logging.getLogger(__name__)
Kind = DeskDigest.Kind
# Longer than any run takes: then whoever had it has died.
LEASE = timedelta(minutes=15)


def send_desk_digest(*, on: date, at: datetime) -> int:
    """Mail each reviewer what is newly flagged, waiting and due on day ``on``.

    Nothing is sent where there is nothing. Run twice, late or beside itself it sends
    once for a person and a day, and flags of a missed day are in the next mail. A
    process killed between sending and marking sends again after a while: a mail twice
    is better than a flag unseen. Returns how many mails went out.
    """
    mine = _take(Kind.DAY, on=on, at=at)
    if not mine:
        return 0
    told = DeskDigest.objects.filter(kind=Kind.DAY, on__lt=on)
    pairs = told.order_by().values_list("recipient").annotate(Max("flags_until"))
    since: dict[int, datetime] = dict(pairs)
    earliest = [since.get(one.recipient_id) for one in mine]
    read = digest.morning(
        on=on,
        since=None if None in earliest else min(filter(None, earliest)),
        until=max(one.flags_until for one in mine),
    )
    title = f"What waits, {on:%-d %B %Y}"
    return _send(
        [
            (one, read.sections(one.recipient, since=since.get(one.recipient_id)))
            for one in mine
        ],
        title=title,
        at=at,
    )


def send_week_digest(*, on: date, at: datetime) -> int:
    """Mail each reviewer the numbers of the week before the Monday up to ``on``.

    Once for a person and a week, also where Monday was missed; nothing after a week
    without anything. Returns how many mails went out.
    """
    monday = on - timedelta(days=on.weekday())
    mine = _take(Kind.WEEK, on=monday, at=at)
    if not mine:
        return 0
    sections = digest.week(on=monday)
    title = f"The week's numbers, {monday:%-d %B %Y}"
    return _send([(one, sections) for one in mine], title=title, at=at)


def pause_digests(*, account: Any, at: datetime) -> None:
    """Send an account no more digests, until it wants them again."""
    DigestPause.objects.get_or_create(account=account, defaults={"since": at})


def resume_digests(*, account: Any) -> None:
    """Send an account the digests again."""
    DigestPause.objects.filter(account=account).delete()


@transaction.atomic
def _take(kind: str, *, on: date, at: datetime) -> list[DeskDigest]:
    """Make the digests of a period that are missing; lease and return what is unsent."""
    readers = (
        get_user_model()
        ._default_manager.filter(
            is_active=True, groups__name=accounts.REVIEWER, digest_pause=None
        )
        .exclude(email="")
    )
    DeskDigest.objects.bulk_create(
        (
            DeskDigest(kind=kind, recipient_id=pk, on=on, flags_until=at)
            for pk in readers.order_by("pk").values_list("pk", flat=True).distinct()
        ),
        ignore_conflicts=True,
    )
    free = Q(leased_until=None) | Q(leased_until__lte=at)
    unsent = DeskDigest.objects.filter(free, kind=kind, on=on, sent_at=None)
    mine = list(
        unsent.filter(recipient__in=readers)
        .select_for_update(of=["self"], skip_locked=True)
        .select_related("recipient")
        .order_by("pk")
    )
    chosen = DeskDigest.objects.filter(pk__in=[one.pk for one in mine])
    chosen.update(leased_until=at + LEASE)
    return mine


def _send(
    mails: Sequence[tuple[DeskDigest, list[Section]]], *, title: str, at: datetime
) -> int:
    """Send what holds something and mark it all; what fails waits for a later run."""
    full = [(one, sections) for one, sections in mails if sections]
    empty = [one.pk for one, sections in mails if not sections]
    DeskDigest.objects.filter(pk__in=empty).update(is_empty=True, sent_at=at)
    if not full:
        return 0
    sent: list[int] = []
    try:
        with get_connection() as mailer:
            for one, sections in full:
                mailer.send_messages([_mail(one.recipient, sections, title)])
                sent.append(one.pk)
    finally:
        DeskDigest.objects.filter(pk__in=sent).update(sent_at=at)
        failed = [one.pk for one, _ in full if one.pk not in sent]
        DeskDigest.objects.filter(pk__in=failed).update(leased_until=None)
    return len(sent)


def _mail(
    reader: Any, sections: Sequence[Section], title: str
) -> EmailMultiAlternatives:
    """Return the mail: text and HTML of the same sections."""
    context = {
        "subject": title,
        "sections": sections,
        "SITE_NAME": settings.SITE_NAME,
        "SITE_URL": settings.SITE_URL,
    }
    message = EmailMultiAlternatives(
        subject=f"{settings.SITE_NAME}: {title}",
        body=render_to_string("mail/desk_digest.txt", context),
        to=[reader.email],
        headers={"Auto-Submitted": "auto-generated"},
    )
    page = render_to_string("mail/desk_digest.html", context)
    # Many programs drop styles that are not in the tags; those for the dark stay.
    inlined = css_inline.inline(
        page, load_remote_stylesheets=False, keep_style_tags=True
    )
    message.attach_alternative(inlined, "text/html")
    return message
