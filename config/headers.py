"""Headers that browsers hold every answer to, beside those that Django sets."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

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
OPEN = ("/api/", "/embed/", "/zh-hans/embed/", "/share", "/oembed/", "/static/")


def add(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable:
    """Add the headers, where the view has not chosen otherwise."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        response.setdefault("Permissions-Policy", PERMISSIONS)
        shared = "cross-origin" if request.path.startswith(OPEN) else "same-origin"
        response.setdefault("Cross-Origin-Resource-Policy", shared)
        return response

    return middleware
