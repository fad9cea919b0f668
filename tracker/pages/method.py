"""How the tracker judges, from the rules themselves."""

from __future__ import annotations

from typing import Any

from django.db.models import Count, Max, Min
from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import require_safe

from commitments import rules, statuses
from commitments.method import VERSIONS
from commitments.models import Plan
from commitments.rules import Judgement
from commitments.statuses import Status
from tracker import browse, finding
from tracker.browse import Question
from tracker.pages.asking import asked, page
from tracker.pages.ledgers import contract


@require_safe
def method(request: HttpRequest) -> HttpResponse:
    """Answer how we judge, from the rules themselves."""
    question, error = asked(request, browse.parse_days)
    steps = [(old, [(new, _may_follow(old, new)) for new in Status]) for old in Status]
    return page(
        request,
        "method.html",
        question,
        error,
        plan=Plan.objects.order_by("pk").first(),
        statuses=[
            (s, statuses.STATUS_DEFINITIONS[s], statuses.STATUS_NEEDS[s])
            for s in Status
        ],
        steps=steps,
        positions=statuses.POSITION_DEFINITIONS.items(),
        schedules=statuses.SCHEDULE_DEFINITIONS.items(),
        freshness=statuses.FRESHNESS_DEFINITIONS.items(),
        grades=statuses.GRADE_DEFINITIONS.items(),
        flags=statuses.FLAG_DEFINITIONS.items(),
        cadence=contract(),
        versions=_versions(question),
        section="method",
    )


def _versions(question: Question) -> list[dict[str, Any]]:
    """Return each version, with what it changed and the entries made by it."""
    entries = finding.entries_known(question).order_by()
    used = {
        line["method_version"]: line
        for line in entries.values("method_version").annotate(
            entries=Count("seq"), first=Min("recorded_at"), last=Max("recorded_at")
        )
    }
    return [
        {"one": version, **used.get(version.number, {"entries": 0})}
        for version in VERSIONS
    ]


def _may_follow(old: Status, new: Status) -> bool:
    """Whether the rules let ``new`` follow ``old``, with a test of two parts."""
    test = ("a", "b")
    choices = [frozenset(test[:count]) for count in range(3)]
    held = {Status.PARTLY_DELIVERED: choices[1], Status.DELIVERED: choices[2]}
    for met in choices:
        step = Judgement(new, met)
        try:
            rules.check_criteria(step, test)
            rules.check_change(Judgement(old, held.get(old, choices[0])), step)
        except rules.RuleBroken:
            continue
        return True
    return False
