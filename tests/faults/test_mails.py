"""A short set of faults, with a real worker, broker and mail server; `make faults` is
the long one."""

import json
import os
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
import pytest

from .mail_server import FAULTS, ONCE

ROOT = Path(__file__).parents[2]
PLACES = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "TRACKER_DATA_DIR")
LIMIT = 7200


@pytest.fixture
def database():
    """The address of an empty database beside that of the tests; "" for SQLite."""
    server = os.environ.get("DATABASE_URL", "")
    if not server.startswith("postgres"):
        yield ""
        return
    name = f"faults_{os.getpid()}"
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
        yield urlsplit(server)._replace(path=f"/{name}").geturl()
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


def broken(seconds, database, **options):
    """Run the harness in a process of its own; return what it found."""
    own = {name: value for name, value in os.environ.items() if name not in PLACES}
    command = [sys.executable, "-m", "tests.faults.mails", "--seconds", str(seconds)]
    command += ["--database", database]
    command += [str(x) for name, n in options.items() for x in (f"--{name}", n)]
    done = subprocess.run(command, cwd=ROOT, env=own, stdout=subprocess.PIPE, text=True)
    assert done.returncode == 0, done.stdout
    print(done.stdout)
    found = json.loads(done.stdout)
    assert found["mails"] == options["changes"] * options["followers"]
    for fault in ("doubled", "unknown", "false", "lost", "missing"):
        assert found[fault] == 0, found
    # Each fault of the server was played.
    assert set(found["server"]) == {ONCE, *FAULTS}
    return found


@pytest.mark.timeout(600)
def test_no_mail_is_doubled_and_none_lost_unseen_whatever_breaks(database):
    found = broken(400, database, kills=4, changes=6, followers=5, flush=2, restart=4)

    acts = found["acts"]
    assert acts["pool process killed"] == 4, found
    assert (acts["broker flushed"], acts["broker restarted"]) == (2, 1)


@pytest.mark.faults
@pytest.mark.timeout(LIMIT + 600)
def test_no_mail_is_doubled_by_kills_in_their_hundreds(database):
    kills = int(os.environ.get("FAULT_KILLS") or 100)
    found = broken(LIMIT, database, kills=kills, changes=max(50, kills), followers=10)

    acts = found["acts"]
    assert acts["pool process killed"] + acts["worker killed"] == kills
