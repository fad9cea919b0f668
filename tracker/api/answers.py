"""What all answers of the API share: how long they may be kept, and tags to ask again."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from django.utils.cache import get_conditional_response, patch_vary_headers
from django.utils.http import http_date
from rest_framework.response import Response

from tracker import versions
from tracker.api import deprecations
from tracker.api.rates import Counted

# A browser asks again each time, which costs it an empty 304. A shared cache may answer
# for this many seconds, renews while it does, and goes on for a day when we are gone.
KEPT = (
    "public, max-age=0, s-maxage={seconds}, stale-while-revalidate={seconds}, "
    "stale-if-error=86400"
)


class Answer(Counted):
    """Read by anybody, kept by caches, and asked again for the price of one read."""

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        if request.method not in ("GET", "HEAD"):
            return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        version = versions.current(day=timezone.localdate())
        told: dict[str, Any] = {"etag": versions.tag_of(request, version)}
        if settled := version.settled_at(now=timezone.now()):
            told["last_modified"] = int(settled.timestamp())
        # “*” asks whether there is anything: only the answer itself knows.
        asks_any = request.headers.get("If-None-Match", "").strip() == "*"
        early = None if asks_any else get_conditional_response(request, **told)
        if early is not None:
            return _kept(early, **told)
        response = super().dispatch(request, *args, **kwargs)  # type: ignore[misc]
        if response.status_code >= 400:
            return response
        _kept(response, **told)
        if asks_any and response.status_code == 200:
            return get_conditional_response(request, **told, response=response)
        return response

    def finalize_response(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, *args, **kwargs)
        if response.status_code >= 400 or request.method == "POST":
            response["Cache-Control"] = "no-store"
        deprecations.announce(request, response)
        return response

    def options(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        """Say which methods there are, and nothing else."""
        return Response(status=204)


def _kept(
    response: HttpResponse, *, etag: str, last_modified: int | None = None
) -> HttpResponse:
    """Return an answer with all that a cache needs to know of it."""
    if response.status_code == 412:
        return response
    response["ETag"] = etag
    if last_modified is not None:
        response["Last-Modified"] = http_date(last_modified)
    seconds = settings.SHARED_CACHE_SECONDS
    response["Cache-Control"] = KEPT.format(seconds=seconds)
    patch_vary_headers(response, ["Accept"])
    return response
