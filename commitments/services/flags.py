"""The nightly scan: open the flags whose reason holds, close those whose does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from django.db import transaction

from commitments import statuses
from commitments.models import Commitment, DataVersion, Flag
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
