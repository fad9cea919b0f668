"""A crowd reads and people write, through one phase of trouble after the other.

``python -m tests.faults.load --phases "calm:5,broker hung:5,calm:2"`` runs the whole
tracker as ``tests.faults.record`` does, and tells for each phase how readers were
answered; in the end everything that was taken must be there, once and whole.
"""

from __future__ import annotations

import http.client
import os
import signal
import statistics
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from tests.faults import record
from tests.faults.house import children_of

# Questions of their own, which no stored answer serves, beside the home page.
PATHS = (
    "/",
    "/commitments/?q=tariff+{}",
    "/api/v1/commitments/?q=tariff+{}",
    "/changes/?q=tariff+{}",
)
Site = http.client.HTTPConnection
SLOW, TORN = 0.02, 0.01
# Troubles in which people can go on writing: they last until somebody has.
HARMLESS = ("calm", "broker hung", "broker gone", "web renewed")


@dataclass
class Asked:
    began: float
    seconds: float
    code: int
    told_when: bool


class Crowd:
    """Readers who each ask for one page after the other, over a kept connection."""

    def __init__(self, house: Any, book: Any, size: int, pause: float) -> None:
        self.house, self.book, self.pause = house, book, pause
        self.answers: list[Asked] = []
        self.threads = [
            threading.Thread(target=self.read, args=(n,), daemon=True)
            for n in range(size)
        ]

    def read(self, number: int) -> None:
        site, asked = None, number
        while not self.book.closed.is_set():
            asked, began = asked + 1, time.monotonic()
            path = PATHS[asked % len(PATHS)].format(f"{number}-{asked}")
            site, code, told = self.ask(site, path)
            if not code and site:
                # Closed by the other end meanwhile: what a browser does then.
                site, code, told = self.ask(None, path)
            self.answers.append(Asked(began, time.monotonic() - began, code, told))
            time.sleep(self.pause)

    def ask(self, kept: Site | None, path: str) -> tuple[Site | None, int, bool]:
        """Return the connection where it was a kept one or is to be kept, and more."""
        site = kept or Site("127.0.0.1", self.house.port, timeout=60)
        try:
            site.request("GET", path)
            answer = site.getresponse()
            answer.read()
        except (OSError, http.client.HTTPException):
            site.close()
            return kept, 0, False
        keeps = None if answer.will_close else site
        return keeps, answer.status, bool(answer.headers["Retry-After"])

    # What a run asks of its reader.

    def start(self) -> None:
        for thread in self.threads:
            thread.start()

    def join(self, seconds: float) -> None:
        for thread in self.threads:
            thread.join(seconds)

    name = "crowd"

    def is_alive(self) -> bool:
        return any(thread.is_alive() for thread in self.threads)

    @property
    def asked(self) -> int:
        return len(self.answers)

    @property
    def failed(self) -> int:
        return sum(one.code != 200 for one in self.answers)

    @property
    def gap(self) -> float:
        """The longest time in which nobody was answered."""
        ends = sorted(a.began + a.seconds for a in self.answers if a.code == 200)
        return max((b - a for a, b in pairwise(ends)), default=0)


class Scales(threading.Thread):
    """Weighs each part with its children again and again: MiB, open files, processes."""

    def __init__(self, house: Any, every: float) -> None:
        super().__init__(daemon=True)
        self.house, self.every, self.over = house, every, threading.Event()
        self.weighed: dict[str, list[tuple[float, float, int]]] = {}

    def run(self) -> None:
        while not self.over.wait(self.every):
            now = time.monotonic()
            for name, part in self.house.parts.items():
                pids = [part.process.pid, *children_of(part.process.pid)]
                with suppress(OSError):
                    sizes = sum(memory(pid) for pid in pids)
                    files = sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in pids)
                    self.weighed.setdefault(name, []).append((now, sizes, files))

    def told(self) -> dict[str, Any]:
        """Return what each part weighed, and how fast it grew in the second half."""
        told = {}
        for name, rows in self.weighed.items():
            half = rows[len(rows) // 2 :]
            times, sizes, files = zip(*half, strict=True)
            told[name] = {
                "MiB at first, half way, in the end": [
                    round(rows[0][1]),
                    round(half[0][1]),
                    round(half[-1][1]),
                ],
                "MiB an hour": round(3600 * slope(times, sizes), 1),
                "open files at most": max(row[2] for row in rows),
                "open files an hour": round(3600 * slope(times, files), 1),
            }
        return told


def memory(pid: int) -> float:
    """Return the MiB that a process has for itself alone, or its share of."""
    with open(f"/proc/{pid}/smaps_rollup") as file:
        for line in file:
            if line.startswith("Pss:"):
                return int(line.split()[1]) / 1024
    return 0


def slope(times: Sequence[float], values: Sequence[float]) -> float:
    """Return by how much values grow a second; 0 where there is but one moment."""
    if len(set(times)) < 2:
        return 0
    return statistics.linear_regression(times, values).slope


class Load(record.Run):
    def set_up(self, web: Any) -> None:
        super().set_up(web)
        wanted = self.given.people.split(",")
        self.people = [one for one in self.people if one.name in wanted]
        self.reader: Any = Crowd(
            self.house, self.book, self.given.readers, self.given.pause
        )
        self.phases: list[dict[str, Any]] = []

    def go(self) -> None:
        for one in (*self.people, self.reader):
            one.start()
        self.scales = Scales(self.house, self.given.weigh)
        self.scales.start()
        for text in self.given.phases.split(","):
            what, _, seconds = text.partition(":")
            began, taken = time.monotonic(), self.book.count()
            with self.trouble(what):
                time.sleep(float(seconds))
                if what in HARMLESS:
                    self.wait_for_a_write(what, began)
            self.phases.append(self.told(what, began, self.book.count() - taken))
            self.let_time_pass()
        self.scales.over.set()
        self.settle()

    @contextmanager
    def trouble(self, what: str) -> Iterator[None]:
        house = self.house
        match what:
            case "calm":
                yield
            case "broker hung":
                house.broker.process.send_signal(signal.SIGSTOP)
                yield
                house.broker.process.send_signal(signal.SIGCONT)
            case "broker gone":
                house.broker.kill()
                yield
                house.broker.start()
            case "connections taken":
                with self.all_connections():
                    yield
            case "disk full":
                with house.full_disk():
                    yield
            case "network slow" | "network torn":
                for network in house.networks:
                    network.delay = SLOW
                    network.torn = TORN if what == "network torn" else 0
                yield
                for network in house.networks:
                    network.delay = network.torn = 0
            case "web renewed":
                house.parts["web"].process.send_signal(signal.SIGHUP)
                yield
            case "web process killed":
                os.kill(children_of(house.parts["web"].process.pid)[0], signal.SIGKILL)
                yield
            case _:
                self.hurt(what)
                yield

    @contextmanager
    def all_connections(self) -> Iterator[None]:
        """Cut everybody off and take every connection that the database gives."""
        import psycopg

        url, mine, over = self.house.server.url, [], threading.Event()

        def take() -> None:
            while not over.is_set():
                try:
                    mine.append(psycopg.connect(url, autocommit=True))
                except psycopg.OperationalError:
                    time.sleep(0.05)

        thieves = [threading.Thread(target=take) for _ in range(4)]
        for thief in thieves:
            thief.start()
        self.cut()
        yield
        over.set()
        for thief in thieves:
            thief.join()
        for connection in mine:
            connection.close()

    # After.

    def told(self, what: str, began: float, taken: int) -> dict[str, Any]:
        ended = time.monotonic()
        answers = [a for a in list(self.reader.answers) if began <= a.began < ended]
        seconds = sorted(a.seconds for a in answers if a.code == 200) or [0.0]
        return {
            "phase": what,
            "asked": len(answers),
            "codes": dict(Counter(str(a.code) for a in answers)),
            "503 without Retry-After": sum(
                a.code == 503 and not a.told_when for a in answers
            ),
            "median ms": round(1000 * seconds[len(seconds) // 2]),
            "p99 ms": round(1000 * seconds[len(seconds) * 99 // 100]),
            "writes taken": taken,
        }

    def found(self) -> dict[str, Any]:
        reader = self.reader
        return {
            "phases": self.phases,
            "available %": round(100 * (1 - reader.failed / max(1, reader.asked)), 2),
            "weights": self.scales.told(),
            "torn": sum(network.tears for network in self.house.networks),
            **super().found(),
        }


def main() -> int:
    parser = record.parser()
    parser.description = __doc__
    parser.add_argument("--phases", default="calm:5")
    parser.add_argument("--readers", type=int, default=5)
    parser.add_argument("--people", default="ann,eve,max")
    parser.add_argument("--connections", default="60")
    parser.add_argument("--disk", type=int, default=0, help="MiB, for PostgreSQL")
    parser.add_argument("--weigh", type=float, default=10, help="every so many seconds")
    run = Load(parser.parse_args())
    given = run.given
    return record.tried(run, max_connections=given.connections, disk=given.disk)


if __name__ == "__main__":
    sys.exit(main())
