"""An upgrade killed half way is run again, and nothing is stuck."""

import os
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest
from django.db import connection

from tests.config.test_upgrades import BEFORE, new_migrations

ROOT = Path(__file__).parents[2]
# Statements after which each try dies; the later ones find something done already.
DEATHS = (15, 60, 120, 200)
SCHEMA = {
    "sqlite": [
        "SELECT type, name, sql FROM sqlite_master WHERE name LIKE '%commitments%' "
        "OR tbl_name LIKE 'tracker%' OR tbl_name LIKE 'commitments%'"
    ],
    "postgresql": [
        "SELECT table_name, column_name, data_type, is_nullable, column_default "
        "FROM information_schema.columns WHERE table_schema = 'public'",
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'",
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint "
        "WHERE connamespace = 'public'::regnamespace",
        "SELECT tgname, tgenabled::text, pg_get_triggerdef(oid) FROM pg_trigger "
        "WHERE NOT tgisinternal",
    ],
}
pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(400)]


@pytest.fixture
def other(tmp_path):
    """The address of an empty database, of the kind of the tests'."""
    if connection.vendor == "sqlite":
        yield f"sqlite:///{tmp_path}/other.sqlite3"
        return
    server, name = os.environ["DATABASE_URL"], f"killed_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as master:
        master.execute(f"CREATE DATABASE {name}")
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        master.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def manage(other, tmp_path):
    own = {**os.environ, "DATABASE_URL": other, "TRACKER_DATA_DIR": str(tmp_path)}
    own["TRACKER_CHECKPOINT_FILE"] = f"{tmp_path}/checkpoints.jsonl"

    def run(*words, dies=""):
        program = ["-m", "tests.faults.dying", dies] if dies else ["manage.py"]
        return subprocess.run(
            [sys.executable, *program, *words],
            cwd=ROOT,
            env=own,
            capture_output=True,
            text=True,
        )

    return run


def schema(url=None):
    """All of it as text, of the tests' own database or of another."""
    rows = []
    for query in SCHEMA[connection.vendor]:
        if url is None:
            with connection.cursor() as cursor:
                cursor.execute(query)
                rows += cursor.fetchall()
        elif connection.vendor == "postgresql":
            with psycopg.connect(url) as there:
                rows += there.execute(query).fetchall()
        else:
            with sqlite3.connect(url.removeprefix("sqlite:///")) as there:
                rows += there.execute(query).fetchall()
    return sorted(map(str, rows))


def test_an_upgrade_killed_again_and_again_ends_where_an_undisturbed_one_does(
    manage, other
):
    filled = manage("restore", str(BEFORE), dies="schema")
    assert filled.returncode == 0, filled.stderr
    assert manage("migrate", "--check").returncode == 1 and new_migrations()

    ends = [manage("migrate", dies=str(n)).returncode for n in DEATHS]
    assert ends.count(-signal.SIGKILL) >= 2, ends
    done = manage("migrate")

    assert done.returncode == 0, done.stderr
    assert manage("migrate", "--check").returncode == 0
    assert schema(other) == schema()
    for check in ("verify_history", "check_record"):
        found = manage(check)
        assert found.returncode == 0, found.stdout + found.stderr
