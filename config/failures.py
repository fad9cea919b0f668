"""What is answered where a request is too large, or the database is not there.

Both are no fault of a page: 413 and 503 say so, in the shape of what was asked for,
where Django would say 400 and 500.
"""

from __future__ import annotations

import errno
import sys
from collections.abc import Callable

from django.contrib.sessions.exceptions import SessionInterrupted
from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.views import defaults

# What the largest form takes, a file of 20 MB, with room for the rest of it.
MOST_BYTES = 22 * 1024 * 1024
# Seconds; longer than a database takes to come back after it was killed.
AGAIN_IN = 5
# https://www.postgresql.org/docs/current/errcodes-appendix.html, by their beginning:
# connection, rolled back for another, resources (disk, memory, connections), operator
# intervention (shut down, cancelled), lock not had, read-only, error of the system.
POSTGRESQL = ("08", "40", "53", "57", "55P03", "25006", "58")
# https://www.sqlite.org/rescode.html: BUSY, LOCKED, NOMEM, READONLY, IOERR, FULL,
# CANTOPEN; the rest are mistakes of ours.
SQLITE = {5, 6, 7, 8, 10, 13, 14}
FULL = {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EMFILE, errno.ENFILE}

Handler = Callable[[HttpRequest], HttpResponse]


def is_passing(error: BaseException | None) -> bool:
    """Whether the same request may well succeed in a while, with nothing mended here."""
    if isinstance(error, OSError):
        return error.errno in FULL
    cause = getattr(error, "__cause__", None)
    if isinstance(error, InterfaceError):
        return True
    if (code := getattr(cause, "sqlite_errorcode", None)) is not None:
        # The lower byte is the kind, the rest says which.
        return isinstance(error, OperationalError) and code & 0xFF in SQLITE
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return str(state).startswith(POSTGRESQL)
    return isinstance(error, OperationalError)


def failed(request: HttpRequest) -> HttpResponse:
    """Answer an exception that nobody caught: 503 where waiting helps, else 500."""
    if not is_passing(sys.exc_info()[1]):
        return defaults.server_error(request)
    return _come_again(request)


def _come_again(request: HttpRequest) -> HttpResponse:
    answer = _page(request, "503.html", 503)
    answer["Retry-After"] = str(AGAIN_IN)
    answer["Cache-Control"] = "no-store"
    return answer


def refused(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what cannot be read: 413 where there was too much of it, else 400.

    A session that could not be saved is no fault of the request, though Django calls
    it one: whatever the database said, it takes the session for deleted.
    """
    if isinstance(exception, RequestDataTooBig):
        return _page(request, "413.html", 413)
    if isinstance(exception, SessionInterrupted):
        return _come_again(request)
    return defaults.bad_request(request, exception)


def _page(request: HttpRequest, template: str, status: int) -> HttpResponse:
    # Without the request: nothing here may ask the database again.
    is_desk = request.path_info.startswith("/admin/")
    return HttpResponse(render_to_string(template, {"is_desk": is_desk}), status=status)


def refuse_large_bodies(get_response: Handler) -> Handler:
    """Refuse by its announced length what no form takes, before a byte is kept.

    A body of no announced length is not read at all: WSGI gives none of it.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        length = request.META.get("CONTENT_LENGTH") or "0"
        if length.isascii() and length.isdigit() and int(length[:20]) > MOST_BYTES:
            raise RequestDataTooBig("The body is larger than any form here takes.")
        return get_response(request)

    return middleware
