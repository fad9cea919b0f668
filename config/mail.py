"""Which way mail leaves: one variable, EMAIL_URL, chooses it."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

# Seconds that a mail server may take for one answer.
TIMEOUT = 30
SMTP = "django.core.mail.backends.smtp.EmailBackend"
KNOWN = "smtp://, smtps://, smtp+tls://, anymail://, consolemail:// or filemail://"


def configured(url: str, *, folder: Path) -> dict[str, Any]:
    """Return Django's mail settings for EMAIL_URL.

    Empty: each mail becomes a file in ``folder`` alone. ``anymail://NAME?...``
    takes a provider of django-anymail with its settings, without their prefix:
    ``anymail://mailgun?api_key=...&sender_domain=...``. All else is read by
    django-environ. Raises ImproperlyConfigured.
    """
    if not url:
        return {
            "EMAIL_BACKEND": "tracker.backends.FolderAndConsole",
            "EMAIL_FILE_PATH": str(folder),
        }
    if url.startswith("anymail://"):
        return _anymail(url)
    try:
        chosen = environ.Env.email_url_config(url)
        seconds = int(chosen.get("OPTIONS", {}).get("TIMEOUT", TIMEOUT))
    except (KeyError, ValueError, ImproperlyConfigured) as error:
        raise ImproperlyConfigured(
            f"EMAIL_URL cannot be read ({error}). It starts with {KNOWN}."
        ) from None
    if not chosen.get("EMAIL_BACKEND"):
        raise ImproperlyConfigured(f"EMAIL_URL must start with {KNOWN}.")
    chosen.pop("OPTIONS", None)
    if chosen["EMAIL_BACKEND"] == SMTP:
        chosen["EMAIL_BACKEND"] = "tracker.backends.SMTP"
        chosen["EMAIL_TIMEOUT"] = seconds
    return chosen


def _anymail(url: str) -> dict[str, Any]:
    parts = urlsplit(url)
    name = parts.hostname or ""
    if find_spec("anymail") is None:
        raise ImproperlyConfigured(
            "EMAIL_URL chooses anymail, which is not installed: "
            "pip install 'django-anymail>=13'."
        )
    if find_spec(f"anymail.backends.{name}") is None:
        raise ImproperlyConfigured(
            f"EMAIL_URL names “{name}”, which django-anymail does not know. Write it "
            "like anymail://mailgun?api_key=...&sender_domain=..."
        )
    given = parse_qsl(parts.query, keep_blank_values=True)
    return {
        "EMAIL_BACKEND": f"anymail.backends.{name}.EmailBackend",
        "ANYMAIL": {f"{name.upper()}_{key.upper()}": value for key, value in given},
    }
