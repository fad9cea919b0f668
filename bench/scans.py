"""The nightly scan and the counts of a past day, over a record of a million.

``make bench ARGS=scans``: the rows of a record of 10,000 commitments are multiplied by
the database, past its guards, in a copy that is thrown away.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

from bench import record
from bench.serving import cpu_seconds, tree

BASE = 10_000
COMMITMENTS, ENTRIES = 100, 20  # times those of the base
DAY = date(2026, 11, 20)
PAST = date(2026, 6, 30)
TIMES = 10
# How far the numbers of one copy are from those of the next.
APART = 10_000_000
KEYS = {
    "commitments_commitment": ("id",),
    "commitments_historyentry": ("seq", "commitment_id", "refers_to_id"),
    "commitments_state": ("id", "commitment_id"),
}
# What is unique besides: told apart by its last characters.
UNIQUE = {"slug": 80, "ref": 12, "prev_digest": 64, "digest": 64}
# The statements alone, as somebody would type them who opens all flags anew.
BARE = {
    "never_reviewed": "reviewed_on IS NULL",
    "stale": "stale_after < %(on)s",
    "review_due": "review_due_on <= %(on)s",
    "overdue": "due_on < %(on)s AND status NOT IN ('delivered', 'abandoned')",
    "due_soon": "due_on BETWEEN %(on)s AND %(soon)s"
    " AND status NOT IN ('delivered', 'abandoned')",
    "inactive": "last_material_on < %(quiet)s"
    " AND status NOT IN ('delivered', 'abandoned')",
    "claim_gap": "official_position = 'declared_complete' AND status <> 'delivered'",
    "thin_evidence": "status NOT IN ('', 'no_evidence', 'not_assessable')"
    " AND (sources < 2 OR official_sources = 0)",
}
WINDOW = """
SELECT status, COUNT(*) FROM (
  SELECT status, ROW_NUMBER() OVER (
    PARTITION BY commitment_id ORDER BY effective_on DESC, seq DESC) AS place
  FROM commitments_historyentry WHERE status <> '' AND effective_on <= %s
) AS held WHERE place = 1 GROUP BY status
"""


@contextmanager
def multiplied(database: str) -> Iterator[int | None]:
    """Have Django on a copy of the base that holds a million."""
    maker = {"sqlite": record.sqlite, "postgresql": record.postgresql}[database]
    with maker(BASE) as pid:
        if database == "sqlite":
            path = os.environ["DATABASE_URL"].removeprefix("sqlite:///")
            copy = record.folder() / "scans.sqlite3"
            shutil.copy(path, copy)
            os.environ["DATABASE_URL"] = f"sqlite:///{copy}"
        else:
            _psql("DROP DATABASE IF EXISTS scans")
            _psql("CREATE DATABASE scans TEMPLATE postgres")
            address = os.environ["DATABASE_URL"].replace("/postgres?", "/scans?")
            os.environ["DATABASE_URL"] = address
        try:
            _connect()
            _multiply()
            yield pid
        finally:
            from django.db import connection

            connection.close()
            if database == "sqlite":
                copy.unlink()


def _psql(statement: str) -> None:
    import psycopg

    address = os.environ["DATABASE_URL"].replace("/postgres?", "/template1?")
    with psycopg.connect(address, autocommit=True) as line:
        line.execute(statement.encode())


def _connect() -> None:
    import django

    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "bench-only-not-a-secret-but-long-enough-to-be-one",
        "DEBUG": "off",
    }
    django.setup()


def _multiply() -> None:
    from django.db import connection

    is_postgresql = connection.vendor == "postgresql"
    with connection.cursor() as cursor:
        _unguard(cursor)
        for table, keys in KEYS.items():
            names = [
                one.name
                for one in connection.introspection.get_table_description(cursor, table)
            ]
            values = [_value(name, keys) for name in names]
            times = COMMITMENTS if table.endswith("_commitment") else ENTRIES
            cursor.execute(
                f"WITH RECURSIVE copies(k) AS (SELECT 1 UNION ALL SELECT k + 1 "
                f"FROM copies WHERE k < {times - 1}) "
                f"INSERT INTO {table} ({', '.join(names)}) "
                f"SELECT {', '.join(values)} FROM {table} CROSS JOIN copies"
            )
        # As autovacuum does in time, for the window function's sake too.
        cursor.execute("VACUUM ANALYZE" if is_postgresql else "ANALYZE")


def _unguard(cursor: Any) -> None:
    from django.db import connection

    if connection.vendor == "postgresql":
        cursor.execute("SET session_replication_role = replica")
        return
    cursor.execute("PRAGMA foreign_keys = OFF")
    cursor.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'")
    for (name,) in cursor.fetchall():
        cursor.execute(f'DROP TRIGGER "{name}"')


def _value(name: str, keys: tuple[str, ...]) -> str:
    if name in keys:
        return f"{name} + k * {APART}"
    if name in UNIQUE:
        kept = f"SUBSTR({name}, 1, {UNIQUE[name] - 4})"
        return f"{kept} || '-' || CAST(100 + k AS VARCHAR(3))"
    return name


def timed(what: str, do: Callable[[], Any], database: int | None) -> dict[str, Any]:
    """Run it; tell its seconds and the CPU seconds of us and the database.

    A scan once, as a second one finds other flags; counts as often as ``TIMES``, as the
    system counts hundredths of a second.
    """
    times = TIMES if what.startswith("counts") else 1
    pids = {os.getpid()} | (tree(database) if database else set())
    before, began = cpu_seconds(pids), time.monotonic()
    for _ in range(times):
        result = do()
    ended = time.monotonic()
    if database:
        pids |= tree(database)
    told = {
        "seconds": round((ended - began) / times, 3),
        "cpu_s": round((cpu_seconds(pids) - before) / times, 3),
    }
    print(f"{what:42}{told['seconds']:9.3f} s{told['cpu_s']:9.3f} s CPU  {result}")
    return told


def _bare() -> int:
    """Open every flag by the plain statements; take them back."""
    from django.db import connection, transaction

    from commitments import statuses

    given = {
        "on": DAY,
        "soon": DAY + statuses.DUE_SOON,
        "quiet": DAY - statuses.INACTIVE_AFTER,
    }
    opened = 0
    with transaction.atomic(), connection.cursor() as cursor:
        for reason, holds in BARE.items():
            cursor.execute(
                "INSERT INTO commitments_flag "
                "(commitment_id, reason, since_on, opened_at) "
                f"SELECT id, '{reason}', stated_on, '2026-11-20 01:00:00+00:00' "
                "FROM commitments_commitment WHERE trackable "
                f"AND standing = 'published' AND {holds}"
                % {name: f"'{day}'" for name, day in given.items()}
            )
            opened += cursor.rowcount
        transaction.set_rollback(True)
    return opened


def measure(database: str) -> dict[str, Any]:
    """Measure both on one database; print and return the figures."""
    print(f"\nA million on {database}")
    with multiplied(database) as pid:
        from django.db import connection
        from django.db.models import Count

        from commitments.models import State
        from commitments.services import flag_commitments
        from tracker.counting import stats

        def scan(days: int) -> dict[str, int]:
            on = DAY + timedelta(days=days)
            return flag_commitments(on=on, at=datetime(2026, 11, 20, 1, tzinfo=UTC))

        def window() -> dict[str, int]:
            with connection.cursor() as cursor:
                cursor.execute(WINDOW, [PAST])
                return dict(cursor.fetchall())

        def as_of() -> dict[str, int]:
            rows = State.objects.at(as_of=PAST).standing_now()
            return stats(rows, on=PAST)["status"]

        def status() -> dict[str, int]:
            held = State.objects.at(as_of=PAST).standing_now().order_by()
            return dict(held.values_list("status").annotate(n=Count("*")))

        rows = {
            "flags, bare statements": _bare,
            "flags, first scan": lambda: scan(0),
            "flags, the same again": lambda: scan(0),
            "flags, the night after": lambda: scan(1),
            "counts of a day, window function": window,
            "counts of a day, status alone": status,
            "counts of a day, all of them": as_of,
        }
        told = {what: timed(what, do, pid) for what, do in rows.items()}
    ratio = told["flags, first scan"]["cpu_s"] / told["flags, bare statements"]["cpu_s"]
    print(f"first scan : bare statements = {ratio:.2f} (aim 1.5)")
    window_s = told["counts of a day, window function"]["cpu_s"]
    for what in ("status alone", "all of them"):
        ratio = window_s / told[f"counts of a day, {what}"]["cpu_s"]
        print(f"counts, window function : {what} = {ratio:.2f} (aim 10)")
    return told
