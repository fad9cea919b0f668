"""Processes that `make run` supervises: started, started again, and ended with it."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import time
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
RESTARTS, WITHIN = 5, 60.0
STOP_WITHIN = 10
PARENT_DEATH = 1  # PR_SET_PDEATHSIG
LIBC = ctypes.CDLL(None)


class CannotRun(Exception):
    """Why the tracker does not start or go on, as a sentence for its operator."""


@dataclass
class Child:
    """A supervised process and when it was started."""

    name: str
    command: list[str]
    process: subprocess.Popen | None = None
    starts: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start it; raises CannotRun where it was started too often of late."""
        now = time.monotonic()
        self.starts = [t for t in self.starts if now - t < WITHIN] + [now]
        if len(self.starts) > RESTARTS:
            raise CannotRun(
                f"The {self.name} stopped {RESTARTS} times within a minute; see its "
                "messages above."
            )
        self.end_leftovers()
        # A session of its own: Ctrl-C reaches this process, which stops the rest.
        self.process = subprocess.Popen(
            self.command,
            cwd=BASE_DIR,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509
        )

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        """Ask it to end, then make it."""
        if self.process is None:
            return
        self.process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(STOP_WITHIN)
        self.end_leftovers()
        self.process.wait(5)

    def end_leftovers(self) -> None:
        """Kill what a process left of its own children, which hold its port."""
        if self.process is not None:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


def end_with_parent() -> None:
    """Have the kernel end this child where the supervisor itself is killed."""
    if hasattr(LIBC, "prctl"):
        LIBC.prctl(PARENT_DEATH, signal.SIGTERM)
