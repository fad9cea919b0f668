"""The outermost part of the API: what holds of every answer, whoever made it."""

from __future__ import annotations

from collections.abc import Callable

import orjson
from django.conf import settings
from django.http import HttpRequest, HttpResponse

from tracker.api.problems import MEANINGS, MEDIA_TYPE, problem

Handler = Callable[[HttpRequest], HttpResponse]
PREFIX = "/api/"
# Of an error that Django made, these say what to do about it.
TOLD = ("Allow", "Retry-After", "WWW-Authenticate")


def one_shape(get_response: Handler) -> Handler:
    """Give every error under /api/ the one shape, and every read the same openness.

    Errors also come from before and beside the API's views: a wrong host, an unreadable
    address, a missing token, a failure of ours.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if not request.path_info.startswith(PREFIX):
            return response
        if response.status_code >= 400:
            response = _problem(response)
            response["Cache-Control"] = "no-store"
        if request.method in ("GET", "HEAD"):
            _open(response)
        elif request.method != "OPTIONS":
            # No page of another site may write with its reader's browser.
            del response["Access-Control-Allow-Origin"]
        return response

    return middleware


def _problem(response: HttpResponse) -> HttpResponse:
    if response.get("Content-Type", "").startswith(MEDIA_TYPE):
        return response
    status = response.status_code
    body = problem(status, MEANINGS.get(status, "This cannot be answered."))
    headers = {name: response[name] for name in TOLD if name in response}
    return HttpResponse(
        orjson.dumps(body), status=status, headers=headers, content_type=MEDIA_TYPE
    )


def _open(response: HttpResponse) -> None:
    """Let any page read, with one header for all, so that caches keep one answer."""
    if response.get("Content-Type", "").startswith("text/html"):
        return
    response["Access-Control-Allow-Origin"] = "*"
    response["Access-Control-Expose-Headers"] = ", ".join(settings.CORS_EXPOSE_HEADERS)
    response["Vary"] = "Accept"
