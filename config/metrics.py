"""Figures for Prometheus, on an address of their own that no reader reaches.

Each process writes its counts into one folder (`PROMETHEUS_MULTIPROC_DIR`), from which
whoever answers at TRACKER_METRICS adds them up. What stands in the database is read
when it is asked for. Without TRACKER_METRICS nothing is counted.
"""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any


def _make_folder() -> None:
    """Make the folder of counts, which goes with the process that made it."""
    folder, owner = tempfile.mkdtemp(prefix="tracker-metrics-"), os.getpid()
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = folder

    def leave() -> None:
        # Not with a child, which inherits this.
        if os.getpid() == owner:
            shutil.rmtree(folder, ignore_errors=True)

    atexit.register(leave)


# Read once, when the library is imported.
if os.environ.get("TRACKER_METRICS") and "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
    _make_folder()

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Histogram,
    generate_latest,
    multiprocess,
    start_http_server,
)
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.registry import REGISTRY, Collector

Environ = dict[str, Any]
Application = Callable[[Environ, Callable[..., Any]], Iterable[bytes]]
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
# Where the route of a request and its fate in the cache are left for the count.
ROUTE, CACHE = "tracker.route", "tracker.cache"

REQUESTS = Counter(
    "tracker_requests", "Requests answered.", ["method", "route", "status"]
)
SECONDS = Histogram(
    "tracker_request_seconds", "Seconds until an answer began.", ["route"]
)
CACHED = Counter("tracker_cache", "Public answers by cache.", ["outcome"])
TASKS = Counter("tracker_tasks", "Tasks that ended.", ["task", "outcome"])
TASK_SECONDS = Histogram("tracker_task_seconds", "Seconds a task took.", ["task"])


class RecordCollector(Collector):
    """What the database knows, read at each scrape: a fixed number of queries."""

    def collect(self) -> Iterator[Metric]:
        from django.db import close_old_connections

        try:
            yield from _of_the_record()
        finally:
            close_old_connections()


def _gauge(name: str, told: str, values: dict[str, float], label: str) -> Metric:
    gauge = GaugeMetricFamily(name, told, labels=[label])
    for value, number in values.items():
        gauge.add_metric([value], number)
    return gauge


def _of_the_record() -> Iterator[Metric]:
    # Loaded with the first scrape: the apps are not ready when this module is read.
    from django.db import Error
    from django.db.models import Count
    from django.utils import timezone

    from commitments import desk
    from commitments.models import (
        DataVersion,
        Flag,
        HistoryEntry,
        QueueBeat,
        SchedulerLease,
    )
    from config.health import check_all
    from tracker import outbox
    from tracker.backups import proving

    at = timezone.now()
    wrong = check_all(at=at)
    ok = {name: float(not said) for name, said in wrong.items()}
    yield _gauge("tracker_check_ok", "1 where a check found all well.", ok, "check")
    if wrong["database"]:
        return
    try:
        flags = Flag.objects.open().order_by().values_list("reason")
        counted = {name: float(n) for name, n in flags.annotate(n=Count("pk"))}
        yield _gauge("tracker_flags_open", "Flags open.", counted, "reason")
        share = desk.reviewed_in_time(on=at.date())
        yield GaugeMetricFamily(
            "tracker_reviewed_in_time_share",
            "Share of the watched commitments that are not due for review.",
            share.count / share.of if share.of else 1.0,
        )
        heard = {
            queue: (at - heard_at).total_seconds()
            for queue, heard_at in QueueBeat.objects.values_list("queue", "heard_at")
        }
        yield _gauge(
            "tracker_queue_age_seconds",
            "Seconds since a worker took something from the queue.",
            heard,
            "queue",
        )
        yield _gauge(
            "tracker_outbox_age_seconds",
            "Seconds since the oldest event that a channel has not taken; 0 without one.",
            outbox.ages(at=at),
            "channel",
        )
        if lease := SchedulerLease.objects.first():
            yield GaugeMetricFamily(
                "tracker_scheduler_age_seconds",
                "Seconds since the scheduler looked.",
                (at - lease.beat_at).total_seconds(),
            )
        if made_at := proving.last():
            yield GaugeMetricFamily(
                "tracker_backup_age_seconds",
                "Seconds since the newest backup was made that proved good.",
                (at - made_at).total_seconds(),
            )
        yield GaugeMetricFamily(
            "tracker_data_version", "The data version.", DataVersion.current()
        )
        yield GaugeMetricFamily(
            "tracker_history_entries", "Entries.", HistoryEntry.objects.count()
        )
    except Error:
        # The check above tells of it at the next scrape.
        return


def address() -> tuple[str, int] | None:
    """Return where to answer, from TRACKER_METRICS. Raises ValueError."""
    given = os.environ.get("TRACKER_METRICS", "")
    if not given:
        return None
    host, _, port = given.rpartition(":")
    if not host or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
        raise ValueError(
            f'TRACKER_METRICS is "{given}". Give an address and a port, like '
            "127.0.0.1:9187, or leave it empty."
        )
    return host.strip("[]"), int(port)


def everything(*, with_record: bool) -> CollectorRegistry:
    """Return what to tell: counts of all processes; ``with_record`` the database's."""
    registry = CollectorRegistry()
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        multiprocess.MultiProcessCollector(registry)
    else:
        registry.register(_OwnProcess())
    if with_record:
        registry.register(RecordCollector())
    return registry


class _OwnProcess(Collector):
    """The counts of this process alone, where there is one."""

    def collect(self) -> Iterable[Metric]:
        return REGISTRY.collect()


class Counted:
    """A WSGI application whose answers are counted and timed.

    At the port of TRACKER_METRICS the figures are told and nothing else.
    """

    def __init__(self, application: Any) -> None:
        self.application, self.own = application, address()

    def __call__(self, environ: Environ, start_response: Callable[..., Any]) -> Any:
        if self._is_asked(environ):
            return _told(environ, start_response)
        return self._timed(self.application, environ, start_response)

    def at_hand(self) -> Callable[[Environ, Callable[..., Any]], Any]:
        """Return what answers with what the application has at hand, or gives None."""
        return partial(self._at_hand, self.application.at_hand())

    def _at_hand(
        self, answer: Callable, environ: Environ, start_response: Callable[..., Any]
    ) -> Any:
        if self._is_asked(environ):
            return None
        return self._timed(answer, environ, start_response)

    def _is_asked(self, environ: Environ) -> bool:
        return self.own is not None and environ.get("SERVER_PORT") == str(self.own[1])

    def _timed(
        self, answer: Callable, environ: Environ, start_response: Callable[..., Any]
    ) -> Any:
        began = time.perf_counter()
        status, given = "500", None

        def started(line: str, *rest: Any) -> Any:
            nonlocal status
            status = line[:3]
            return start_response(line, *rest)

        try:
            given = answer(environ, started)
            return given
        finally:
            if given is not None or answer is self.application:
                _count(environ, status, time.perf_counter() - began)


def _count(environ: Environ, status: str, seconds: float) -> None:
    method, route = environ.get("REQUEST_METHOD", ""), environ.get(ROUTE, "none")
    method = method if method in METHODS else "other"
    REQUESTS.labels(method, route, status).inc()
    SECONDS.labels(route).observe(seconds)
    if outcome := environ.get(CACHE):
        CACHED.labels(outcome).inc()


def _told(environ: Environ, start_response: Callable[..., Any]) -> list[bytes]:
    if environ.get("PATH_INFO") != "/metrics":
        start_response("404 Not Found", [("Content-Type", "text/plain")])
        return [b"There is only /metrics here.\n"]
    body = generate_latest(everything(with_record=True))
    start_response("200 OK", [("Content-Type", CONTENT_TYPE_LATEST)])
    return [body]


def remember_route(get_response: Callable) -> Callable:
    """Leave the pattern of the address that answered: a name of few, for the count."""

    def middleware(request: Any) -> Any:
        response = get_response(request)
        if match := request.resolver_match:
            request.META[ROUTE] = match.route or "/"
        return response

    return middleware


def serve_counts() -> None:
    """Tell the counts of a worker's processes at TRACKER_METRICS, from a thread."""
    if own := address():
        start_http_server(own[1], own[0], registry=everything(with_record=False))


def count_task(name: str, outcome: str, seconds: float) -> None:
    """Count a task that has ended."""
    TASKS.labels(name, outcome).inc()
    TASK_SECONDS.labels(name).observe(seconds)
