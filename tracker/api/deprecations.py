"""What is going to change: told in headers, in the contract and in the changelog.

Nothing that the last release offered is taken away before it stood here until its
``sunset_on``; ``scripts/breaking.py`` refuses a contract that does.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.http import http_date


@dataclass(frozen=True)
class Deprecation:
    """Something that will go: an address (``path``), one parameter or field of it.

    ``path`` is as the contract writes it; ``instead`` says in a sentence what to use.
    """

    path: str
    since_on: date
    sunset_on: date
    instead: str
    parameter: str = ""
    field: str = ""

    @property
    def anchor(self) -> str:
        parts = (*self.path.strip("/").split("/"), self.parameter, self.field)
        return "-".join(part.strip("{}") for part in parts if part)

    def concerns(self, request: Any) -> bool:
        """Whether this request makes use of it: a field is in every answer."""
        match = request.resolver_match
        if match is None or _address(match.route) != self.path:
            return False
        return not self.parameter or self.parameter in request.query_params


# At the moment nothing is.
DEPRECATED: tuple[Deprecation, ...] = ()


def announce(request: Any, response: HttpResponse) -> None:
    """Tell whoever uses what will go: RFC 9745, RFC 8594 and a link to what to do."""
    found = [one for one in DEPRECATED if one.concerns(request)]
    if not found:
        return
    since = datetime.combine(min(d.since_on for d in found), time.min, tzinfo=UTC)
    ends = datetime.combine(min(d.sunset_on for d in found), time.min, tzinfo=UTC)
    response["Deprecation"] = f"@{int(since.timestamp())}"
    response["Sunset"] = http_date(ends.timestamp())
    page = settings.SITE_URL + reverse("api-docs")
    links = [
        f'<{page}#{one.anchor}>; rel="deprecation"; type="text/html"' for one in found
    ]
    told = [response["Link"]] if "Link" in response else []
    response["Link"] = ", ".join([*told, *links])


def mark(paths: dict[str, Any]) -> None:
    """Mark in the contract what will go."""
    for one in DEPRECATED:
        for operation in paths.get(one.path, {}).values():
            told = f"Deprecated: gone after {one.sunset_on}. {one.instead}"
            if not one.parameter and not one.field:
                operation["deprecated"] = True
                operation["description"] = f"{operation['description']}\n\n{told}"
            for parameter in operation.get("parameters", []):
                if parameter["name"] == one.parameter:
                    parameter["deprecated"] = True
                    parameter["description"] = told


def _address(route: str) -> str:
    """Return a route of Django as the contract writes it."""
    text, at = "", 0
    while (start := route.find("(?P<", at)) >= 0:
        name = route[start + 4 : route.index(">", start)]
        text += route[at:start] + "{" + ("id" if name == "pk" else name) + "}"
        at = route.index(")", start) + 1
    return "/" + (text + route[at:]).replace("^", "").replace("$", "")
