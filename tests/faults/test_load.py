"""A crowd reads and people write while one part after the other fails under them."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.db import connection

from tests.faults.test_full_disks import mounted

ROOT = Path(__file__).parents[2]
OWN = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "TRACKER_DATA_DIR", "DEBUG")
FAULTS = ("lost", "doubled", "half", "chain", "record", "captures", "problems")
SHORT = "calm:3,broker hung:5,broker gone:3,web renewed:3,web renewed:3,whole web:3"
WITHOUT = "calm:4,connections taken:3,calm:3,network slow:3,network torn:5,calm:2"
# What a crowd notices depends on the machine: run by `make faults`, not with the suite.
pytestmark = [pytest.mark.faults, pytest.mark.timeout(400)]
POSTGRESQL = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="SQLite has no server and no network."
)


def run(*flags, **options):
    """Run the harness in a process of its own; return what it found."""
    own = {name: value for name, value in os.environ.items() if name not in OWN}
    given = {"database": connection.vendor, **options}
    command = [sys.executable, "-m", "tests.faults.load", *flags]
    command += [str(x) for name, n in given.items() for x in (f"--{name}", n)]
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True)
    assert done.stdout, done.stderr[-3000:]
    found = json.loads(done.stdout)
    for phase in found["phases"]:
        print(phase)
    told = ("available %", "torn", "reader", "acknowledged", "answers")
    print({name: found[name] for name in told})
    assert {name: found[name] for name in FAULTS if found[name]} == {}
    return found


@pytest.fixture(scope="module")
def short():
    return run(phases=SHORT, readers=10)


@pytest.fixture(scope="module")
def pressed():
    """Sixty clients on a database of two dozen connections, over a network."""
    return run("--network", phases=WITHOUT, readers=60, pause=4, connections=24)


def of(found, *names):
    """The phases of these names, which saw somebody ask."""
    phases = [phase for phase in found["phases"] if phase["phase"] in names]
    assert phases and all(phase["asked"] for phase in phases)
    return phases


def is_undisturbed(phase):
    return set(phase["codes"]) == {"200"} and phase["writes taken"] > 0


def test_a_broker_that_hangs_or_is_gone_is_noticed_by_nobody(short):
    assert all(map(is_undisturbed, of(short, "broker hung", "broker gone")))


def test_the_web_server_is_renewed_under_them_and_nobody_notices(short):
    renewals = of(short, "web renewed")
    assert len(renewals) == 2 and all(map(is_undisturbed, renewals))


def test_where_the_web_server_is_killed_the_same_crowd_notices(short):
    """The control."""
    (killed,) = of(short, "whole web")
    assert killed["codes"]["0"] > 0


@POSTGRESQL
def test_sixty_readers_get_by_with_two_dozen_connections(pressed):
    assert set(of(pressed, "calm")[0]["codes"]) == {"200"}


@POSTGRESQL
def test_without_a_free_connection_they_are_told_to_come_again(pressed):
    (taken,) = of(pressed, "connections taken")
    assert set(taken["codes"]) <= {"200", "503"} and taken["codes"]["503"] > 0
    assert taken["503 without Retry-After"] == 0
    # And served again, once there are some.
    assert is_undisturbed(of(pressed, "calm")[1])


@POSTGRESQL
def test_with_a_full_disk_the_database_takes_nothing_and_loses_nothing(tmp_path):
    with mounted(tmp_path / "allowed"):
        pass
    found = run(phases="calm:5,disk full:30,calm:10", readers=5, disk=120)

    before, full, after = found["phases"]
    assert is_undisturbed(before) and is_undisturbed(after)
    # What is in memory is given all the time; what is not, while PostgreSQL lives.
    assert set(full["codes"]) <= {"200", "503"} and full["codes"]["200"] > 0
    assert full["503 without Retry-After"] == 0
    assert found["answers"]["503"] > 0 and "500" not in found["answers"]


@POSTGRESQL
def test_over_a_network_that_is_slow_and_torn_answers_are_late_but_right(pressed):
    assert pressed["torn"] > 0
    (slow,), (torn,) = of(pressed, "network slow"), of(pressed, "network torn")
    assert set(slow["codes"]) == {"200"}
    assert set(torn["codes"]) <= {"200", "503"}
    assert torn["503 without Retry-After"] == 0


@pytest.mark.timeout(900)
def test_the_web_server_is_renewed_ten_times_and_no_request_fails():
    found = run(phases=",".join(["web renewed:8"] * 10), readers=10)

    assert found["reader"]["failed"] == 0
    assert set(found["answers"]) & {"no answer", "502", "503"} == set()


@pytest.mark.timeout(900)
def test_a_broker_that_hangs_for_half_a_minute_makes_nobody_wait():
    found = run(phases="calm:20,broker hung:30,broker gone:30,calm:10", readers=10)

    assert all(map(is_undisturbed, found["phases"]))


@POSTGRESQL
@pytest.mark.timeout(900)
def test_two_minutes_of_load_with_three_faults_are_mostly_served():
    phases = "calm:30,web process killed:30,broker restarted:30,database restarted:30"
    found = run(phases=phases, readers=10)

    codes = {code for phase in found["phases"] for code in phase["codes"]}
    assert codes <= {"200", "503", "0"}
    assert found["available %"] >= 99
    assert found["reader"]["longest gap"] <= 5


@POSTGRESQL
@pytest.mark.timeout(900)
def test_a_minute_of_a_slow_and_torn_network_loses_nothing():
    found = run("--network", phases="calm:10,network slow:30,network torn:60,calm:10")

    assert found["torn"] > 10
    codes = {code for phase in found["phases"] for code in phase["codes"]}
    assert codes <= {"200", "503"}
