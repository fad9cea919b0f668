"""How politely hosts are asked: one request at a time, with a pause, by their rules.

The lease of a host is a row in the database, so that it holds for every process; a
process that dies loses it after two minutes.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit
from urllib.robotparser import RobotFileParser
from uuid import uuid4

from django.conf import settings
from django.db.models import Model

from commitments import outgoing
from commitments.models import Host

LEASE = timedelta(minutes=2)
ROBOTS_HOLD = timedelta(days=1)
LONGEST_PAUSE = timedelta(minutes=5)
LONGEST_WAIT = timedelta(days=1)
AGENT = "OpeningUpTracker"


def host_of(url: str) -> str:
    """Return the name of the host of an address, as it is paced."""
    return (urlsplit(url).hostname or "").rstrip(".").lower()[:255]


def known(urls: Iterable[str], *, at: datetime) -> dict[str, Host]:
    """Return the hosts of addresses by name; those not seen before are made."""
    names = {host_of(url) for url in urls}
    Host.objects.bulk_create(
        (Host(name=name, next_at=at) for name in sorted(names)), ignore_conflicts=True
    )
    return {host.name: host for host in Host.objects.filter(name__in=names)}


def take(hosts: Iterable[Host], *, at: datetime) -> set[int]:
    """Take the leases of those hosts that are free at ``at``; return their keys."""
    token = uuid4().hex
    free = Host.objects.free(at=at).filter(pk__in=[host.pk for host in hosts])
    free.update(leased_until=at + LEASE, holder=token)
    return set(Host.objects.filter(holder=token).values_list("pk", flat=True))


def give_back(waits: Mapping[int, timedelta], *, at: datetime) -> None:
    """End leases; each host is asked again after its wait (by primary key)."""
    hosts = list(Host.objects.filter(pk__in=waits))
    for host in hosts:
        host.leased_until, host.holder = None, ""
        host.next_at = at + waits[host.pk]
    save_all(hosts, ["leased_until", "holder", "next_at"])


def save_all(rows: Sequence[Model], columns: Sequence[str]) -> None:
    """Write columns of rows that are there already, in one statement.

    An upsert: ``bulk_update`` takes ten times as long to build.
    """
    if rows:
        type(rows[0])._default_manager.bulk_create(
            rows, update_conflicts=True, unique_fields=["id"], update_fields=columns
        )


def rules(host: Host) -> RobotFileParser:
    """Return the robots rules of a host as last read (RFC 9309)."""
    parser = RobotFileParser()
    parser.parse(host.robots.splitlines())
    return parser


def robots_are_fresh(host: Host, *, at: datetime) -> bool:
    return host.robots_at is not None and at - host.robots_at < ROBOTS_HOLD


def ask_robots(url: str) -> str:
    """Return the robots rules of the host of ``url``; none where it has none.

    Raises Unreachable where the host cannot say: then nothing is asked of it.
    """
    parts = urlsplit(url)
    limits = outgoing.Limits(bytes=500_000, seconds=15)
    try:
        answer = outgoing.get(
            f"{parts.scheme}://{parts.netloc}/robots.txt", limits=limits
        )
    except outgoing.Refused:
        return ""
    if answer.status >= 500:
        raise outgoing.Unreachable(
            "connection", f"Its robots rules cannot be read ({answer.status})."
        )
    text = answer.body.decode("utf-8", "replace") if answer.status == 200 else ""
    return text.replace("\0", "")[:100_000]


def conditions(*, etag: str, last_modified: str) -> dict[str, str]:
    """Return the headers that ask for a page only if it has changed (RFC 9110, 13)."""
    told = {"If-None-Match": etag, "If-Modified-Since": last_modified}
    return {name: value for name, value in told.items() if value}


def pause(host: Host) -> timedelta:
    """Return how long to wait between two requests to a host."""
    asked = rules(host).crawl_delay(AGENT)
    own = timedelta(seconds=settings.HOST_PAUSE)
    return min(max(own, timedelta(seconds=float(asked or 0))), LONGEST_PAUSE)


def retry_after(headers: Mapping[str, str], *, at: datetime) -> timedelta:
    """Return how long a server asks us to stay away; nothing where it does not."""
    told = headers.get("retry-after", "").strip()
    if told.isascii() and told.isdigit():
        wait = timedelta(seconds=min(int(told[:9]), 10**7))
    else:
        try:
            day = parsedate_to_datetime(told)
        except ValueError:
            return timedelta(0)
        wait = (day if day.tzinfo else day.replace(tzinfo=UTC)) - at
    return min(max(wait, timedelta(0)), LONGEST_WAIT)


class Turns:
    """One exchange at a time with each host of this process, redirects included."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._locks: dict[str, threading.Lock] = defaultdict(threading.Lock)

    @contextmanager
    def __call__(self, url: str) -> Iterator[None]:
        with self._guard:
            lock = self._locks[host_of(url)]
        with lock:
            yield
