"""Mails under faults: a real worker, broker and mail server, killed and broken at random.

``python -m tests.faults.mails --kills 200`` records changes that a few followers hear of
at once, while it kills the worker (its pool process, every tenth time all of it), flushes
or restarts the broker, and has the mail server refuse, hang, and break off in every phase.
In the end each follower must have each change at most once, and what is missing must be
told: refused by the server, or uncertain. Prints what it found as JSON; exit 1 for a fault.

Time that would pass is made to pass: when a worker is surely dead its leases end, and
pauses between tries end at once. Everything is on loopback.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from itertools import islice
from operator import attrgetter
from pathlib import Path

from tests.servers import Broker, free_port

from .mail_server import TIMEOUT, Listener, Sink

ROOT = Path(__file__).resolve().parents[2]
# Seconds after the last fault.
SETTLED_WITHIN = 300
# Seconds without a process that works, after which the worker is started anew.
NO_POOL = 30


def is_alive(pid: int) -> bool:
    """Whether a process runs: one that is dead and not yet buried does not."""
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
        )
    except OSError:
        return False


class Worker:
    def __init__(self, folder: Path) -> None:
        self.log = (folder / "worker.log").open("w")
        self.command = [sys.executable, "-m", "tests.faults.mail_worker"]

    def start(self) -> None:
        self.process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )

    def pool(self) -> list[int]:
        path = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        try:
            found = [int(pid) for pid in path.read_text().split()]
        except OSError:
            return []
        return [pid for pid in found if is_alive(pid)]

    def kill_pool(self) -> bool:
        """Kill the process that works; False where there is none just now."""
        pids = self.pool()
        for pid in pids:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in pids:
            while is_alive(pid):
                time.sleep(0.01)
        return bool(pids)

    def kill(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()


class Run:
    """One run: what it does to the tracker, and what it finds."""

    def __init__(self, given: argparse.Namespace) -> None:
        self.given, self.random = given, random.Random(given.seed)
        self.folder = Path(tempfile.mkdtemp(prefix="tracker-mails-", dir="/tmp"))
        self.sink = Sink(given.seed, given.share)
        self.acts: Counter[str] = Counter()
        self.began = time.monotonic()
        self.deadline = self.began + given.seconds
        self.idle_since = time.monotonic()

    def set_up(self) -> None:
        port = free_port()
        self.listener = Listener(self.sink, hostname="127.0.0.1", port=port)
        self.listener.start()
        self.broker = Broker(self.folder)
        os.environ |= {
            "DJANGO_SETTINGS_MODULE": "config.settings",
            "SECRET_KEY": "faults-only-not-a-secret",
            "DEBUG": "on",
            "TRACKER_DATA_DIR": str(self.folder),
            "REDIS_URL": self.broker.url,
            "EMAIL_URL": f"smtp://127.0.0.1:{port}?timeout={TIMEOUT}",
            "DATABASE_URL": self.given.database
            or f"sqlite:///{self.folder}/tracker.sqlite3",
        }
        import django

        django.setup()
        logging.getLogger("mail.log").disabled = True
        from django.core.management import call_command

        call_command("migrate", verbosity=0)
        self.worker = Worker(self.folder)
        self.worker.start()
        self.idle_since = time.monotonic()

    def tear_down(self) -> None:
        # What was not started, because setting up failed, is not there.
        for end in ("worker.kill", "broker.kill", "listener.stop"):
            with suppress(Exception):
                attrgetter(end)(self)()
        shutil.rmtree(self.folder, ignore_errors=True)

    def followers(self) -> None:
        from django.utils import timezone

        from tracker.following.follows import head
        from tracker.models import Follow, Follower

        at = timezone.now()
        for n in range(self.given.followers):
            one = Follower.objects.create(
                address=f"f{n}@example.org", made_at=at, confirmed_at=at
            )
            Follow.objects.create(
                follower=one,
                filters="",
                scope="all",
                cadence="now",
                state="confirmed",
                asked_at=at,
                confirmed_at=at,
                after_seq=head(),
            )

    def record(self, number: int) -> None:
        from django.utils import timezone

        from commitments import services
        from tests.factories import DraftFactory, UserFactory

        # A draft of its own, so that every publication is a change to all.
        draft = DraftFactory(slug=f"fault-{number}", ref=f"{number + 1}.1")
        person = UserFactory(username=f"person-{number}")
        services.publish(commitment=draft, by=person, at=timezone.now())

    def hint(self) -> None:
        """Say that there may be work, as the scheduler does; the broker may be away."""
        from config.celery import app

        for task in ("write_mails", "send_mails"):
            with suppress(Exception):
                app.send_task(f"tracker.tasks.{task}", queue="mail", expires=30)

    def let_time_pass(self, *, dead: bool = False) -> None:
        from datetime import timedelta

        from django.utils import timezone

        from tracker.models import Mail

        now = timezone.now()
        Mail.objects.filter(state="waiting", holder="").update(next_at=now)
        if dead:
            held = Mail.objects.exclude(leased_until=None)
            held.update(leased_until=now - timedelta(seconds=1))

    def start_anew(self) -> None:
        self.worker.kill()
        self.let_time_pass(dead=True)
        self.worker.start()
        self.idle_since = time.monotonic()

    def hurt(self, number: int) -> bool:
        """Kill the worker, and at times the broker too; False where none ran."""
        if number % 10 == 9:
            self.start_anew()
            self.acts["worker killed"] += 1
        elif self.worker.kill_pool():
            self.let_time_pass(dead=True)
            self.acts["pool process killed"] += 1
        elif time.monotonic() > self.idle_since + NO_POOL:
            # The worker itself is gone or stuck: whoever supervises it starts it anew.
            self.start_anew()
            self.acts["worker found stuck"] += 1
            return False
        else:
            return False
        self.idle_since = time.monotonic()
        self.hurt_broker(number)
        return True

    def hurt_broker(self, number: int) -> None:
        flush, restart = self.given.flush, self.given.restart
        if number % flush == flush - 1:
            self.broker.tell("FLUSHALL")
            self.acts["broker flushed"] += 1
        if number % restart == restart // 2:
            self.broker.kill()
            time.sleep(0.5)
            self.broker.start()
            self.acts["broker restarted"] += 1

    def wait_for_work(self) -> None:
        """Wait until a worker hands something over, or nothing is left to do."""
        from django.utils import timezone

        from tracker.models import Mail

        while time.monotonic() < self.deadline:
            # Also for what the server put off since: it would wait for minutes.
            self.let_time_pass()
            self.hint()
            for _ in range(20):
                # One whose lease ended is of a dead worker, not of a living one.
                now = timezone.now()
                acts = Mail.objects.filter(state="sending", leased_until__gt=now)
                if acts.exists():
                    return
                if not self.has_work():
                    return
                time.sleep(0.05)

    def has_work(self) -> bool:
        from tracker.models import Event, Mail

        waits = Mail.objects.filter(state__in=["waiting", "sending"])
        return waits.exists() or Event.objects.filter(mails_at=None).exists()

    def go(self) -> None:
        given = self.given
        self.followers()
        changes = iter(range(given.changes))
        number = recorded = 0
        # Only a kill that met a process counts, and each finds something to do.
        while number < given.kills and time.monotonic() < self.deadline:
            is_due = recorded * given.kills <= number * given.changes
            if is_due or not self.has_work():
                for change in islice(changes, 1):
                    self.record(change)
                    recorded += 1
            self.wait_for_work()
            time.sleep(self.random.random() * given.pause)
            number += self.hurt(number)
            if number % 10 == 0:
                self.say(number)
        for change in changes:
            self.record(change)
        self.settle()

    def say(self, number: int) -> None:
        seconds = time.monotonic() - self.began
        taken = sum(self.sink.taken.values())
        told = f"{seconds:.0f} s: {number} kills, {taken} mails, {dict(self.acts)}"
        print(told, file=sys.stderr, flush=True)

    def settle(self) -> None:
        """Let it all come to rest: the server behaves from now on."""
        self.sink.share = 0
        self.start_anew()
        until = time.monotonic() + SETTLED_WITHIN
        while time.monotonic() < until:
            self.let_time_pass()
            self.hint()
            time.sleep(0.5)
            if not self.has_work():
                return

    def found(self) -> dict:
        from tracker.models import Event, Mail

        mails = Mail.objects.exclude(event=None).select_related("follower")
        by_name = {
            (m.follower.address, f"<{m.message_key.hex}@127.0.0.1>"): m for m in mails
        }
        states = Counter(mail.state for mail in mails)
        taken = self.sink.taken
        ends = ("uncertain", "refused")
        return {
            "changes": Event.objects.count(),
            "followers": self.given.followers,
            "mails": len(by_name),
            "states": dict(states),
            "acts": dict(self.acts),
            "seconds": round(time.monotonic() - self.began),
            "server": dict(self.sink.faults),
            "doubled": sum(1 for n in taken.values() if n > 1),
            "unknown": sum(1 for name in taken if name not in by_name),
            # Written down as sent, and never taken.
            "false": sum(
                1
                for name, m in by_name.items()
                if m.state == "sent" and not taken[name]
            ),
            # Not taken, and not told to the desk.
            "lost": sum(
                1
                for name, m in by_name.items()
                if not taken[name] and m.state not in ends
            ),
            "missing": self.given.followers * Event.objects.count() - len(by_name),
            "uncertain and taken": sum(
                1
                for name, m in by_name.items()
                if m.state == "uncertain" and taken[name]
            ),
        }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--changes", type=int, default=100)
    parser.add_argument("--followers", type=int, default=10)
    parser.add_argument("--share", type=float, default=0.25, help="of bad answers")
    parser.add_argument("--pause", type=float, default=0.3)
    parser.add_argument("--seconds", type=float, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--flush", type=int, default=15, help="each so many kills")
    parser.add_argument("--restart", type=int, default=25, help="each so many kills")
    parser.add_argument("--database", default="", help="an empty one; else SQLite")
    given = parser.parse_args()
    run = Run(given)
    try:
        run.set_up()
        run.go()
        found = run.found()
    finally:
        if os.environ.get("KEEP_LOG"):
            shutil.copy(run.folder / "worker.log", os.environ["KEEP_LOG"])
        run.tear_down()
    print(json.dumps(found, indent=1))
    faults = ("doubled", "unknown", "false", "lost", "missing")
    return 1 if any(found[name] for name in faults) else 0


if __name__ == "__main__":
    sys.exit(main())
