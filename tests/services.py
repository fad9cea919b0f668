"""Pytest plugin: the real servers that the suite talks to (-p tests.services).

Loaded before settings are read. DATABASE_URL and REDIS_URL win where they are set;
else programs on the PATH; else the wheels of requirements/develop.txt. What is
missing stops the run with what to install.
"""

import atexit
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

import psycopg

from tests.servers import Broker, Postgresql, as_nobody
from tests.servers import postgresql_programs as _postgresql_bin  # noqa: F401

LANE = os.environ.get("TEST_DATABASE", "sqlite")


def _start() -> None:
    base = Path(tempfile.mkdtemp(prefix="tracker-tests-", dir="/tmp"))
    as_user = as_nobody(base)
    running = [_start_broker(base, as_user)]
    if LANE == "postgresql" and not os.environ.get("DATABASE_URL"):
        running.append(_start_postgresql(base, as_user))
    elif LANE == "sqlite":
        data = Path(tempfile.mkdtemp(prefix="tracker-sqlite-"))
        os.environ["DATABASE_URL"] = f"sqlite:///{data}/tracker.sqlite3"
        os.environ["TEST_DATABASE_NAME"] = f"{data}/test.sqlite3"
        atexit.register(shutil.rmtree, data, ignore_errors=True)
    if LANE == "postgresql":
        _make_serving_account()
    owner = os.getpid()

    def stop() -> None:
        if os.getpid() != owner:
            return
        for process in running:
            process.send_signal(signal.SIGINT)
            process.wait(15)
        shutil.rmtree(base, ignore_errors=True)

    atexit.register(stop)


def _start_broker(base: Path, as_user: dict) -> subprocess.Popen:
    broker = Broker(base, as_user)
    os.environ.setdefault("REDIS_URL", broker.url)
    return broker.process


def _start_postgresql(base: Path, as_user: dict) -> subprocess.Popen:
    # Nothing here outlives its run.
    fast = dict.fromkeys(("fsync", "synchronous_commit", "full_page_writes"), "off")
    # A long run of calls is one transaction here, with a savepoint for each.
    server = Postgresql(base, as_user, max_locks_per_transaction="1000", **fast)
    os.environ["DATABASE_URL"] = server.url
    return server.process


def _make_serving_account() -> None:
    """Make the account that ordinary tests run as; migrating gives it its rights."""
    os.environ["TRACKER_SERVING_DATABASE_URL"] = "postgres://site@/postgres"
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as owner:
        if not owner.execute(
            "SELECT 1 FROM pg_roles WHERE rolname = 'site'"
        ).fetchone():
            owner.execute("CREATE ROLE site LOGIN")


if not os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
    os.environ.setdefault("DEBUG", "on")
    os.environ["TRACKER_API_RATE"] = os.environ["TRACKER_API_KEY_RATE"] = "0"
    os.environ.setdefault("EMAIL_URL", "memorymail://")
    os.environ["TRACKER_DATA_DIR"] = tempfile.mkdtemp(prefix="tracker-data-")
    atexit.register(shutil.rmtree, os.environ["TRACKER_DATA_DIR"], ignore_errors=True)
    _start()
