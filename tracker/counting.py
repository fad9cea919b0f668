"""Counts over the states of a day, made by the database."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet

from commitments.models.state import freshness_is, schedule_is
from commitments.statuses import Freshness, Position, Schedule, Status
from tracker.browse import COLUMNS, column

CLAIM_GAP = Q(official_position=Position.DECLARED_COMPLETE) & ~Q(
    status=Status.DELIVERED
)


def stats(rows: QuerySet[Any], *, on: date) -> dict[str, Any]:
    """Return counts over the states of a day; what cannot be tracked stays outside.

    ``rows`` as ``browse.counted`` gives them. Two queries, whatever the number of rows.
    """
    conditions = {
        "trackable": Q(),
        **{f"schedule_{s}": schedule_is(s, on=on) for s in Schedule.values},
        **{f"freshness_{f}": freshness_is(f, on=on) for f in Freshness.values},
        "claim_gaps": CLAIM_GAP,
        "signed_off": Q(signed_off=True),
    }
    scored = Q(**{column(rows.model, "commitment__trackable"): True})
    rows = rows.order_by()
    counted = rows.aggregate(
        n_commitments=Count("pk"),
        **{f"n_{n}": Count("pk", filter=scored & q) for n, q in conditions.items()},
    )
    by = (column(rows.model, COLUMNS["pillar"]), "status")
    cells = rows.filter(scored).values_list(*by).annotate(n=Count("pk")).order_by(*by)
    pillars: dict[int, dict[str, int]] = {}
    status = dict.fromkeys(Status.values, 0)
    for pillar, held, n in cells:
        pillars.setdefault(pillar, {})[held] = n
        if held:
            status[held] += n
    return {
        "commitments": counted["n_commitments"],
        "trackable": counted["n_trackable"],
        "status": status,
        "pillars": {str(number): cell for number, cell in pillars.items()},
        "schedule": {s: counted[f"n_schedule_{s}"] for s in Schedule.values},
        "freshness": {f: counted[f"n_freshness_{f}"] for f in Freshness.values},
        "claim_gaps": counted["n_claim_gaps"],
        "signed_off": counted["n_signed_off"],
    }
