"""Pictures for shared links: of one commitment, and of the whole."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.utils import translation
from django.views.decorators.http import condition, require_safe

from commitments.models import State
from commitments.models.state import Standing
from tracker import (
    browse,
    counting,
    languages,
    pictures,
    reading,
    share,
    telling,
    writing,
)
from tracker.browse import Question
from tracker.pages.asking import asked, moved
from tracker.pages.home import finding
from tracker.versions import etag

# A page names the picture of a commitment with its last entry (?v=): news is fetched.
KEPT = "public, max-age=86400"
Drawn = Callable[..., bytes | HttpResponse]


def picture(draw: Drawn) -> Callable[..., HttpResponse]:
    """Answer with what ``draw`` returns, or with words where the day is impossible."""

    @require_safe
    @condition(etag_func=etag)
    @wraps(draw)
    def view(request: HttpRequest, **place: Any) -> HttpResponse:
        question, error = asked(request, browse.parse_days)
        if error is not None:
            plain = "text/plain; charset=utf-8"
            return HttpResponse(
                f"{error.field}: {error.message}\n", status=400, content_type=plain
            )
        # The font of the pictures has no Chinese.
        with translation.override(languages.ENGLISH.code):
            drawn = draw(request, question, **place)
        if isinstance(drawn, HttpResponse):
            return drawn
        answer = HttpResponse(drawn, content_type="image/png")
        answer["Cache-Control"] = KEPT
        return answer

    return view


@picture
def one(request: HttpRequest, question: Question, slug: str) -> bytes | HttpResponse:
    """Return the picture of one commitment: title, status and date."""
    held = State.objects.at(as_of=question.on, known_at=question.known_at)
    held = held.filter(commitment__slug=slug)
    state = held.select_related(
        "commitment", "wording_entry__text", "merged_into"
    ).first()
    if state is None:
        raise Http404
    if state.merged_into is not None:
        return moved(request, "share-image", state.merged_into.slug)
    scored = state.commitment.trackable and state.standing != Standing.WITHDRAWN
    return share.commitment(
        ref=state.commitment.ref,
        title=reading.wording(state)["title"],
        status=state.status if scored else "",
        word=_word(state),
        day=_day(question, state),
    )


def _word(state: State) -> str:
    if state.standing == Standing.WITHDRAWN:
        return "No longer tracked"
    if not state.commitment.trackable:
        return "Not trackable"
    since = telling.day(state.status_since, state.status_precision)
    word = pictures.label(state.status)
    return f"{word} since {since}" if state.status_since else word


def _day(question: Question, state: State) -> str:
    """Return a day that stays true while the picture is kept elsewhere."""
    if question.is_past:
        return _past(question)
    seen = state.reviewed_on
    return f"Evidence looked at to {writing.day(seen)}" if seen else ""


def _past(question: Question) -> str:
    if question.known_at:
        return f"As known on {writing.day(question.known_at)}"
    return f"As of {writing.day(question.on)}"


@picture
def everything(request: HttpRequest, question: Question) -> bytes:
    """Return the picture of the whole: the finding, and how many stand where."""
    counts = counting.statuses(browse.counted(question))
    headline = finding(counts.total(), counts)
    day = _past(question) if question.is_past else writing.day(question.today)
    return share.whole(headline=headline, counts=counts, day=day)
