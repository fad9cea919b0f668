"""Feeds and calendar: the same filters as the list, for programs that follow."""

from __future__ import annotations

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from tracker import changes, dates, feeds, versions
from tracker.browse import BadParameter
from tracker.changes import Asked
from tracker.pages.asking import FOR_EVERYBODY, refusal

Answer = Callable[[HttpRequest, Asked], HttpResponse]


def _followed(answer: Answer) -> Callable[[HttpRequest], HttpResponse]:
    """Return a view that answers what was asked, or 400 with what is wrong."""

    @require_safe
    def view(request: HttpRequest) -> HttpResponse:
        try:
            asked = changes.parse(request.GET, today=timezone.localdate(), paged=False)
        except BadParameter as error:
            return refusal(error)
        response = versions.conditional(answer)(request, asked)
        response["Access-Control-Allow-Origin"] = "*"
        response["Cache-Control"] = FOR_EVERYBODY
        return response

    return view


def _atom(request: HttpRequest, asked: Asked) -> HttpResponse:
    said = feeds.about(asked, request.path)
    return HttpResponse(
        feeds.atom(feeds.latest(asked), said),
        content_type="application/atom+xml; charset=utf-8",
    )


def _json(request: HttpRequest, asked: Asked) -> HttpResponse:
    said = feeds.about(asked, request.path)
    feed = feeds.json_feed(feeds.latest(asked), said)
    return HttpResponse(
        json.dumps(feed, ensure_ascii=False), content_type="application/feed+json"
    )


def _dates(request: HttpRequest, asked: Asked) -> HttpResponse:
    return HttpResponse(
        dates.calendar(dates.dated(asked)), content_type="text/calendar; charset=utf-8"
    )


changes_atom = _followed(_atom)
changes_json = _followed(_json)
dates_ics = _followed(_dates)
