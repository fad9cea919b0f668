"""Errors reported to Sentry, where SENTRY_DSN is set."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured


def without_people(event: Any, hint: Any) -> Any:
    """Return a report without the request and whose it was; the route stays."""
    return {k: v for k, v in event.items() if k not in ("request", "user")}


def start(dsn: str) -> None:
    """Report errors to ``dsn``. Raises ImproperlyConfigured where that cannot be."""
    try:
        import sentry_sdk
        from sentry_sdk.integrations.logging import ignore_logger
    except ImportError as error:
        raise ImproperlyConfigured(
            "SENTRY_DSN is set, but sentry-sdk is not installed: `pip install "
            "sentry-sdk`, or leave SENTRY_DSN empty."
        ) from error
    try:
        # No names, addresses, bodies or variables: they may hold what is private.
        sentry_sdk.init(
            dsn=dsn,
            send_default_pii=False,
            include_local_variables=False,
            max_request_body_size="never",
            before_send=without_people,
        )
        # It tells once more, with the path, of what was reported already.
        ignore_logger("django_structlog.*")
    except sentry_sdk.utils.BadDsn as error:
        raise ImproperlyConfigured(f"SENTRY_DSN cannot be read: {error}.") from error
