"""Headers that browsers hold every answer to, beside those that Django sets."""

from collections.abc import Callable
from functools import cached_property

from csp.constants import HEADER
from csp.middleware import CSPMiddleware
from csp.utils import build_policy
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

# What no page of ours uses: https://www.w3.org/TR/permissions-policy/
UNUSED = (
    "accelerometer",
    "browsing-topics",
    "camera",
    "display-capture",
    "geolocation",
    "gyroscope",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "usb",
)
PERMISSIONS = ", ".join(f"{name}=()" for name in UNUSED)
# What other sites may show or read; the rest is for pages of this site.
OPEN = (
    *("/api/", "/embed/", "/zh-hans/embed/", "/share", "/oembed/", "/static/"),
    *("/favicon.ico", "/apple-touch-icon.png"),
)


def add(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """Add the headers, where the view has not chosen otherwise."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS)
        shared = "cross-origin" if request.path.startswith(OPEN) else "same-origin"
        response.setdefault("Cross-Origin-Resource-Policy", shared)
        return response

    return middleware


class ContentPolicy(CSPMiddleware):
    """Builds the policy of the settings once, and anew only where a view changed it."""

    @cached_property
    def of_the_settings(self) -> str:
        return build_policy()

    def process_response(
        self, request: HttpRequest, response: HttpResponseBase
    ) -> HttpResponseBase:
        asked = [*vars(request), *vars(response)]
        if settings.DEBUG or any(name.startswith("_csp_") for name in asked):
            return super().process_response(request, response)
        response.setdefault(HEADER, self.of_the_settings)
        return response
