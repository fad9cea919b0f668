"""How a page reads its address and answers: shared by all public pages.

The only clock of the pages is here.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from commitments.models import Plan
from tracker.browse import BadParameter, Question

FOR_EVERYBODY = "public, max-age=0, must-revalidate"
# Pages that also follow from what anybody may send, and change without the record.
COMPUTED_ANEW = "no-cache"
EARLIEST_PLAN = (date(2026, 1, 1), date(2030, 12, 31))


def asked(
    request: HttpRequest, parse: Callable[..., Question]
) -> tuple[Question, BadParameter | None]:
    """Return what the address asks for, or today's page with what is wrong with it."""
    today = timezone.localdate()
    try:
        return parse(request.GET, today=today), None
    except BadParameter as error:
        return Question(today=today), error


def page(
    request: HttpRequest,
    template: str,
    question: Question,
    error: BadParameter | None,
    **context: Any,
) -> HttpResponse:
    """Answer with a page that keeps the day asked about in its links."""
    days = past(question)
    shown = {
        **context,
        # Links keep the day asked about: alone, or after other parameters.
        "past": days,
        "past_more": days.replace("?", "&"),
        "question": question,
        "on": question.on,
        "error": error,
        "noindex": question.is_past or error is not None,
    }
    answer = render(request, template, shown, status=400 if error else 200)
    # Whoever keeps it asks first whether it still holds. See tracker.answer_cache.
    answer["Cache-Control"] = "no-store" if error else FOR_EVERYBODY
    return answer


def past(question: Question) -> str:
    """Return what keeps the day asked about in a link that has no other parameters."""
    days = urlencode(question.days())
    return f"?{days}" if days else ""


def moved(request: HttpRequest, name: str, slug: str) -> HttpResponse:
    """Lead to what a commitment was merged into, with all that was asked of it."""
    address, asked = reverse(name, args=[slug]), request.META.get("QUERY_STRING", "")
    return HttpResponsePermanentRedirect(f"{address}?{asked}" if asked else address)


def for_everybody(answer: HttpResponse) -> HttpResponse:
    """Let an answer be kept, where it is one: it follows from the record alone."""
    if answer.status_code == 200:
        answer.headers.setdefault("Cache-Control", FOR_EVERYBODY)
    return answer


def computed_anew(answer: HttpResponse) -> HttpResponse:
    """Keep an answer out of the caches of ours and of others; its reader may hold it."""
    if answer.status_code == 200:
        answer["Cache-Control"] = COMPUTED_ANEW
    return answer


def refusal(error: BadParameter) -> HttpResponse:
    """Tell a program that asked for a file or a feed what is wrong with its address."""
    return HttpResponse(
        f"{error.field}: {error.message}\n",
        status=400,
        content_type="text/plain; charset=utf-8",
        headers={"Cache-Control": "no-store"},
    )


def plan_span(plan: Plan | None) -> dict[str, date]:
    """Return the first and last day of a plan, for the charts."""
    first, last = (plan.starts_on, plan.ends_on) if plan else EARLIEST_PLAN
    return {"first": first, "last": last}
