"""The scheduled work across a real broker, a real worker and a real scheduler."""

import os
import subprocess
import sys
import threading
import time
from datetime import date
from pathlib import Path

import pytest
from django.db import DatabaseError, connection, connections

from commitments import services
from commitments.models import Flag
from config.celery import app
from tests.factories import AT, CommitmentFactory, assess

ROOT = Path(__file__).parents[2]


def test_every_scheduled_task_exists():
    app.loader.import_default_modules()

    for entry in app.conf.beat_schedule.values():
        assert entry["task"] in app.tasks


SCHEDULER = """
from config.celery import app
app.conf.beat_schedule = {"soon": {
    "task": "commitments.tasks.flag_commitments", "schedule": 1.0}}
app.start(["beat", "-l", "WARNING", "--pidfile", "", "-s", "SCHEDULE"])
"""


def celery_environment():
    database = connections["default"].settings_dict
    if connection.vendor == "postgresql":
        host = database["HOST"] or database["OPTIONS"].get("host", "")
        user, name = database["USER"], database["NAME"]
        url = f"postgres://{user}@/{name}?host={host}"
    else:
        url = f"sqlite:///{database['NAME']}"
    return {
        **os.environ,
        "DATABASE_URL": url,
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }


@pytest.mark.django_db(transaction=True)
def test_a_stale_commitment_becomes_flagged_by_worker_and_scheduler(tmp_path):
    commitment = CommitmentFactory()
    assess(commitment, looked_until=date(2026, 1, 2))
    started = [
        [*(sys.executable, "-m", "celery", "-A", "config", "worker"), "-c", "1"],
        [sys.executable, "-c", SCHEDULER.replace("SCHEDULE", str(tmp_path / "beat"))],
    ]
    processes = [
        subprocess.Popen(
            command,
            cwd=ROOT,
            env=celery_environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        for command in started
    ]
    try:
        for _ in range(240):
            if Flag.objects.filter(reason="stale", closed_at=None).exists():
                break
            time.sleep(0.25)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.wait(30)

    assert Flag.objects.get(reason="stale").commitment == commitment


@pytest.mark.django_db(transaction=True)
def test_scans_at_the_same_time_open_each_flag_once():
    for _ in range(10):
        assess(CommitmentFactory())
    failed = []

    def scan():
        try:
            services.flag_commitments(on=date(2027, 3, 24), at=AT)
        except DatabaseError as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=scan) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert failed == []
    found = list(Flag.objects.open().values_list("commitment", "reason"))
    assert len(found) == len(set(found)) == 40
