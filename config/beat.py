"""The scheduler of the static schedule: one acts, and what was missed runs once.

The times of the last runs and the lease stand in the database, so that a second
scheduler, on any machine, waits and then goes on where the first one stopped.
"""

from __future__ import annotations

import logging
import os
import platform
import uuid
from datetime import datetime

from celery.beat import ScheduleEntry, Scheduler
from django.db import DatabaseError, close_old_connections
from django.utils import timezone

from commitments.services import schedule as upkeep

logger = logging.getLogger(__name__)

# Seconds between two looks, well under the lease.
PAUSE = 5


class OneScheduler(Scheduler):
    """Hands due jobs to the broker while it holds the lease in the database."""

    max_interval = PAUSE

    def __init__(self, *args, **kwargs) -> None:
        self.holder = f"{platform.node()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"
        self.acts = False
        super().__init__(*args, **kwargs)

    def tick(self, *args, **kwargs) -> float:
        """Send what is due; return the seconds until the next look."""
        try:
            return self._tick(timezone.now())
        except DatabaseError:
            logger.exception("The scheduler waits for the database")
            self.acts = False
            close_old_connections()
            return PAUSE

    def _tick(self, at: datetime) -> float:
        acted, self.acts = self.acts, upkeep.hold_beat(holder=self.holder, at=at)
        if not self.acts:
            return PAUSE
        if not acted:
            logger.info("This scheduler acts: %s", self.holder)
            for name, last in upkeep.last_runs(self.schedule, at=at).items():
                # After a clock was set back, a last run may lie ahead.
                self.schedule[name].last_run_at = min(last, at)
        waits: list[float] = [PAUSE]
        for entry in list(self.schedule.values()):
            is_due, wait = entry.is_due()
            if is_due:
                self._send(entry, at)
            waits.append(wait)
        return max(min(waits), 0.1)

    def _send(self, entry: ScheduleEntry, at: datetime) -> None:
        # Sent before it is noted: a crash between sends twice, which is harmless; a
        # broker that refuses leaves the job due.
        try:
            self.apply_async(entry, producer=self.producer, advance=False)
        except Exception:
            logger.exception("The broker did not take %s", entry.name)
            # The next try asks for a new connection.
            super().close()
            return
        upkeep.note_run(name=str(entry.name), at=at)
        entry.last_run_at = at

    def close(self) -> None:
        """Let another scheduler act at once."""
        if self.acts:
            upkeep.release_beat(holder=self.holder, at=timezone.now())
        super().close()
