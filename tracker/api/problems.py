"""Errors as problem details (RFC 9457): type, title, status, detail, errors."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from rest_framework import exceptions
from rest_framework.response import Response

from tracker.browse import BadParameter

MEDIA_TYPE = "application/problem+json"


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Return the answer to an error, or None for one that is ours to mend."""
    errors: list[dict[str, Any]] = []
    headers = {}
    match error:
        case BadParameter():
            status, detail = 400, error.message
            errors = [
                {"field": error.field, "message": error.message, "known": error.known}
            ]
        case Http404():
            status, detail = 404, "There is nothing at this address."
        case PermissionDenied():
            status, detail = 403, "This is not allowed."
        case exceptions.APIException():
            status, detail = error.status_code, _sentence(error.detail)
            if wait := getattr(error, "wait", None):
                headers["Retry-After"] = str(int(wait))
        case _:
            return None
    problem = {
        "type": f"about:blank#{HTTPStatus(status).name.lower()}",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        problem["errors"] = errors
    return Response(problem, status=status, headers=headers, content_type=MEDIA_TYPE)


def _sentence(detail: Any) -> str:
    if isinstance(detail, dict):
        return " ".join(f"{name}: {_sentence(item)}" for name, item in detail.items())
    if isinstance(detail, list):
        return " ".join(_sentence(item) for item in detail)
    return str(detail)
