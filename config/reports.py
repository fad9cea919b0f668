"""Errors reported to Sentry, where SENTRY_DSN is set."""

from django.core.exceptions import ImproperlyConfigured


def start(dsn: str) -> None:
    """Report errors to ``dsn``. Raises ImproperlyConfigured where that cannot be."""
    try:
        import sentry_sdk
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
        )
    except sentry_sdk.utils.BadDsn as error:
        raise ImproperlyConfigured(f"SENTRY_DSN cannot be read: {error}.") from error
