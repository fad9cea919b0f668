import os
from collections.abc import Callable, Iterable
from typing import Any

from django.conf import settings
from django.core.handlers.wsgi import WSGIRequest
from django.core.wsgi import get_wsgi_application
from django.http import QueryDict
from django.utils.functional import cached_property

from config import metrics
from config.turns import TURNS

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def without_body(application: metrics.Application) -> metrics.Application:
    """Answer HEAD as GET, without the body: Django leaves that to the server.

    gunicorn would drop it too, with a warning each time.
    """

    def answer(environ: dict[str, Any], start_response: Callable) -> Iterable[bytes]:
        told = application(environ, start_response)
        if environ["REQUEST_METHOD"] != "HEAD":
            return told
        # Nothing reads it, so nothing else would.
        if close := getattr(told, "close", None):
            close()
        return []

    return answer


class Request(WSGIRequest):
    """Reads the address as UTF-8, whatever charset its Content-Type names.

    Django would read the address by that too, past what is checked of it, and fail
    before any page could answer where the charset is none of texts.
    """

    @cached_property
    def GET(self) -> Any:  # type: ignore[override]
        return QueryDict(
            self.META.get("QUERY_STRING", "").encode("latin-1"), encoding="utf-8"
        )


site = get_wsgi_application()
site.request_class = Request
django = without_body(TURNS.but_for_streams(site))

# Its modules need the apps to be ready.
from tracker.answer_cache import AnswerCache

application: AnswerCache | metrics.Counted = AnswerCache(
    django, most=settings.CACHE_MB * 1_000_000
)
if settings.METRICS:
    application = metrics.Counted(application)
