"""What an answer depends on beside its address: the data, the day, and the code."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

from django.conf import settings
from django.db import connection
from django.http import HttpRequest
from django.utils import timezone
from django.views.decorators.http import condition

from commitments.models import DataVersion

# HTTP counts moments in seconds: while a change is younger, its moment says too little.
UNSETTLED = 2
READ = f"SELECT number, changed_at FROM {DataVersion._meta.db_table} WHERE id = 1"  # noqa: S608
CODE = ("commitments/**/*.py", "config/**/*.py", "tracker/**/*.py", "templates/**/*")


@dataclass(frozen=True)
class Version:
    """The number of the data, since when it has been that, and the day it is."""

    number: int
    changed_at: datetime | None
    day: date

    @property
    def modified_at(self) -> datetime:
        """Return since when answers have been what they are.

        What is due or stale follows from the day, so midnight changes answers too.
        """
        since = datetime.combine(self.day, time.min, tzinfo=UTC)
        moments = [since, code()[1], self.changed_at or since]
        return max(moments).replace(microsecond=0)

    def settled_at(self, *, now: datetime) -> datetime | None:
        """Return the moment that ``Last-Modified`` may tell; None while it is young."""
        is_young = (now - self.modified_at).total_seconds() < UNSETTLED
        return None if is_young else self.modified_at

    def tag(self, *parts: Any) -> str:
        """Return the strong tag of an answer that also depends on ``parts``."""
        # After a restore from a backup a number is used anew, for other data.
        told = repr([self.number, self.changed_at, self.day, code()[0], *parts])
        return f'"{hashlib.sha256(told.encode()).hexdigest()[:32]}"'


def current(*, day: date) -> Version:
    """Return the version of what is published, for the price of one small read."""
    with connection.cursor() as cursor:
        cursor.execute(READ)
        number, changed_at = cursor.fetchone() or (0, None)
    if changed_at is not None and changed_at.tzinfo is None:
        # SQLite has no type for moments: Django keeps them there in UTC.
        changed_at = changed_at.replace(tzinfo=UTC)
    return Version(number, changed_at, day)


@lru_cache(maxsize=1)
def code() -> tuple[str, datetime]:
    """Return a digest of the program as it was started, and when it last changed."""
    digest, latest = hashlib.sha256(settings.METHOD_VERSION.encode()), 0.0
    files = {p for pattern in CODE for p in settings.BASE_DIR.glob(pattern)}
    for path in sorted(files):
        # What an editor or a checkout takes away meanwhile is no part of the program.
        with suppress(FileNotFoundError, IsADirectoryError):
            digest.update(path.read_bytes())
            latest = max(latest, path.stat().st_mtime)
    return digest.hexdigest()[:16], datetime.fromtimestamp(int(latest), UTC)


def etag(request: HttpRequest, *args: Any, **kwargs: Any) -> str:
    """Return the strong tag of an answer: of version, day, code, address and form."""
    return tag_of(request, _of(request))


def modified(request: HttpRequest, *args: Any, **kwargs: Any) -> datetime | None:
    """Return since when the answer to a request is what it is, where that can be told."""
    return _of(request).settled_at(now=timezone.now())


def _of(request: HttpRequest) -> Version:
    """Return the version that a request is answered at, read once for tag and moment."""
    found = getattr(request, "_version", None)
    if found is None:
        found = request._version = current(day=timezone.localdate())  # type: ignore[attr-defined]
    return found


# A view of an answer for everybody: 304 to whoever holds it, else how to ask again.
conditional = condition(etag_func=etag, last_modified_func=modified)


def tag_of(request: HttpRequest, version: Version) -> str:
    """Return the strong tag of the answer to a request at a version."""
    return version.tag(request.get_full_path(), request.headers.get("Accept", ""))
