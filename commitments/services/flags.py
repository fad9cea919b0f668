"""The nightly scan: open the flags whose reason holds, close those whose does not."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import DateField, DateTimeField, Exists, Func, OuterRef, Value
from django.db.models.functions import Coalesce

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
        # By EXISTS: of a NOT IN, PostgreSQL would search the list for each row.
        closed += open_flags.filter(
            ~Exists(holding.filter(pk=OuterRef("commitment")))
        ).update(closed_at=at)
        missing = holding.filter(
            ~Exists(open_flags.filter(commitment=OuterRef("pk")))
        ).order_by()
        opened += _open(reason, missing, _Later(since, days=offset.days), on=on, at=at)
    if opened or closed:
        DataVersion.bump()
    return {"opened": opened, "closed": closed}


class _Later(Func):
    """A day so many days after that of a column, computed by the database."""

    output_field = DateField()

    def __init__(self, day: Any, *, days: int) -> None:
        super().__init__(day, days=days)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        days = f"{self.extra['days']:+d} days"
        template = f"DATE(%(expressions)s, '{days}')"
        return super().as_sql(compiler, connection, template=template)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "(%(expressions)s + %(days)s)"
        return super().as_sql(compiler, connection, template=template)


def _open(
    reason: str, missing: CommitmentQuerySet, since: Func, *, on: date, at: datetime
) -> int:
    """Open a flag for each of ``missing`` by one statement; return how many are new.

    No row leaves the database. A scan running beside this one may have opened some: the
    index decides.
    """
    rows = missing.annotate(
        as_reason=Value(reason),
        as_since=Coalesce(since, Value(on), output_field=DateField()),
        as_opened=Value(at, output_field=DateTimeField()),
    ).values_list("pk", "as_reason", "as_since", "as_opened")
    select, given = rows.query.sql_with_params()
    into = f"{Flag._meta.db_table} (commitment_id, reason, since_on, opened_at)"
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {into} {select} ON CONFLICT DO NOTHING", given)
        return cursor.rowcount
