"""Where we hold others, and ourselves, to account: gaps, freshness, corrections."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from commitments import statuses
from commitments.models import Pillar
from commitments.statuses import EntryKind, Freshness, Position, Status
from tracker import browse, changes, counting, languages, reading, tip_ledger
from tracker.changes import Asked
from tracker.pages.asking import asked, computed_anew, page

CORRECTIONS = 200
TIPS = 10


@require_safe
def claim_gap(request: HttpRequest) -> HttpResponse:
    """Answer where officials say “done” and the evidence shows less."""
    question, error = asked(request, browse.parse_days)
    states = browse.states(replace(question, claim_gap=True))
    states = states.select_related("position_entry__body", "position_entry__text")
    gaps = reading.rows(states, question)
    counts = counting.claims(browse.counted(question))
    held = {status for position, status in counts}
    seen = [status for status in Status if status in held]
    return page(
        request,
        "claim_gap.html",
        question,
        error,
        gaps=gaps,
        total=counts.total(),
        statuses=seen,
        table=_positions(counts, seen),
        section="claim-gap",
    )


def _positions(
    counts: Counter[tuple[str, str]], seen: list[Status]
) -> list[dict[str, Any]]:
    """Return each official position with its commitments by delivery status."""
    lines = []
    for position in Position:
        # Those without a status are in the total alone.
        total = sum(n for (held, status), n in counts.items() if held == position)
        cells = [(s.value, counts[position, s], _is_gap(position, s)) for s in seen]
        if total:
            lines.append({"position": position, "total": total, "cells": cells})
    return lines


def _is_gap(position: Position, status: str) -> bool:
    return position == Position.DECLARED_COMPLETE and status != Status.DELIVERED


@dataclass(frozen=True)
class InTime:
    """How many of a pillar's scored commitments are reviewed in time."""

    name: str
    number: int | None
    rows: list[reading.Row]

    @property
    def total(self) -> int:
        return len(self.rows)

    @property
    def counts(self) -> list[tuple[Freshness, int]]:
        return [(f, sum(r.freshness == f for r in self.rows)) for f in Freshness]

    @property
    def in_time(self) -> int:
        return sum(row.freshness == Freshness.CURRENT for row in self.rows)

    @property
    def share(self) -> int | None:
        """Per cent reviewed in time, rounded down: never kinder than it is."""
        return self.in_time * 100 // self.total if self.total else None


@require_safe
def freshness(request: HttpRequest) -> HttpResponse:
    """Answer how many of our judgements are as fresh as we promise."""
    question, error = asked(request, browse.parse_days)
    every = reading.rows(browse.states(question), question)
    scored = [row for row in every if row.is_scored]
    lines = [
        InTime(
            languages.name(pillar),
            pillar.number,
            [row for row in scored if row.commitment.pillar_id == pillar.pk],
        )
        for pillar in Pillar.objects.all()
    ]
    late = [row for row in scored if row.review_is_late]
    late.sort(key=_lateness, reverse=True)
    return page(
        request,
        "freshness.html",
        question,
        error,
        whole=InTime(_("All pillars"), None, scored),
        lines=lines,
        late=late,
        contract=contract(),
        definitions=statuses.FRESHNESS_DEFINITIONS.items(),
        section="freshness",
    )


def _lateness(row: reading.Row) -> int:
    return 10**6 if row.days_late is None else row.days_late


def contract() -> list[tuple[str, int]]:
    """Return how soon each commitment is looked at again, from the rules themselves."""
    soon, news = statuses.DUE_SOON.days, statuses.POSITION_IS_NEW.days
    return [
        (
            _(
                "Due within %(soon)d days, or its official position changed in the "
                "last %(news)d days"
            )
            % {"soon": soon, "news": news},
            statuses.REVIEW_EVERY_WHEN_HOT.days,
        ),
        (_("Any other commitment"), statuses.REVIEW_EVERY.days),
        (_("Delivered"), statuses.REVIEW_EVERY_WHEN_DELIVERED.days),
    ]


@require_safe
def corrections(request: HttpRequest) -> HttpResponse:
    """Answer what we got wrong, and what we said instead."""
    question, error = asked(request, browse.parse_days)
    kinds = (EntryKind.CORRECTION.value, EntryKind.REDACTION.value)
    filtered = Asked(question, kinds=kinds, order="recorded")
    found = changes.entries(filtered)
    shown = list(changes.ordered(found, filtered).whole()[:CORRECTIONS])
    every = changes.entries(Asked(question)).count()
    answer = page(
        request,
        "corrections.html",
        question,
        error,
        corrections=changes.told(shown, question),
        total=found.count(),
        entries=every,
        feed="?entry=correction&entry=redaction",
        ledger=tip_ledger.ledger(question, shown=TIPS),
        section="corrections",
    )
    # Tips come in without the record changing.
    return computed_anew(answer)
