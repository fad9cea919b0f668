"""Errors as problem details (RFC 9457): type, title, status, detail, errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import orjson
from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from rest_framework import exceptions

from commitments.rules import RuleBroken
from tracker.browse import BadParameter

MEDIA_TYPE = "application/problem+json"
# What each status means here; the page at ``type`` lists them.
MEANINGS = {
    400: "A parameter is unknown, or its value cannot be read. “errors” names each "
    "with what is known.",
    401: "This takes a key: “Authorization: Bearer” and the key that the desk gave.",
    403: "This is not allowed.",
    404: "There is nothing at this address. Commitments that were withdrawn or merged "
    "keep theirs; slugs never change.",
    405: "This address does not take this method: most are for reading, GET, HEAD and "
    "OPTIONS.",
    406: "No such format. Ask for application/json; lists also come as text/csv and "
    "application/jsonl.",
    412: "The tag in “If-Match” is not that of what is there.",
    413: "The body is too large.",
    415: "The body is of a type that is not read here.",
    422: "A rule of the record refuses what was handed in. “errors” names the rule "
    "and the field to mend.",
    429: "Too many requests. “Retry-After” says how many seconds to wait.",
    500: "We failed. It is logged; try again later.",
    503: "We are not there at the moment. Try again later.",
}


def problem(
    status: int, detail: str, errors: list[dict[str, Any]] | None = None
) -> dict[str, Any]:
    """Return the body of an error: RFC 9457, section 3."""
    name = HTTPStatus(status).name.lower().replace("_", "-")
    body = {
        "type": f"{settings.SITE_URL}{reverse('api-errors')}#{name}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    return {**body, "errors": errors} if errors else body


def exception_handler(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """Return the answer to an error, or None for one that is ours to mend."""
    errors: list[dict[str, Any]] = []
    headers = {}
    match error:
        case BadParameter():
            status, detail = 400, error.message
            errors = [
                {"field": error.field, "message": error.message, "known": error.known}
            ]
        case RuleBroken():
            status, detail = 422, str(error)
            errors = [{"field": error.field, "message": detail, "rule": error.rule}]
        case exceptions.ValidationError():
            status, detail = 400, _sentence(error.detail)
            errors = [
                {"field": name, "message": _sentence(told)}
                for name, told in error.detail.items()
            ]
        case Http404():
            status, detail = 404, "There is nothing at this address."
        case PermissionDenied():
            status, detail = 403, "This is not allowed."
        case exceptions.APIException():
            status, detail = error.status_code, _sentence(error.detail)
            if challenge := getattr(error, "auth_header", None):
                headers["WWW-Authenticate"] = challenge
            if wait := getattr(error, "wait", None):
                headers["Retry-After"] = str(int(wait))
        case _:
            return None
    # Not by the renderer: an error of a table is a problem, not a table.
    body = orjson.dumps(problem(status, detail, errors))
    return HttpResponse(body, status=status, headers=headers, content_type=MEDIA_TYPE)


def _sentence(detail: Any) -> str:
    if isinstance(detail, dict):
        return " ".join(f"{name}: {_sentence(item)}" for name, item in detail.items())
    if isinstance(detail, list):
        return " ".join(_sentence(item) for item in detail)
    return str(detail)


def errors_page(request: HttpRequest) -> HttpResponse:
    """Say what each kind of error means: where ``type`` leads."""
    kinds = [
        (status, HTTPStatus(status).name.lower().replace("_", "-"), meaning)
        for status, meaning in MEANINGS.items()
    ]
    named = [(s, HTTPStatus(s).phrase, anchor, text) for s, anchor, text in kinds]
    return render(request, "api_errors.html", {"kinds": named, "section": "data"})
