"""Logs: one line an event, JSON in production, with the number of the request.

What could open a door is left out: queries, bodies, addresses of clients, and any part
of a path that its route calls a token.
"""

from __future__ import annotations

import logging
from typing import Any

import structlog
from django.http import HttpRequest
from django_structlog.middlewares import RequestMiddleware
from structlog.typing import EventDict, Processor, WrappedLogger

HIDDEN = "[hidden]"
# Names of path parts that only their holder may know.
SECRET_PARTS = ("token", "key", "signed", "code", "reference")


def one_line(logger: WrappedLogger, name: str, event: EventDict) -> EventDict:
    """Escape control characters, so that nobody writes a line of their own."""
    text = str(event.get("event", ""))
    if not text.isprintable():
        text = "".join(
            char if char.isprintable() else repr(char)[1:-1] for char in text
        )
    event["event"] = text
    return event


SHARED: list[Processor] = [
    structlog.contextvars.merge_contextvars,
    structlog.stdlib.add_logger_name,
    structlog.stdlib.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.format_exc_info,
    one_line,
]


def configure() -> None:
    """Send what structlog is told through the standard library's logging."""
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            *SHARED,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=True,
    )


def formatter(form: str) -> logging.Formatter:
    """Return what writes lines of a ``form``: "json" or "plain"."""
    renderers: dict[str, Processor] = {
        "json": structlog.processors.JSONRenderer(ensure_ascii=False),
        "plain": structlog.dev.ConsoleRenderer(colors=False, pad_event_to=0),
    }
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            renderers[form],
        ],
        foreign_pre_chain=SHARED,
    )


def logging_settings(form: str) -> dict[str, Any]:
    """Return Django's LOGGING for ``form``."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"lines": {"()": formatter, "form": form}},
        "handlers": {
            "console": {"class": "logging.StreamHandler", "formatter": "lines"}
        },
        "root": {"handlers": ["console"], "level": "INFO"},
        "loggers": {
            # Each sign-in is in the audit list already.
            "axes": {"level": "WARNING"},
            # Tasks come every few seconds; each says itself what it did.
            "celery": {"level": "WARNING"},
            # Beside `make run` a person sits, who would look for the address in vain.
            "django_structlog": {"level": "WARNING" if form == "plain" else "INFO"},
            # Requests are told of below, without what their paths may hold.
            "django.request": {"level": "CRITICAL"},
            "django.server": {"level": "CRITICAL"},
        },
    }


class Requests(RequestMiddleware):
    """Numbers each request, and tells of its end and of errors."""

    @classmethod
    def format_request(cls, request: HttpRequest) -> str:
        return f"{request.method} {told_path(request)}"


def told_path(request: HttpRequest) -> str:
    """Return the path of a request as logs may hold it: no query, no tokens."""
    match = request.resolver_match
    if match is None:
        return "(no page)" if request.path != "/" else "/"
    path = request.path
    for name, value in match.kwargs.items():
        if any(part in name for part in SECRET_PARTS):
            path = path.replace(str(value), HIDDEN)
    return path[:300]
