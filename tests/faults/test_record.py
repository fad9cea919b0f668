"""What the site said it took is there, once and whole, whatever was killed meanwhile.

A short set here, `make faults` (KILLS, FAULT_WRITES) is the long one. The control runs
take a protection away and must find what it protects from.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

ROOT = Path(__file__).parents[2]
OWN = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "TRACKER_DATA_DIR", "DEBUG")
FAULTS = ("lost", "doubled", "half", "chain", "record", "captures", "problems")
SHORT = {
    "postgresql": "web,desk,connections cut,database killed,broker flushed,web",
    "sqlite": "web,desk,whole web,web",
}


def run(**options):
    """Run the harness in a process of its own; return what it found."""
    own = {name: value for name, value in os.environ.items() if name not in OWN}
    given = {"database": connection.vendor, **options}
    command = [sys.executable, "-m", "tests.faults.record"]
    command += [str(x) for name, n in given.items() for x in (f"--{name}", n)]
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True)
    assert done.stdout, done.stderr[-3000:]
    print(done.stdout)
    return json.loads(done.stdout)


@pytest.mark.timeout(400)
def test_nothing_that_was_taken_is_lost_doubled_or_half():
    acts = SHORT[connection.vendor]
    found = run(acts=acts, writes=15, seconds=200)

    assert {name: found[name] for name in FAULTS if found[name]} == {}
    assert found["acknowledged"] >= 15
    assert sum(found["acts"].values()) == len(acts.split(","))


@pytest.mark.faults
@pytest.mark.timeout(7200)
def test_nothing_is_lost_doubled_or_half_by_kills_in_their_hundreds():
    kills = int(os.environ.get("FAULT_KILLS") or 100)
    writes = int(os.environ.get("FAULT_WRITES") or 1000)
    found = run(kills=kills, writes=writes, seconds=6600)

    assert {name: found[name] for name in FAULTS if found[name]} == {}
    assert found["acknowledged"] >= writes


@pytest.mark.faults
@pytest.mark.timeout(1200)
@pytest.mark.parametrize(
    ("without", "only", "what"),
    [
        ("transactions", "web", ("half", "chain", "record", "lost", "problems")),
        ("seen", "web", ("doubled",)),
        ("leases", "desk", ("problems",)),
    ],
)
def test_without_its_protection_the_same_run_finds_the_fault(without, only, what):
    found = run(without=without, only=only, kills=25, writes=10, seconds=600)

    assert any(found[name] for name in what), found
