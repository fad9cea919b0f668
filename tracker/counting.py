"""Counts over the states of a day, made by the database."""

from __future__ import annotations

from collections import Counter
from datetime import date
from typing import Any

from django.db.models import Count, Q, QuerySet

from commitments.models.state import CLAIM_GAP, freshness_is, schedule_is
from commitments.statuses import Freshness, Schedule, Status
from tracker.browse import COLUMNS, column, is_scored


def stats(rows: QuerySet[Any], *, on: date) -> dict[str, Any]:
    """Return counts over the states of a day; what cannot be tracked stays outside.

    ``rows`` as ``browse.counted`` gives them. One query, whatever the number of rows.
    """
    conditions = {
        "trackable": Q(),
        **{f"schedule_{s}": schedule_is(s, on=on) for s in Schedule.values},
        **{f"freshness_{f}": freshness_is(f, on=on) for f in Freshness.values},
        "claim_gaps": CLAIM_GAP,
        "signed_off": Q(signed_off=True),
    }
    scored = is_scored(rows.model)
    counts = {n: Count("pk", filter=scored & q) for n, q in conditions.items()}
    pillar = column(rows.model, COLUMNS["pillar"])
    cells = (
        rows.order_by()
        .values(pillar, "status")
        .annotate(n_commitments=Count("pk"), **{f"n_{n}": c for n, c in counts.items()})
        .order_by(pillar, "status")
    )
    pillars: dict[int, dict[str, int]] = {}
    status = dict.fromkeys(Status.values, 0)
    counted: Counter[str] = Counter()
    for cell in cells:
        number, held = cell.pop(pillar), cell.pop("status")
        counted.update(cell)
        if cell["n_trackable"]:
            pillars.setdefault(number, {})[held] = cell["n_trackable"]
        if held:
            status[held] += cell["n_trackable"]
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


def statuses(rows: QuerySet[Any]) -> Counter[str]:
    """Return how many of those that can be tracked have each status, "" for none yet.

    ``rows`` as ``browse.counted`` gives them. One query.
    """
    cells = _scored(rows).values_list("status").annotate(n=Count("*"))
    return Counter(dict(cells))


def claims(rows: QuerySet[Any]) -> Counter[tuple[str, str]]:
    """Return how many of those have each official position with each status.

    ``rows`` as ``browse.counted`` gives them. One query.
    """
    cells = _scored(rows).values_list("official_position", "status")
    found = cells.annotate(n=Count("*"))
    return Counter({(position, status): n for position, status, n in found})


def _scored(rows: QuerySet[Any]) -> QuerySet[Any]:
    return rows.filter(is_scored(rows.model)).order_by()
