"""What changed between two days."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_safe

from tracker import comparison, figures, writing
from tracker.browse import BadParameter, Question
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
        chart = figures.flow(
            pairs, before=writing.day(first), after=writing.day(question.on)
        )
    return page(
        request,
        "compare.html",
        question,
        error,
        found=found,
        headline=_headline(found),
        chart=chart,
        section="changes",
    )


def _headline(found: Comparison) -> str:
    said = {
        "n": found.whole.moved,
        "total": found.whole.total_after,
        "first": writing.day(found.first),
        "last": writing.day(found.last),
    }
    if not found.pairs:
        return _("No commitment was on record between %(first)s and %(last)s") % said
    if not found.whole.moved:
        return (
            ngettext(
                "None of the %(total)d commitment changed status between %(first)s "
                "and %(last)s",
                "None of the %(total)d commitments changed status between %(first)s "
                "and %(last)s",
                found.whole.total_after,
            )
            % said
        )
    return (
        ngettext(
            "%(n)d of %(total)d commitment changed status between %(first)s and "
            "%(last)s",
            "%(n)d of %(total)d commitments changed status between %(first)s and "
            "%(last)s",
            found.whole.total_after,
        )
        % said
    )
