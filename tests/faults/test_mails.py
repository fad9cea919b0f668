"""A short set of faults, with a real worker, broker and mail server; `make faults` is
the long one."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PLACES = ("DATABASE_URL", "REDIS_URL", "EMAIL_URL", "TRACKER_DATA_DIR")


def broken(seconds, **options):
    """Run the harness in a process of its own; return what it found."""
    own = {name: value for name, value in os.environ.items() if name not in PLACES}
    command = [sys.executable, "-m", "tests.faults.mails", "--seconds", str(seconds)]
    command += [str(x) for name, n in options.items() for x in (f"--{name}", n)]
    done = subprocess.run(command, cwd=ROOT, env=own, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr[-3000:]
    print(done.stdout)
    found = json.loads(done.stdout)
    assert found["mails"] == options["changes"] * options["followers"]
    for fault in ("doubled", "unknown", "false", "lost", "missing"):
        assert found[fault] == 0, found
    return found


@pytest.mark.timeout(400)
def test_no_mail_is_doubled_and_none_lost_unseen_whatever_breaks():
    found = broken(300, kills=4, changes=6, followers=5)

    assert found["acts"]["pool process killed"] == 4, found


@pytest.mark.faults
@pytest.mark.timeout(4000)
def test_no_mail_is_doubled_by_kills_in_their_hundreds():
    kills = int(os.environ.get("FAULT_KILLS") or 100)
    found = broken(3600, kills=kills, changes=max(50, kills // 2), followers=10)

    acts = found["acts"]
    assert acts["pool process killed"] + acts["worker killed"] == kills
