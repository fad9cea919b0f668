"""The list of commitments, under its filters."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from commitments.models import (
    Plan,
)
from tracker import browse, charts, reading
from tracker.browse import Question
from tracker.pages.asking import asked, page, plan_span


@require_safe
def commitments(request: HttpRequest) -> HttpResponse:
    """Answer which commitments match, with counts for each further choice."""
    question, error = asked(request, browse.parse)
    found = reading.rows(browse.states(question), question)
    told = reading.spells(question)
    first, last = plan_span(Plan.objects.order_by("pk").first()).values()
    last = min(last, date(question.on.year + 1, 12, 31))
    first = min(first, date(last.year - 1, 1, 1))
    drawn = [
        replace(
            row,
            strip=charts.strip(
                reading.drawn(told.get(row.commitment.pk, [])),
                first=first,
                last=last,
                on=question.on,
                due_on=row.state.due_on,
            ),
        )
        for row in found
    ]
    facets = browse.facets(question)
    return page(
        request,
        "commitments.html",
        question,
        error,
        rows=drawn,
        by_pillar=question.sort == "ref",
        years=charts.years(first=first, last=last),
        facets=facets,
        chips=_chips(question, facets),
        sorts=browse.SORTS,
        section="commitments",
    )


def _chips(question: Question, facets: list[browse.Facet]) -> list[tuple[str, str]]:
    """Return each filter in force as (its words, the address without it)."""
    taken = [
        (f"{facet.label}: {option.label}", (facet.field, option.value))
        for facet in facets
        for option in facet.chosen
    ]
    if question.claim_gap is not None:
        words = "Claim-evidence gap" if question.claim_gap else "No claim-evidence gap"
        taken.append((words, ("claim_gap", "")))
    if question.q:
        taken.append((f"“{question.q}”", ("q", "")))
    return [
        (words, "?" + question.parameters(without=what).urlencode())
        for words, what in taken
    ]
