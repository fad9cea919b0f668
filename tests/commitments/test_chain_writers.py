"""Many write at once: the chain has no gap and no fork, and nothing is lost."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection, connections

from commitments.models import HistoryEntry
from tests.factories import CommitmentFactory, EvidenceFactory

from .test_chain import findings

# How many entries the long version appends, with eight writers on either database.
APPENDS = int(os.environ.get("APPENDS", "3200"))

WRITER = """
import sys, django
django.setup()
from django.utils import timezone
from commitments import chain, services
from commitments.actors import Machine
from commitments.models import Commitment, Evidence
from django.db import IntegrityError
if sys.argv[1] == "unlocked":
    chain.lock = lambda: None
failed = 0
me = Machine(f"writer-{sys.argv[2]}")
commitments = list(Commitment.objects.all())
evidence = [Evidence.objects.get()]
for number in range(int(sys.argv[3])):
    try:
        services.attach_evidence(commitment=commitments[number % len(commitments)], evidence=evidence,
            reason=f"Entry {number}.", by=me, at=timezone.now(),
            idempotency_key=str(number))
    except IntegrityError:
        failed += 1
print(failed)
"""


def append_from_processes(mode, *, processes, entries):
    """Run writers beside each other; return how many of their entries failed."""
    database = {**connections["default"].settings_dict}
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"}
    if connection.vendor == "postgresql":
        host = database["HOST"] or database["OPTIONS"].get("host", "")
        environment["DATABASE_URL"] = (
            f"postgres://{database['USER']}@/{database['NAME']}?host={host}"
        )
    else:
        environment["DATABASE_URL"] = f"sqlite:///{database['NAME']}"
    command = [sys.executable, "-c", WRITER, mode]
    running = [
        subprocess.Popen(
            [*command, str(number), str(entries)],
            env=environment,
            cwd=Path(__file__).parents[2],
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(processes)
    ]
    said = [process.communicate()[0] for process in running]
    assert [process.returncode for process in running] == [0] * processes
    return sum(int(text) for text in said)


@pytest.fixture
def contended(transactional_db):
    from commitments.accounts import ensure_groups

    ensure_groups()
    # A commitment is told of some forty times in the years of a plan.
    for _ in range(max(80, APPENDS // 40)):
        CommitmentFactory()
    EvidenceFactory()


@pytest.mark.timeout(400 + APPENDS // 10)
@pytest.mark.parametrize(
    "appends", [0, pytest.param(APPENDS, marks=pytest.mark.faults)]
)
def test_writers_beside_each_other_leave_no_gap_no_fork_and_no_loss(contended, appends):
    processes, each = (8, 100) if connection.vendor == "postgresql" else (4, 50)
    if appends:
        processes, each = 8, appends // 8
    before, begun = HistoryEntry.objects.count(), time.monotonic()

    failed = append_from_processes("locked", processes=processes, entries=each)

    seconds = time.monotonic() - begun
    print(f"{processes * each} entries in {seconds:.0f} s")
    assert failed == 0
    assert HistoryEntry.objects.count() == processes * each + before
    assert findings() == []


@pytest.mark.timeout(300)
def test_without_the_lock_the_same_writers_fail(contended):
    """The proof that the test above can fail. SQLite's lock is the transaction."""
    if connection.vendor == "sqlite":
        mode = connection.settings_dict["OPTIONS"]["transaction_mode"]
        assert mode == "IMMEDIATE"
        return
    assert append_from_processes("unlocked", processes=8, entries=50) > 0
