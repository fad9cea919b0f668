"""What changed between two days."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tracker import comparison, figures
from tracker.browse import BadParameter, Question
from tracker.charts import short
from tracker.comparison import Comparison
from tracker.pages.asking import page


@require_safe
def compare(request: HttpRequest) -> HttpResponse:
    """Answer what differs between two days, by pillar, with counts that add up."""
    today, error = timezone.localdate(), None
    try:
        first, question = comparison.parse(request.GET, today=today)
    except BadParameter as refused:
        error, question = refused, Question(today=today)
        first = comparison.a_quarter_before(today)
    found = comparison.compare(first, question)
    chart = ""
    if found.whole.moved:
        pairs = [pair.statuses for pair in found.pairs if pair.old and pair.new]
        chart = figures.flow(pairs, before=short(first), after=short(question.on))
    return page(
        request,
        "compare.html",
        question,
        error,
        found=found,
        headline=_headline(found),
        chart=chart,
        compare_from=first,
        compare_to=question.on,
        section="changes",
    )


def _headline(found: Comparison) -> str:
    moved, total = found.whole.moved, found.whole.total_after
    days = f"between {short(found.first)} and {short(found.last)}"
    if not found.pairs:
        return f"No commitment was on record {days}"
    how_many = f"{moved} of {total}" if moved else f"None of the {total}"
    noun = "commitment" if total == 1 else "commitments"
    return f"{how_many} {noun} changed status {days}"
