"""The nightly scan: open the flags whose reason holds, close those whose does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Max
from django.template.loader import render_to_string

from commitments import statuses
from commitments.models import Commitment, DataVersion, Flag, FlagDigest
from commitments.models.commitment import CommitmentQuerySet
from commitments.statuses import ENDED, FlagReason

Found = Callable[[CommitmentQuerySet, date], CommitmentQuerySet]

# Which commitments each reason holds for, and the column of the day it arose.
RULES: dict[FlagReason, tuple[Found, str, timedelta]] = {
    FlagReason.NEVER_REVIEWED: (
        lambda found, on: found.never_reviewed(),
        "stated_on",
        timedelta(0),
    ),
    FlagReason.STALE: (
        lambda found, on: found.stale(on=on),
        "stale_after",
        timedelta(days=1),
    ),
    FlagReason.REVIEW_DUE: (
        lambda found, on: found.review_due(on=on),
        "review_due_on",
        timedelta(0),
    ),
    FlagReason.OVERDUE: (
        lambda found, on: found.overdue(on=on).exclude(status__in=ENDED),
        "due_on",
        timedelta(days=1),
    ),
    FlagReason.DUE_SOON: (
        lambda found, on: found.due_soon(on=on).exclude(status__in=ENDED),
        "due_on",
        -statuses.DUE_SOON,
    ),
    FlagReason.INACTIVE: (
        lambda found, on: found.inactive(on=on).exclude(status__in=ENDED),
        "last_material_on",
        statuses.INACTIVE_AFTER + timedelta(days=1),
    ),
    FlagReason.CLAIM_GAP: (
        lambda found, on: found.with_claim_gap(),
        "position_since",
        timedelta(0),
    ),
    FlagReason.THIN_EVIDENCE: (
        lambda found, on: found.thinly_evidenced(),
        "status_since",
        timedelta(0),
    ),
    FlagReason.EVIDENCE_BROKEN: (
        lambda found, on: found.with_broken_evidence(on=on),
        "broken_since",
        timedelta(0),
    ),
    FlagReason.EVIDENCE_CHANGED: (
        lambda found, on: found.with_changed_evidence(),
        "changed_since",
        timedelta(0),
    ),
    FlagReason.NEW_EVIDENCE: (
        lambda found, on: found.with_suggestions(),
        "suggested_since",
        timedelta(0),
    ),
}


@transaction.atomic
def flag_commitments(*, on: date, at: datetime) -> dict[str, int]:
    """Bring the open flags to what they should be on day ``on``.

    Level-triggered: run twice, late or twice at once it leaves the same flags.
    Returns how many were opened and closed.
    """
    opened = closed = 0
    for reason, (found, since, offset) in RULES.items():
        holding = found(Commitment.objects.to_be_watched(), on)
        open_flags = Flag.objects.open().filter(reason=reason)
        closed += open_flags.exclude(
            commitment__in=holding.order_by().values("pk")
        ).update(closed_at=at)
        missing = holding.exclude(pk__in=open_flags.values("commitment")).order_by("pk")
        new = [
            Flag(
                commitment_id=pk,
                reason=reason,
                since_on=(day or on) + (offset if day else timedelta(0)),
                opened_at=at,
            )
            for pk, day in missing.values_list("pk", since)
        ]
        before = open_flags.count() if new else 0
        # A scan running beside this one may have opened some: the index decides.
        Flag.objects.bulk_create(new, ignore_conflicts=True, batch_size=1000)
        opened += open_flags.count() - before if new else 0
    if opened or closed:
        DataVersion.bump()
    return {"opened": opened, "closed": closed}


def reviewers() -> list:
    """Return the active accounts that sign off and have an address."""
    accounts = get_user_model().objects.filter(is_active=True, groups__name="reviewer")
    return list(accounts.exclude(email="").distinct().order_by("pk"))


def send_flag_digest(*, on: date, at: datetime) -> int:
    """Mail each reviewer the flags opened since their last digest; once a day.

    Nothing is sent where there is nothing new. Returns how many mails went out. A
    process killed between sending and commit sends again at the next run: a mail
    twice is better than a flag unseen.
    """
    sent = 0
    for reviewer in reviewers():
        with transaction.atomic():
            sent += _send_to(reviewer, on=on, at=at)
    return sent


def _send_to(reviewer, *, on: date, at: datetime) -> int:
    earlier = FlagDigest.objects.filter(recipient=reviewer)
    if earlier.filter(on__gte=on).exists():
        return 0
    until = earlier.aggregate(last=Max("flags_until"))["last"]
    flags = Flag.objects.open().filter(opened_at__lte=at)
    if until is not None:
        flags = flags.filter(opened_at__gt=until)
    new = list(flags.select_related("commitment").order_by("reason", "since_on"))
    if not new:
        return 0
    _, created = FlagDigest.objects.get_or_create(
        recipient=reviewer, on=on, defaults={"flags_until": at}
    )
    if not created:
        return 0
    context = {"flags": new, "on": on, "site_url": settings.SITE_URL}
    send_mail(
        subject=f"{settings.SITE_NAME}: {len(new)} new flags",
        message=render_to_string("mail/flag_digest.txt", context),
        from_email=settings.DEFAULT_FROM_EMAIL,
        recipient_list=[reviewer.email],
    )
    return 1
