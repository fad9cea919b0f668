"""Reading the environment: a bad value stops the start with a sentence that helps."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
import redis
from django.core.exceptions import ImproperlyConfigured

env = environ.Env()
SHORTEST_KEY = 40


def secret(name: str) -> str:
    """Return a secret from ``name``, or from the file that ``name``_FILE gives."""
    if path := env(f"{name}_FILE", default=""):
        try:
            return Path(path).read_text(encoding="utf-8").strip()
        except OSError as error:
            raise ImproperlyConfigured(
                f"{name}_FILE names {path}, which cannot be read: {error.strerror}."
            ) from error
    return env(name, default="")


def signing_keys(key: str, former: str, *, debug: bool) -> tuple[str, list[str]]:
    """Return the key that signs, and those (a list with commas) that signed before."""
    if not key:
        raise ImproperlyConfigured(
            "SECRET_KEY is not set. Set it (or SECRET_KEY_FILE) to 50 or more random "
            "characters; `make run` makes one for you."
        )
    if not debug and len(key) < SHORTEST_KEY:
        raise ImproperlyConfigured(
            f"SECRET_KEY has {len(key)} characters; outside DEBUG it needs at "
            f"least {SHORTEST_KEY} random ones."
        )
    fallbacks = [one.strip() for one in former.split(",") if one.strip()]
    if not debug and any(len(one) < SHORTEST_KEY for one in fallbacks):
        raise ImproperlyConfigured(
            f"SECRET_KEY_FALLBACKS holds a key of fewer than {SHORTEST_KEY} characters. "
            "List earlier values of SECRET_KEY, with commas, or leave it empty."
        )
    return key, fallbacks


def path(name: str, *, default: Path) -> Path:
    """Return a file or folder; a blank name would be the folder of the program."""
    return Path(env(name, default="") or default).absolute()


def web_address(name: str, *, default: str) -> str:
    """Return where something is reached over the web, or ``default`` where it is blank."""
    value = env(name, default="").strip().rstrip("/") or default
    if value and not is_web_address(value):
        raise ImproperlyConfigured(
            f'{name} is "{value}". Give an address like https://tracker.example.org.'
        )
    return value


def is_web_address(value: str) -> bool:
    try:
        parts = urlsplit(value)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname)


def broker(name: str, *, default: str) -> str:
    """Return the address of Redis, as Celery writes it."""
    value = env(name, default="") or default
    try:
        redis.connection.parse_url(value.replace("redis+socket://", "unix://"))
    except ValueError as error:
        # Not itself: a password may be in it.
        raise ImproperlyConfigured(
            f"{name} is no address of Redis. Give one like "
            "redis://:password@redis:6379/0, with letters and digits in the password."
        ) from error
    return value


def database(name: str, *, default: str) -> dict[str, Any]:
    """Return what Django is to know of the database at an address."""
    try:
        found = env.db(name, default=default)
    except ValueError as error:
        raise ImproperlyConfigured(
            f"{name} is no address of a database. Give one like "
            "postgres://tracker:password@db/tracker, with letters and digits in the "
            "password."
        ) from error
    found["CONN_MAX_AGE"] = 60
    engine = found.get("ENGINE")
    if engine == "django.db.backends.sqlite3":
        found["OPTIONS"] = {
            # With deferred transactions most concurrent writers fail as locked.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # recursive_triggers: else INSERT OR REPLACE deletes without its trigger.
            "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; "
            "PRAGMA foreign_keys=ON; PRAGMA recursive_triggers=ON;",
        }
        if test_name := env("TEST_DATABASE_NAME", default=""):
            found["TEST"] = {"NAME": test_name}
    elif engine == "django.db.backends.postgresql":
        found["ENGINE"] = "config.postgresql"
        found["CONN_HEALTH_CHECKS"] = True
    else:
        raise ImproperlyConfigured(
            f"{name} must start with sqlite:/// or postgres://, for example "
            "postgres://tracker:password@db/tracker."
        )
    return found


def account(name: str) -> tuple[str, str] | None:
    """Return the user and password in an address of PostgreSQL; None where none is set."""
    if not (url := env(name, default="")):
        return None
    found = env.db_url_config(url)
    if found.get("ENGINE") != "django.db.backends.postgresql" or not found["USER"]:
        raise ImproperlyConfigured(
            f"{name} must be the address with which web processes and workers come to "
            "PostgreSQL, for example postgres://site:password@db/tracker."
        )
    return found["USER"], found["PASSWORD"]


def switch(name: str, *, default: bool) -> bool:
    """Return an on/off setting."""
    value = env(name, default="").strip().lower()
    if value in ("on", "true", "1", "yes"):
        return True
    if value in ("off", "false", "0", "no"):
        return False
    if not value:
        return default
    raise ImproperlyConfigured(f'{name} is "{value}". Set it to on or off.')


def is_this_machine(name: str) -> bool:
    """Whether a name of a host never leads beyond the machine that asks (RFC 6761)."""
    return name in ("127.0.0.1", "[::1]") or f".{name}".endswith(".localhost")


def contact(value: str) -> str:
    """Return where readers reach the desk: an e-mail or web address, or nothing."""
    value = value.strip()
    if value.startswith(("http://", "https://")) or not value:
        return value
    if "@" in value and ":" not in value and " " not in value:
        return value
    raise ImproperlyConfigured(
        f'TRACKER_CONTACT is "{value}". Give an e-mail address, or an address that '
        "starts with https://, or leave it empty."
    )


def count(name: str, *, default: int, of: str, most: int = 999_999_999) -> int:
    """Return a whole number from 0 to ``most``."""
    given = env(name, default="") or str(default)
    if given.isascii() and given.isdigit() and len(given) < 10 and int(given) <= most:
        return int(given)
    raise ImproperlyConfigured(
        f"{name} is “{given}”. Give a number of {of}, from 0 to {most}."
    )
