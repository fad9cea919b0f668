"""Whether this process answers, and whether all it rests on is well.

``live`` asks nothing of anything: a supervisor restarts what does not answer it.
``ready`` answers 503 where readers cannot be served (database, migrations); what only
upkeep rests on (guards, durability, static files, broker, disk, scheduler, queues,
backup) is told in the answer, and with ``?all`` turns it to 503 too, for monitors.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from datetime import datetime, timedelta

import redis
from django.conf import settings
from django.contrib.staticfiles.storage import staticfiles_storage
from django.db import Error as AnyDatabaseError
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from commitments import guards
from commitments.models import QueueBeat, SchedulerLease
from config import broker as asked
from tracker.backups import proving

# A scheduler looks every five seconds, a queue is heard every thirty.
LATE = timedelta(minutes=2)
# One is made and proved a night, and may take two hours longer than the last time.
LATE_BACKUP = timedelta(hours=26)
LEAST_FREE_BYTES = 200_000_000
BROKER_SECONDS = 1.0
# Without these, PostgreSQL may lose what it has acknowledged when power fails:
# https://www.postgresql.org/docs/current/wal-async-commit.html and its next pages.
DURABLE = ("fsync", "full_page_writes", "synchronous_commit")
# https://sqlite.org/pragma.html#pragma_synchronous: FULL; in WAL mode, NORMAL may lose.
SQLITE_FULL = 2

NO_BACKUP = "No backup has been proved here yet by `manage.py verify_backup`."

# What a check found wrong, as a sentence; empty where all is well.
Check = Callable[[datetime], str]


def database(at: datetime) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return ""


def migrations(at: datetime) -> str:
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    waiting = ", ".join(f"{step.app_label}.{step.name}" for step, _ in plan[:5])
    return f"Run `manage.py migrate`; waiting: {waiting}." if waiting else ""


def history_guards(at: datetime) -> str:
    missing = guards.missing(connection)
    return f"Guards not in force: {', '.join(missing)}." if missing else ""


def durability(at: datetime) -> str:
    """Whether an entry that was acknowledged would outlive a loss of power."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT name FROM pg_settings WHERE setting = 'off' AND name = ANY(%s) "
                "ORDER BY name",
                [[*DURABLE]],
            )
            weak = ", ".join(name for (name,) in cursor.fetchall())
        else:
            cursor.execute("PRAGMA synchronous")
            weak = "synchronous=FULL" if cursor.fetchone()[0] < SQLITE_FULL else ""
    if weak:
        return (
            f"Entries could be lost when power fails. Turn on in the database: {weak}."
        )
    return ""


def static(at: datetime) -> str:
    """Whether pages have their looks: what is not collected cannot be sent."""
    if getattr(staticfiles_storage, "hashed_files", True):
        return ""
    return "Run `manage.py collectstatic`, and start anew: pages come without style."


def broker(at: datetime) -> str:
    client = asked.client(seconds=BROKER_SECONDS)
    try:
        policy = client.info("memory").get("maxmemory_policy", "")
    except (redis.RedisError, OSError) as error:
        return f"The broker does not answer: {type(error).__name__}."
    finally:
        client.close()
    # Queues do not expire, so what evicts only keys that do lets them be.
    if policy.startswith("allkeys-"):
        return (
            f"The broker drops tasks when its memory is full ({policy}). Set its "
            "maxmemory-policy to noeviction."
        )
    return ""


def disk(at: datetime) -> str:
    free = shutil.disk_usage(settings.DATA_DIR).free
    if free < LEAST_FREE_BYTES:
        return f"{free // 1_000_000} MB are free in the data folder."
    return ""


def scheduler(at: datetime) -> str:
    lease = SchedulerLease.objects.filter(pk=1).first()
    if lease is None:
        return "No scheduler has run yet."
    return _late("The scheduler", lease.beat_at, at)


def queues(at: datetime) -> str:
    heard = dict(QueueBeat.objects.values_list("queue", "heard_at"))
    found = [
        _late(f"The queue {name}", heard[name], at)
        if name in heard
        else f"No worker of the queue {name} was heard yet."
        for name in settings.QUEUES
    ]
    return " ".join(filter(None, found))


def backup(at: datetime) -> str:
    """Whether there is a new one; who never proved any makes none here, or not yet."""
    made_at = proving.last()
    if made_at and at - made_at > LATE_BACKUP:
        hours = int((at - made_at) / timedelta(hours=1))
        return f"The last backup that proved good was made {hours} hours ago."
    return ""


def _late(what: str, last: datetime, at: datetime) -> str:
    seconds = int((at - last).total_seconds())
    if at - last > LATE:
        return f"{what} was last heard {seconds} seconds ago."
    return ""


SERVING: dict[str, Check] = {"database": database, "migrations": migrations}
UPKEEP: dict[str, Check] = {
    "guards": history_guards,
    "durability": durability,
    "static": static,
    "broker": broker,
    "disk": disk,
    "scheduler": scheduler,
    "queues": queues,
    "backup": backup,
}


def check_all(*, at: datetime) -> dict[str, str]:
    """Return for each check what is wrong; empty sentences where all is well.

    After a database that does not answer, what would ask it is told as unknown.
    """
    found: dict[str, str] = {}
    for name, check in {**SERVING, **UPKEEP}.items():
        try:
            found[name] = check(at)
        except AnyDatabaseError as error:
            found[name] = f"The database does not answer: {type(error).__name__}."
        except OSError as error:
            found[name] = f"Could not look: {error.strerror}."
    return found


def notices() -> list[str]:
    """Return what an operator may want to know, though nothing is wrong."""
    try:
        return [] if proving.last() else [NO_BACKUP]
    except AnyDatabaseError:
        return []


@never_cache
@require_safe
def live(request: HttpRequest) -> HttpResponse:
    """Answer 200 when this process answers at all."""
    return HttpResponse("ok\n", content_type="text/plain; charset=utf-8")


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Answer 503 where readers cannot be served; with ``?all`` where anything is ill."""
    found = check_all(at=timezone.now())
    decisive = found if "all" in request.GET else SERVING
    status = 503 if any(found[name] for name in decisive) else 200
    answer = {
        "status": "unavailable"
        if any(found[name] for name in SERVING)
        else ("degraded" if any(found.values()) else "ok"),
        "checks": {name: said or "ok" for name, said in found.items()},
        "notices": notices(),
    }
    return JsonResponse(answer, status=status)
