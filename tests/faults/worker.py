"""A real Celery worker for the fault tests: its requests go to a web on loopback.

Arguments: the port of that web, and the queue. Waits, leases and time-outs are those of
the product divided until a run of many kills ends within minutes, or what the
environment says.
"""

import os
import signal
import sys
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import django
from celery import signals

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from django.db import connections

from commitments import outgoing
from config.celery import app
from tracker.webhooks import messages, schedule, sending

connections["default"].settings_dict["NAME"] = os.environ["TEST_DATABASE_IN_USE"]
schedule.WAITS = (timedelta(seconds=0.2),) * 500
schedule.CHALLENGE_WAITS = (timedelta(seconds=0.2),) * 100
schedule.LEASE = timedelta(seconds=float(os.environ.get("FAULT_LEASE", "3")))
seconds = float(os.environ.get("FAULT_SECONDS", "1"))
sending.LIMITS = outgoing.Limits(bytes=2000, seconds=seconds)
if overdue := os.environ.get("FAULT_OVERDUE_AFTER"):
    app.conf.broker_transport_options["visibility_timeout"] = float(overdue)
if runs := os.environ.get("FAULT_RUNS"):

    @signals.task_prerun.connect(weak=False)
    def note_run(**kwargs):
        with open(runs, "a") as file:
            file.write(".")


if folder := os.environ.get("FAULT_UNMARKED"):
    # Each message kills its process once, when it has arrived and is not marked yet.
    schedule.IN_FLIGHT = 1
    record = sending.record

    def die_unmarked(endpoint, outcome, *, at):
        with suppress(FileExistsError):
            Path(folder, f"died-{outcome.letter.delivery.pk}").touch(exist_ok=False)
            os.kill(os.getpid(), signal.SIGKILL)
        return record(endpoint, outcome, at=at)

    sending.record = die_unmarked
if os.environ.get("FAULT_WITHOUT") == "ids":
    write = messages.headers
    messages.headers = lambda name, *given, **more: write(uuid4().hex, *given, **more)

outgoing.resolve = lambda host, port: ["11.0.0.1"]
outgoing.dial = lambda address, port: ("127.0.0.1", int(sys.argv[1]))
app.worker_main(
    [
        "worker",
        "-Q",
        sys.argv[2],
        "--concurrency",
        "2",
        "-l",
        os.environ.get("FAULT_LOG", "CRITICAL"),
        "-n",
        "f@%h",
    ]
)
