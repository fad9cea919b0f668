"""The nightly scan: open the flags whose reason holds, close those whose does not."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import (
    DateField,
    DateTimeField,
    Exists,
    Func,
    OuterRef,
    Q,
    Value,
)
from django.db.models.functions import Coalesce

from commitments import statuses
from commitments.models import Commitment, DataVersion, Flag, FlagScan, HistoryEntry
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


# How long after the day in its column a reason begins or ceases to hold by the passing
# of time alone. Otherwise only an entry of the commitment changes its reasons.
TURNS: dict[FlagReason, tuple[timedelta, ...]] = {
    FlagReason.STALE: (timedelta(days=1),),
    FlagReason.REVIEW_DUE: (timedelta(0),),
    FlagReason.OVERDUE: (timedelta(days=1),),
    FlagReason.DUE_SOON: (-statuses.DUE_SOON, timedelta(days=1)),
    FlagReason.INACTIVE: (statuses.INACTIVE_AFTER + timedelta(days=1),),
}
# These change without an entry and on no known day: links and suggestions do. Few
# commitments have them, so all are compared each time.
OUTSIDE = (
    FlagReason.EVIDENCE_BROKEN,
    FlagReason.EVIDENCE_CHANGED,
    FlagReason.NEW_EVIDENCE,
)
# A change past the services, by hand in the database, is found within so many days.
WHOLE_EVERY = timedelta(days=7)


@transaction.atomic
def flag_commitments(*, on: date, at: datetime) -> dict[str, int]:
    """Bring the open flags to what they should be on day ``on``.

    Run twice, late or twice at once it leaves the same flags: those whose reason holds.
    It compares what entries or days have changed since the scan before, and everything
    where there was none, the rules were others, the day is an earlier one, or a week has
    passed. Returns how many were opened and closed.
    """
    # Scans at the same time wait for each other here.
    scan, _ = FlagScan.objects.select_for_update().get_or_create(
        pk=1, defaults={"on": on, "seq": 0, "rules": "", "whole_on": on}
    )
    # What is recorded from here on, the next scan compares too.
    rules, seq = _rules(), HistoryEntry.objects.last_seq()
    since = scan if _goes_on(scan, rules, on) else None
    opened = closed = 0
    for reason, (found, column, offset) in RULES.items():
        holding = found(Commitment.objects.to_be_watched(), on)
        open_flags = Flag.objects.open().filter(reason=reason)
        # By EXISTS: of a NOT IN, PostgreSQL would search the list for each row.
        gone = open_flags.filter(~Exists(holding.filter(pk=OuterRef("commitment"))))
        if since and reason not in OUTSIDE:
            changed = _changed(reason, since, on).values("pk")
            gone = gone.filter(commitment__in=changed)
            # As a list: SQLite would rather read all that is due than the ranges.
            holding = holding.filter(pk__in=changed)
        closed += gone.update(closed_at=at)
        missing = holding.filter(
            ~Exists(open_flags.filter(commitment=OuterRef("pk")))
        ).order_by()
        arose = _Later(column, days=offset.days)
        opened += _open(reason, missing, arose, on=on, at=at)
    scan.on, scan.seq, scan.rules = on, seq, rules
    if since is None:
        scan.whole_on = on
        _tell_planner()
    scan.save()
    if opened or closed:
        DataVersion.bump()
    return {"opened": opened, "closed": closed}


def _rules() -> str:
    """Return a digest of all that the scan asks, for a day that is always the same."""
    asked = [
        found(Commitment.objects.to_be_watched(), date(2026, 1, 1)).query
        for found, _, _ in RULES.values()
    ]
    told = f"{[query.sql_with_params() for query in asked]}{TURNS}{OUTSIDE}"
    return hashlib.sha256(told.encode()).hexdigest()


def _goes_on(scan: FlagScan, rules: str, on: date) -> bool:
    """Whether it is enough to compare what has changed since that scan."""
    return scan.rules == rules and scan.on <= on < scan.whole_on + WHOLE_EVERY


def _changed(reason: FlagReason, since: FlagScan, on: date) -> CommitmentQuerySet:
    """Return for which commitments the reason may have come or gone since a scan."""
    changed, column = Q(latest_entry__gt=since.seq), RULES[reason][1]
    for turn in TURNS.get(reason, ()):
        days = {f"{column}__gt": since.on - turn, f"{column}__lte": on - turn}
        changed |= Q(**days)
    return Commitment.objects.filter(changed).order_by()


def _tell_planner() -> None:
    """Have PostgreSQL count the flags, before it plans for as many as there were."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"ANALYZE {Flag._meta.db_table}")


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

    No row leaves the database. Scans take turns, so none is opened beside this one.
    """
    rows = missing.annotate(
        as_reason=Value(reason),
        as_since=Coalesce(since, Value(on), output_field=DateField()),
        as_opened=Value(at, output_field=DateTimeField()),
    ).values_list("pk", "as_reason", "as_since", "as_opened")
    select, given = rows.query.sql_with_params()
    into = f"{Flag._meta.db_table} (commitment_id, reason, since_on, opened_at)"
    with connection.cursor() as cursor:
        cursor.execute(f"INSERT INTO {into} {select}", given)
        return cursor.rowcount
