"""Figures that commitments can be read against."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import Prefetch, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.safestring import SafeString
from django.views.decorators.http import require_safe

from commitments.models import Indicator, Observation
from tracker import browse, figures, languages, reading
from tracker.pages.asking import asked, page


@require_safe
def indicator_index(request: HttpRequest) -> HttpResponse:
    """Answer which figures there are: where they stood, and where they stand."""
    question, error = asked(request, browse.parse_days)
    found = _indicators(question.on).order_by("name")
    listed = _listed(
        question, Indicator.commitments.through.objects.values("commitment")
    )
    lines = [
        {
            "one": one,
            "latest": _later(one),
            "readings": len(one.observations.all()),
            "commitments": sum(c.pk in listed for c in one.commitments.all()),
        }
        for one in found
    ]
    return page(
        request,
        "indicators.html",
        question,
        error,
        lines=lines,
        read=sum(1 for line in lines if line["latest"]),
        section="indicators",
    )


def _indicators(on: date) -> Any:
    known = Observation.objects.filter(observed_on__lte=on).select_related("evidence")
    return Indicator.objects.select_related(
        "baseline_passage__source"
    ).prefetch_related(
        Prefetch("observations", known.order_by("observed_on", "pk")), "commitments"
    )


def _later(one: Indicator) -> Observation | None:
    """Return the latest reading, where it is of a later day than the baseline."""
    readings = list(one.observations.all())
    if not readings or readings[-1].observed_on <= one.baseline_on:
        return None
    return readings[-1]


def moved(
    question: browse.Question, listed: Collection[int], *, limit: int
) -> list[dict[str, Any]]:
    """Return the figures with a value later than their baseline, the newest first.

    Only those that one of the ``listed`` commitments is read against.
    """
    found = []
    for one in _indicators(question.on):
        latest = _later(one)
        if latest and any(c.pk in listed for c in one.commitments.all()):
            found.append({"one": one, "latest": latest, "spark": _spark(one)})
    found.sort(key=lambda line: line["one"].name)
    found.sort(key=lambda line: line["latest"].observed_on, reverse=True)
    return found[:limit]


def _spark(one: Indicator) -> SafeString:
    return figures.spark(
        [(o.observed_on, o.value) for o in one.observations.all()],
        baseline=(one.baseline_on, one.baseline),
        name=f"{languages.name(one)}, {one.unit}",
        target=one.target,
    )


def _listed(question: browse.Question, pks: QuerySet[Any]) -> dict[int, reading.Row]:
    """Return those of some commitments that were published, by their keys."""
    rows = reading.rows(browse.at(question).filter(commitment__in=pks), question)
    return {row.commitment.pk: row for row in rows}


@require_safe
def indicator_page(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer how one figure has moved, with the source of each value."""
    question, error = asked(request, browse.parse_days)
    one = get_object_or_404(_indicators(question.on), slug=slug)
    readings = list(one.observations.all())
    listed = _listed(question, one.commitments.order_by().values("pk"))
    chart = figures.steps(
        [(o.observed_on, o.value) for o in readings],
        baseline=(one.baseline_on, one.baseline),
        on=question.on,
        name=f"{languages.name(one)}, {one.unit}",
        target=one.target,
        target_on=one.target_on,
    )
    return page(
        request,
        "indicator.html",
        question,
        error,
        one=one,
        readings=readings,
        chart=chart,
        lowest=min([one.baseline, *(o.value for o in readings)]),
        rows=[listed[c.pk] for c in one.commitments.all() if c.pk in listed],
        section="indicators",
    )
