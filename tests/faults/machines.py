"""What the fault tests start, kill and start again: workers of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from django.db import connection
from kombu import Connection

from config.celery import app
from tests.servers import Broker


def wait_for(condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It did not come about in time."
        time.sleep(0.05)


class Worker:
    """A worker with its pool, in a session of its own."""

    def __init__(self, port: int, queue: str, broker: Broker, **environment) -> None:
        self.command = [sys.executable, "-m", "tests.faults.worker", str(port), queue]
        self.environment = {
            **os.environ,
            "REDIS_URL": broker.url,
            "TEST_DATABASE_IN_USE": str(connection.settings_dict["NAME"]),
            **environment,
        }
        self.start()

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command, env=self.environment, start_new_session=True
        )

    def ensure(self) -> bool:
        """Start it again where it gave up, as supervisor and containers do."""
        if self.process.poll() is not None:
            self.start()
        return True

    def children(self) -> list[int]:
        """The processes that run the tasks."""
        found = []
        for path in Path("/proc").glob("[0-9]*/stat"):
            with suppress(OSError):
                parent = path.read_text().rpartition(")")[2].split()[1]
                if int(parent) == self.process.pid:
                    found.append(int(path.parent.name))
        return sorted(found)

    def kill(self) -> None:
        """Kill the whole worker, as a machine does that loses its power."""
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def restart(self) -> None:
        self.kill()
        self.start()


def ask_for(task: str, queue: str, broker: Broker, **options) -> None:
    with Connection(broker.url) as asking:
        app.send_task(task, queue=queue, connection=asking, **options)


class Beat(threading.Thread):
    """Asks for a task again and again, whatever becomes of the broker."""

    def __init__(self, task: str, queue: str, broker: Broker, every: float) -> None:
        super().__init__(daemon=True)
        self.task, self.queue, self.broker, self.every = task, queue, broker, every
        self.ended = threading.Event()

    def run(self) -> None:
        while not self.ended.wait(self.every):
            with suppress(Exception):
                ask_for(self.task, self.queue, self.broker, expires=10)

    def end(self) -> None:
        self.ended.set()
        self.join(30)
