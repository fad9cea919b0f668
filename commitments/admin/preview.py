"""What readers would see, asked for by the desk."""

from __future__ import annotations

import re

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.urls import resolve
from django.utils.html import format_html

from commitments.models import Commitment

# One that does not end is sought no further than where the next begins.
SCRIPT = re.compile(r"<script\b(?:(?!<script\b).)*?</script>", re.DOTALL)


def public_page(commitment: Commitment, *, request: HttpRequest) -> str:
    """Return the HTML of a commitment's public page as it is at this moment.

    Made by the page itself, for a reader who is not signed in: inside
    ``services.rehearsed`` it shows what is not recorded yet.
    """
    asked = HttpRequest()
    asked.method = "GET"
    asked.path = asked.path_info = commitment.get_absolute_url()
    asked.META = {
        name: request.META[name]
        for name in ("HTTP_HOST", "SERVER_NAME", "SERVER_PORT", "wsgi.url_scheme")
        if name in request.META
    }
    asked.user = AnonymousUser()
    match = resolve(asked.path)
    asked.resolver_match = match
    response = match.func(asked, *match.args, **match.kwargs)
    if isinstance(response, TemplateResponse):
        response.render()
    if response.has_header("Location"):
        return format_html("<p>Readers are led to {}.</p>", response["Location"])
    # It is shown in a frame that runs none.
    return SCRIPT.sub("", response.content.decode())
