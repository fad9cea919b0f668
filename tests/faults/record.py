"""Writes under faults: the whole tracker, used while any part of it is killed.

``python -m tests.faults.record --kills 200 --writes 1000`` lets analysts, a reviewer, an
importer, an archivist and a machine write through the site, while web, workers,
schedulers, broker and database die, hang or are cut off. In the end everything that the
site said it took must be there, once and whole. Prints what it found as JSON; exit 1
for a fault. Everything is on loopback and in folders of its own.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import random
import shutil
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter, defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any

from tests.faults.house import House

# How often each is drawn. Kills of the web are at a chosen statement of a write.
KILLS = {"web": 10, "desk": 3, "net": 2, "whole web": 1, "whole desk": 1, "beat": 1}
BREAKS = {
    "broker restarted": 1,
    "broker flushed": 1,
    "broker full": 1,
    "broker evicting": 1,
    "broker hung": 1,
}
OF_POSTGRESQL = {"connections cut": 2, "database killed": 1, "database restarted": 1}
SETTLED_WITHIN = 180
# Statements of a write after its first that writes: an entry takes some forty.
MOST_STATEMENTS = 45


class Run:
    def __init__(self, given: argparse.Namespace) -> None:
        self.given, self.chance = given, random.Random(given.seed)
        self.folder = Path(tempfile.mkdtemp(prefix="tracker-record-", dir="/tmp"))
        self.acts: Counter[str] = Counter()
        self.recovered: defaultdict[str, list[float]] = defaultdict(list)
        self.began = time.monotonic()

    # Before.

    def set_up(self, web: Any) -> None:
        """Make the record, the accounts and the key, and open the house."""
        from django.contrib.auth import get_user_model
        from django.contrib.auth.models import Group
        from django.utils import timezone

        from commitments import accounts, services
        from tests.factories import (
            BodyFactory,
            CommitmentFactory,
            EvidenceFactory,
            assess,
        )
        from tests.faults import people

        house = self.house
        web.pages = Pages()
        house.environment["FAULT_WEB_PORT"] = str(web.port)
        accounts.ensure_groups()
        house.body = BodyFactory()
        house.document = EvidenceFactory(official=True, url="http://h0.test/first")
        kinds = {"ann": people.Analyst, "bob": people.Analyst, "eve": people.Reviewer}
        kinds |= {"ida": people.Importer, "abe": people.Archivist}
        for name, kind in kinds.items():
            user = get_user_model().objects.create_user(
                name, password=people.PASSWORD, is_staff=True
            )
            duty = "reviewer" if kind is people.Reviewer else "analyst"
            user.groups.add(Group.objects.get(name=duty))
        house.commitments = {}
        for name in ("ann", "bob", "max"):
            house.commitments[name] = [CommitmentFactory() for _ in range(6)]
            for one in house.commitments[name]:
                assess(one, status="announced", evidence=[house.document])
        at = timezone.now()
        _, house.key = services.make_key(
            name="max", scopes=["proposals"], expires_at=at + timedelta(days=9), at=at
        )
        house.open()
        self.book = people.Book()
        kinds["max"] = people.Machine
        seed = self.given.seed
        self.people = [
            kind(house, self.book, name, seed) for name, kind in kinds.items()
        ]
        self.reader = people.Reader(house, self.book)

    # While.

    def drawn(self) -> str:
        chances = {**KILLS, **BREAKS}
        if self.house.server:
            chances |= OF_POSTGRESQL
        if only := self.given.only:
            chances = {name: 1 for name in only.split(",")}
        return self.chance.choices(list(chances), list(chances.values()))[0]

    def hurt(self, what: str) -> None:
        """Do one thing to the house. Kills that met nobody at work are not counted."""
        house = self.house
        match what:
            case "web" | "desk" | "net":
                statements = self.chance.randrange(MOST_STATEMENTS)
                if not house.die_within(what, statements):
                    self.acts[f"{what}: nobody at work"] += 1
                    return
            case "whole web" | "whole desk":
                house.kill_part(what.removeprefix("whole "))
            case "beat":
                house.kill_part(f"beat-{self.chance.choice([1, 2])}")
            case "connections cut":
                self.cut()
            case "database killed":
                house.crash_database()
            case "database restarted":
                house.restart_database()
            case "broker restarted":
                house.broker.kill()
                time.sleep(self.chance.uniform(0, 1))
                house.broker.start()
            case "broker flushed":
                house.broker.tell("FLUSHALL")
            case "broker full":
                house.broker.tell("CONFIG", "SET", "maxmemory", "1")
                time.sleep(2)
                house.broker.tell("CONFIG", "SET", "maxmemory", "0")
            case "broker evicting":
                house.broker.tell("CONFIG", "SET", "maxmemory-policy", "allkeys-random")
                house.broker.tell("CONFIG", "SET", "maxmemory", "1")
                time.sleep(2)
                house.broker.tell("CONFIG", "SET", "maxmemory", "0")
                house.broker.tell("CONFIG", "SET", "maxmemory-policy", "noeviction")
            case "broker hung":
                house.broker.process.send_signal(signal.SIGSTOP)
                time.sleep(3)
                house.broker.process.send_signal(signal.SIGCONT)
            case _:
                raise SystemExit(f"There is no such fault: {what}.")
        self.acts[what] += 1

    def cut(self) -> None:
        from django.db import connection

        from tests.faults.people import looked

        def ask() -> None:
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                    "WHERE backend_type = 'client backend' AND pid != pg_backend_pid()"
                )

        looked(ask)

    def let_time_pass(self) -> None:
        """End the leases of the dead: their time would pass by itself, in minutes."""
        from django.utils import timezone

        from commitments.models import Host, ImportRun
        from tests.faults.people import looked

        past = timezone.now() - timedelta(seconds=1)
        runs = ImportRun.objects.filter(state__in=ImportRun.AT_WORK)
        looked(lambda: runs.update(leased_until=past))
        hosts = Host.objects.exclude(leased_until=None)
        looked(lambda: hosts.update(leased_until=past))

    def go(self) -> None:
        given = self.given
        for one in (*self.people, self.reader):
            one.start()
        end = time.monotonic() + given.seconds
        fixed = given.acts.split(",") if given.acts else []
        kills = len(fixed) or given.kills
        hurt = 0
        while time.monotonic() < end and self.is_wanted(hurt, kills):
            if hurt < kills:
                what = fixed[hurt] if fixed else self.drawn()
                done = self.acts.total()
                self.hurt(what)
                hurt += fixed != [] or self.acts.total() > done
                self.let_time_pass()
                self.wait_for_a_write(what, time.monotonic())
            time.sleep(self.chance.uniform(0, 2 * given.pause))
        self.settle()

    def is_wanted(self, hurt: int, kills: int) -> bool:
        alive = any(one.is_alive() for one in self.people)
        return alive and (hurt < kills or self.book.count() < self.given.writes)

    def wait_for_a_write(self, what: str, moment: float) -> None:
        """Note how long it takes until something new is written and acknowledged."""
        end = moment + 120
        while time.monotonic() < end and not self.book.first_since(moment):
            time.sleep(0.02)
        self.recovered[what].append(time.monotonic() - moment)

    def settle(self) -> None:
        """Let everybody end what they began, and the workers too."""
        from commitments.models import ImportRun, Link
        from tests.faults.people import looked

        self.ended = time.monotonic()
        self.book.closed.set()
        for one in (*self.people, self.reader):
            one.join(150)
            if one.is_alive():
                self.book.problems.append(f"{one.name} never ended")
        at_work = ImportRun.objects.filter(state__in=ImportRun.UNDER_WAY)
        unread = Link.objects.filter(verdict="", url__contains=".test/")
        end = time.monotonic() + SETTLED_WITHIN
        while time.monotonic() < end:
            self.let_time_pass()
            if not looked(at_work.exists) and not looked(unread.exists):
                return
            time.sleep(0.5)
        self.book.problems.append(
            f"unsettled: {at_work.count()} imports, {unread.count()} links"
        )

    # After.

    def found(self) -> dict[str, Any]:
        """Hold what was acknowledged against what is there."""
        from tests.faults import counting

        seconds = {
            what: f"{statistics.median(all_):.1f} (at most {max(all_):.1f})"
            for what, all_ in sorted(self.recovered.items())
        }
        book, reader = self.book, self.reader
        kinds = Counter(kind for kind, _ in book.taken.values())
        deaths = Counter(
            path.read_text().partition('"')[0].strip()
            for path in self.folder.glob("died-*")
        )
        return {
            "database": self.given.database,
            "seed": self.given.seed,
            "without": self.given.without,
            "acts": dict(self.acts),
            "died at": dict(deaths),
            "acknowledged": book.count(),
            "of which": dict(kinds),
            "answers": dict(book.answers),
            "seconds to the next write": seconds,
            "reader": {
                "asked": reader.asked,
                "failed": reader.failed,
                "longest gap": round(reader.gap, 1),
            },
            "seconds": round(self.ended - self.began),
            **counting.of(book, self.people),
            "chain": self.house.found_by("verify_history", "--json"),
            "record": self.house.found_by("check_record"),
            "captures": self.house.found_by("verify_captures"),
            "problems": book.problems,
        }


class Pages(dict):
    """A page at any address of the played web, and no rules for robots."""

    def get(self, place: str, default: Any = None) -> Any:
        from tests.faults.people import page

        return default if place.endswith("/robots.txt") else page(place)


FAULTS = ("lost", "doubled", "half", "chain", "record", "captures", "problems")


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--database", default="postgresql")
    parser.add_argument("--kills", type=int, default=20, help="faults drawn by chance")
    parser.add_argument("--acts", default="", help="these faults, in this order")
    parser.add_argument("--only", default="", help="draw among these alone")
    parser.add_argument("--writes", type=int, default=100, help="taken, at least")
    parser.add_argument("--pause", type=float, default=0.3)
    parser.add_argument("--seconds", type=float, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--without", default="", help="take protections away")
    parser.add_argument("--keep", action="store_true", help="keep the folder")
    parser.add_argument("--network", action="store_true", help="may be slow and torn")
    return parser


def main() -> int:
    return tried(Run(parser().parse_args()))


def tried(run: Run, **options: Any) -> int:
    """Do a run in a house of its own, print what it found; return the exit code."""
    # Whatever ends this run, what it started ends too.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    given = run.given
    run.house = House(
        run.folder, database=given.database, without=given.without, **options
    )
    if given.network:
        run.house.part(given.seed)
    try:
        os.environ["DJANGO_SETTINGS_MODULE"] = "config.settings"
        import django

        django.setup()
        logging.getLogger("httpx2").setLevel(logging.WARNING)
        from django.core.management import call_command

        from tests.commitments.links.web import played

        call_command("migrate", verbosity=0)
        with played() as web:
            run.set_up(web)
            run.go()
        found = run.found()
    finally:
        run.house.close()
        if not given.keep:
            shutil.rmtree(run.folder, ignore_errors=True)
    print(json.dumps(found, indent=1))
    return 1 if any(found[name] for name in FAULTS) else 0


if __name__ == "__main__":
    sys.exit(main())
