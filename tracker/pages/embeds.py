"""What others put on their own pages: card, timeline, status of all, badge.

Framed anywhere, without script, cookie or anything from elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.clickjacking import xframe_options_exempt
from django.views.decorators.http import require_safe

from commitments.models import Plan, State
from commitments.models.state import Standing
from commitments.statuses import Status
from tracker import browse, charts, counting, pictures, reading, writing
from tracker.browse import BadParameter, Question
from tracker.pages.asking import asked, for_everybody, moved, plan_span

THEMES = ("light", "dark")
View = Callable[..., HttpResponse]


def framed(view: View) -> Callable[..., Any]:
    """Let other sites frame an answer; only embeds may be."""

    @require_safe
    @xframe_options_exempt
    @csp_replace({"frame-ancestors": ["*"]})
    @wraps(view)
    def open_view(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Access-Control-Allow-Origin"] = "*"
        return for_everybody(response)

    return open_view


def _asked(request: HttpRequest) -> tuple[Question, BadParameter | None]:
    """Return the days asked about, and what of the address cannot be answered."""
    question, error = asked(request, browse.parse_days)
    theme = request.GET.get("theme", "")
    if error is None and theme and theme not in THEMES:
        message = _("“%(theme)s” is no theme. Known: light, dark.")
        message %= {"theme": theme[:40]}
        error = BadParameter("theme", message, THEMES)
    return question, error


def _answer(
    request: HttpRequest, template: str, question: Question, **context: Any
) -> HttpResponse:
    theme = request.GET.get("theme", "")
    shown = {
        **context,
        "question": question,
        "on": question.on,
        "theme": theme if theme in THEMES else "",
    }
    return render(request, f"embeds/{template}", shown, status=context.get("code", 200))


def _refused(request: HttpRequest, error: BadParameter) -> HttpResponse:
    return _answer(
        request,
        "gone.html",
        Question(today=timezone.localdate()),
        code=400,
        words=_("This address cannot be answered"),
        why=error.message,
    )


def _state(slug: str, question: Question) -> State | None:
    held = State.objects.at(as_of=question.on, known_at=question.known_at)
    return (
        held.filter(commitment__slug=slug)
        .select_related(
            "commitment__pillar",
            "wording_entry__text",
            "status_entry__text",
            "merged_into",
        )
        .first()
    )


def _one(request: HttpRequest, slug: str, template: str, name: str) -> HttpResponse:
    question, error = _asked(request)
    if error:
        return _refused(request, error)
    state = _state(slug, question)
    if state is None:
        return _answer(
            request,
            "gone.html",
            question,
            code=404,
            words=_("There is no such commitment"),
            why=_(
                "The addresses of commitments never change; this one may be misspelt."
            ),
        )
    if state.merged_into is not None:
        return moved(request, name, state.merged_into.slug)
    row = reading.row(state, on=question.on, text=reading.wording(state))
    steps = reading.spells_of(state.commitment, question)
    plan = Plan.objects.order_by("pk").first()
    span = plan_span(plan)
    when: dict[str, Any] = {"on": question.on, "due_on": state.due_on, **span}
    return _answer(
        request,
        template,
        question,
        row=row,
        state=state,
        withdrawn=state.standing == Standing.WITHDRAWN,
        strip=charts.strip(reading.drawn(steps), height=16, **when),
        years=charts.years(first=span["first"], last=span["last"]),
        timeline=charts.timeline(reading.drawn(steps), **when),
    )


@framed
def card(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer where one commitment stands, on a card."""
    return _one(request, slug, "card.html", "embed-card")


@framed
def timeline(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer how one commitment has moved over the plan."""
    return _one(request, slug, "timeline.html", "embed-timeline")


@framed
def status_bar(request: HttpRequest) -> HttpResponse:
    """Answer where all commitments stand, as one bar."""
    question, error = _asked(request)
    if error:
        return _refused(request, error)
    counts = counting.statuses(browse.counted(question))
    return _answer(
        request,
        "status_bar.html",
        question,
        total=counts.total(),
        bar=charts.bar(counts, title=_("All scored commitments")),
        counts=[(s, counts[s]) for s in ("", *Status.values) if counts[s]],
    )


def _svg(picture: str, code: int = 200) -> HttpResponse:
    return HttpResponse(
        picture, content_type="image/svg+xml; charset=utf-8", status=code
    )


def _no_badge(error: BadParameter | None) -> HttpResponse:
    unknown = pictures.badge(ref="?", status="", word="unknown")
    return _svg(unknown, 400 if error else 404)


@framed
def badge(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer where one commitment stands, as a small picture."""
    question, error = asked(request, browse.parse_days)
    state = None if error else _state(slug, question)
    if state is None:
        return _no_badge(error)
    if state.merged_into is not None:
        return moved(request, "embed-badge", state.merged_into.slug)
    return _svg(
        pictures.badge(
            ref=state.commitment.ref, status=state.status, word=_instead(state)
        )
    )


def _instead(state: State) -> str:
    """Return the word for a commitment that has no status to show."""
    if state.standing == Standing.WITHDRAWN:
        return _("No longer tracked")
    return "" if state.commitment.trackable else _("Not trackable")


@framed
def timeline_badge(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer how one commitment has moved over the plan, as a small picture."""
    question, error = asked(request, browse.parse_days)
    state = None if error else _state(slug, question)
    if state is None:
        return _no_badge(error)
    if state.merged_into is not None:
        return moved(request, "embed-timeline-svg", state.merged_into.slug)
    steps = reading.drawn(reading.spells_of(state.commitment, question))
    span = plan_span(Plan.objects.order_by("pk").first())
    word = _instead(state) or pictures.label(state.status)
    return _svg(
        pictures.timeline(
            name=f"{state.commitment.ref} {reading.title(reading.wording(state))}",
            word=word,
            spells=[] if _instead(state) else steps,
            on=question.on,
            due_on=state.due_on,
            **span,
        )
    )


@framed
def status_bar_badge(request: HttpRequest) -> HttpResponse:
    """Answer where all commitments stand, as a small picture."""
    question, error = asked(request, browse.parse_days)
    if error:
        return _no_badge(error)
    counts = counting.statuses(browse.counted(question))
    said = {"n": counts.total(), "day": writing.day(question.on)}
    return _svg(
        pictures.bar(counts, name=_("%(n)d opening-up commitments, %(day)s") % said)
    )
