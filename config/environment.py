"""Readers of environment variables: typed, and each refusal a sentence that helps.

An empty variable counts as one that is not set: compose files hand empty ones down.
"""

from __future__ import annotations

import base64
import binascii
import os
import warnings
from email.utils import parseaddr
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

ON, OFF = ("on", "true", "1", "yes"), ("off", "false", "0", "no")
# What `manage.py check --deploy` asks of a key.
KEY_LENGTH, KEY_VARIETY = 50, 5
DATABASES = {
    "django.db.backends.sqlite3": "a path",
    "django.db.backends.postgresql": "a name",
}
DATABASE_HINT = (
    "Give postgres://user:password@host:5432/name or sqlite:////folder/file.sqlite3."
)
BROKERS = ("redis", "rediss", "redis+socket")
MAIL_HINT = (
    "Give smtp+tls://user:password@host:587, smtp+ssl://, smtp://, or consolemail:// "
    "to print mails."
)


def text(name: str, default: str = "") -> str:
    """Return a variable without the space around it."""
    return os.environ.get(name, "").strip() or default


def line(name: str, default: str) -> str:
    """Return a text that ends up in subjects and titles: one short line."""
    value = text(name, default)
    if len(value) > 100 or not value.isprintable():
        raise ImproperlyConfigured(
            f"{name} does not fit: give one line of at most 100 characters."
        )
    return value


def switch(name: str, *, default: bool) -> bool:
    """Return an on/off setting."""
    value = text(name).lower()
    if value in ON:
        return True
    if value in OFF:
        return False
    if not value:
        return default
    raise ImproperlyConfigured(f'{name} is "{value}". Set it to on or off.')


def words(name: str, default: list[str]) -> list[str]:
    """Return a list given with commas."""
    return [word for part in text(name).split(",") if (word := part.strip())] or default


def secret(name: str) -> str:
    """Return a secret from ``name``, or from the file that ``name``_FILE gives."""
    path, value = text(f"{name}_FILE"), text(name)
    if path and value:
        raise ImproperlyConfigured(f"Both {name} and {name}_FILE are set. Set one.")
    if not path:
        return value
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", "") or "it is not text"
        raise ImproperlyConfigured(
            f"{name}_FILE names {path}, which cannot be read: {reason}."
        ) from error


def secret_key(*, strong: bool) -> str:
    """Return SECRET_KEY; where ``strong``, one that cannot be guessed."""
    key = secret("SECRET_KEY")
    if not key:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Set it (or SECRET_KEY_FILE) to 50 or more random "
            "characters. For commands beside `make run`: make manage "
            'ARGS="verify_history".'
        )
    if strong and (len(key) < KEY_LENGTH or len(set(key)) < KEY_VARIETY):
        raise ImproperlyConfigured(
            f"SECRET_KEY is too weak: it has {len(key)} characters, "
            f"{len(set(key))} of them different. Give at least {KEY_LENGTH} random "
            "ones, for example from: "
            "python3 -c 'import secrets; print(secrets.token_urlsafe(50))'"
        )
    return key


def hosts(*, debug: bool) -> list[str]:
    """Return ALLOWED_HOSTS: names without scheme or port."""
    names = words("ALLOWED_HOSTS", [])
    if not names and not debug:
        raise ImproperlyConfigured(
            "ALLOWED_HOSTS is empty. List the names under which the tracker is "
            "reached, for example tracker.example.org,localhost."
        )
    for name in names:
        if name == "*" and not debug:
            raise ImproperlyConfigured(
                'ALLOWED_HOSTS holds "*", which trusts any name. List the names.'
            )
        if "/" in name or (":" in name and not name.startswith("[")):
            raise ImproperlyConfigured(
                f'ALLOWED_HOSTS holds "{name}". Give the name alone, without '
                "https:// and without a port."
            )
    return names


def origins(name: str) -> list[str]:
    """Return web addresses without a path."""
    given = words(name, [])
    for origin in given:
        _check_address(name, origin)
        if urlsplit(origin).path:
            raise ImproperlyConfigured(f'{name} holds "{origin}". Leave out the path.')
    return given


def address(name: str, default: str) -> str:
    """Return the web address of a site, without a slash at its end."""
    value = text(name, default).rstrip("/")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Give the address that mails and answers should link "
            "to, for example https://tracker.example.org."
        )
    _check_address(name, value)
    return value


def _check_address(name: str, value: str) -> None:
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and parts.hostname
        _ = parts.port
    except ValueError:
        good = False
    if not good:
        raise ImproperlyConfigured(
            f'{name} holds "{value}". Give a whole address, for example '
            "https://tracker.example.org."
        )


def folder(name: str, default: Path) -> Path:
    """Return a folder that can be written to, made where it is missing."""
    path = Path(text(name, str(default))).absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name} is {path}, which cannot be made: {error.strerror}. Set it to a "
            "folder that this account may write to."
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(
            f"{name} is {path}, which this account may not write to. Change its "
            "owner, or set another folder."
        )
    return path


def ed25519_key(name: str) -> str:
    """Return a private key as base64 of 32 bytes, or an empty text."""
    key = secret(name)
    if not key:
        return ""
    try:
        good = len(base64.b64decode(key, validate=True)) == 32
    except (binascii.Error, ValueError):
        good = False
    if not good:
        raise ImproperlyConfigured(
            f"{name} is not an ed25519 key: give base64 of 32 random bytes."
        )
    return key


def database(name: str, default: Path) -> dict[str, Any]:
    """Return the database of a URL, else an SQLite file at ``default``."""
    url = text(name)
    if not url:
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": str(default)}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            found = environ.Env.db_url_config(url)
        engine = found["ENGINE"]
    # Whatever it says, the URL (which holds a password) stays out of the message.
    except Exception as error:
        raise ImproperlyConfigured(f"{name} cannot be read. {DATABASE_HINT}") from error
    if engine not in DATABASES:
        raise ImproperlyConfigured(
            f"{name} names a database that the tracker does not run on. {DATABASE_HINT}"
        )
    if found["NAME"] in ("", ":memory:"):
        raise ImproperlyConfigured(
            f"{name} lacks {DATABASES[engine]} at its end. {DATABASE_HINT}"
        )
    return found


def broker(name: str, default: str) -> str:
    """Return the URL of a broker that speaks Redis's protocol."""
    url = text(name, default)
    try:
        parts = urlsplit(url)
        good = parts.scheme in BROKERS and bool(parts.hostname or parts.path)
        _ = parts.port
    except ValueError:
        good = False
    if not good:
        raise ImproperlyConfigured(
            f"{name} cannot be read. Give redis://host:6379/0, rediss:// for TLS, or "
            "redis+socket:///folder/file.sock."
        )
    return url


def mail(name: str, default: str) -> dict[str, Any]:
    """Return Django's EMAIL settings of a URL."""
    try:
        found = environ.Env.email_url_config(text(name, default))
    except Exception as error:
        raise ImproperlyConfigured(f"{name} cannot be read. {MAIL_HINT}") from error
    if found["EMAIL_BACKEND"].endswith(".smtp.EmailBackend") and not found.get(
        "EMAIL_HOST"
    ):
        raise ImproperlyConfigured(f"{name} lacks a host. {MAIL_HINT}")
    # None would win over Django's own default, the port among them.
    return {key: value for key, value in found.items() if value is not None}


def sender(name: str, default: str) -> str:
    """Return the address that mails come from."""
    value = line(name, default)
    person, at, domain = parseaddr(value)[1].rpartition("@")
    if not (person and at and domain):
        raise ImproperlyConfigured(
            f'{name} is "{value}". Give a mail address, for example '
            "tracker@example.org."
        )
    return value
