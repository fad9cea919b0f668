"""What readers see of commitments is also stored as it is read: here it is renewed.

The search index is one such copy; others (the cards of the API) listen to
``signals.shown``. Whoever changes what a reader could see calls ``refresh``, in the
transaction of the change. ``check_record`` finds what was missed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from commitments import chain, search, signals
from commitments.models import (
    Body,
    Commitment,
    Criterion,
    Evidence,
    Indicator,
    Milestone,
    Partner,
    Passage,
    Pillar,
    Topic,
)

# How a commitment leads to the rows that are shown with it.
PATHS: dict[Any, str] = {
    Commitment: "pk",
    Criterion: "criteria",
    Milestone: "milestones",
    Pillar: "pillar",
    Body: "bodies",
    Partner: "partners",
    Topic: "topics",
    Passage: "passages",
    Indicator: "indicators",
    Evidence: "history__evidence",
}
# Each yields what a copy elsewhere says differently from the record.
CHECKS: list[Callable[[], Iterator[str]]] = []


def refresh(pks: Iterable[int]) -> None:
    """Write anew what is stored of these commitments, in the caller's transaction.

    The lock keeps two changes from each missing what the other has not committed.
    """
    every = sorted(set(pks))
    if not every:
        return
    chain.lock()
    search.refresh(every)
    signals.shown.send(Commitment, pks=every)


def about(changed: Any, pks: Iterable[int]) -> list[int]:
    """Return the commitments that rows of the model ``changed`` are shown with."""
    if changed not in PATHS:
        return []
    found = Commitment.objects.filter(**{f"{PATHS[changed]}__in": list(pks)})
    return list(found.order_by().values_list("pk", flat=True).distinct())
