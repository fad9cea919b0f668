"""What is checked of a request before anything reads it."""

import codecs
from collections.abc import Callable
from urllib.parse import unquote_to_bytes

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from django.utils import translation

from tracker import clicks, languages
from tracker.api.problems import MEDIA_TYPE, problem

Handler = Callable[[HttpRequest], HttpResponse]


def speak_the_language_of_the_address(get_response: Handler) -> Handler:
    """Answer in the language of the address, and say which it is.

    Django's own middleware would ask cookies and the browser too; then caches would
    have to keep an answer for each of those.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        language = languages.of_path(request.path_info)
        with translation.override(language.code):
            response = get_response(request)
        response.headers.setdefault("Content-Language", language.tag)
        return response

    return middleware


def forget_clicks(get_response: Handler) -> Handler:
    """Take out of an address what follows clicks, before anything reads it.

    Else a link that a network shows would be refused where parameters are checked, and
    lead on to itself with the mark of one reader.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if query := request.META.get("QUERY_STRING"):
            request.META["QUERY_STRING"] = clicks.without(query)
        return get_response(request)

    return middleware


def refuse_unreadable_urls(get_response: Handler) -> Handler:
    """Answer 400 to an address with a NUL or with bytes that are not UTF-8.

    Databases refuse such text in the middle of a query, as an error of ours. So it is
    with a body that says to be in another charset, which may be none of texts.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        if _is_readable(request):
            return get_response(request)
        if request.path_info.startswith("/api/"):
            body = problem(400, "What was sent holds a NUL or is not UTF-8.")
            return JsonResponse(body, status=400, content_type=MEDIA_TYPE)
        return HttpResponse(render_to_string("400.html"), status=400)

    return middleware


def _is_readable(request: HttpRequest) -> bool:
    has_body = request.method not in ("GET", "HEAD")
    if has_body and codecs.lookup(request.encoding or "utf-8").name != "utf-8":
        return False
    for part in ("PATH_INFO", "QUERY_STRING"):
        # WSGI gives bytes as latin-1 text.
        raw = request.META.get(part, "").encode("latin-1", "replace")
        try:
            text = unquote_to_bytes(raw).decode("utf-8")
        except UnicodeDecodeError:
            return False
        if "\0" in text:
            return False
    return True
