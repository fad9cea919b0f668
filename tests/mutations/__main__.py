"""Try the list: python -m tests.mutations [PART OF A NAME ...] [--database ...]

First the tests run as they are, and must pass; then each mutation is put in force in a
copy of the program, and one of its tests must fail. Exit 1 where one survives.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from . import trying
from .listed import MUTATIONS
from .mutation import Mutation
from .trying import BROKEN, KILLED, Verdict

DATABASES = ("sqlite", "postgresql")


def main() -> int:
    given = _arguments()
    chosen = [m for m in MUTATIONS if _is_meant(m.name, given.names)]
    wrong = 0
    for database in [given.database] if given.database else DATABASES:
        # Without a choice each is tried once: where it shows, else on SQLite.
        here = [
            m for m in chosen if (m.database or given.database or "sqlite") == database
        ]
        if here:
            wrong += _try_all(here, database=database, jobs=given.jobs)
    return 1 if wrong else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.mutations")
    parser.add_argument("names", nargs="*", metavar="PART OF A NAME")
    parser.add_argument("--database", choices=DATABASES, default="")
    parser.add_argument("--jobs", type=int, default=2)
    return parser.parse_args()


def _is_meant(name: str, parts: Sequence[str]) -> bool:
    return not parts or any(part in name for part in parts)


def _try_all(mutations: Sequence[Mutation], *, database: str, jobs: int) -> int:
    """Try mutations on a database and say how each ended; return how many live on."""
    started = time.monotonic()
    fates: Counter[str] = Counter()
    with (
        tempfile.TemporaryDirectory(prefix="tracker-mutations-") as base,
        ThreadPoolExecutor(jobs) as pool,
    ):
        folders: SimpleQueue[Path] = SimpleQueue()
        for number in range(jobs):
            folder = Path(base) / str(number)
            trying.copy_to(folder)
            folders.put(folder)
        ready = trying.make_ready(folder) if database == "sqlite" else None
        at_database = {"database": database, "ready": ready}

        def within(call: Callable[..., Any], what: Any) -> Any:
            mine = folders.get()
            try:
                return call(mine, what, **at_database)
            finally:
                folders.put(mine)

        tests = list(dict.fromkeys(test for m in mutations for test in m.tests))
        print(f"{database}: {len(tests)} tests, with the program as it is", flush=True)
        parts = [part for n in range(jobs) if (part := tests[n::jobs])]
        for done in pool.map(partial(within, trying.run), parts):
            if done.returncode != 0:
                print(done.stdout)
                return len(mutations)
        running = {pool.submit(within, trying.tried, m): m for m in mutations}
        for future in as_completed(running):
            verdict = future.result()
            fates[verdict.fate] += 1
            _tell(running[future], verdict)
    minutes = (time.monotonic() - started) / 60
    told = f"{fates[KILLED]} of {len(mutations)} killed in {minutes:.1f} min"
    print(f"{database}: {told}", flush=True)
    return len(mutations) - fates[KILLED]


def _tell(mutation: Mutation, verdict: Verdict) -> None:
    told = f" ({verdict.by})" if verdict.by else ""
    line = f"{verdict.fate:8} {verdict.seconds:6.1f} s  {mutation.name}{told}"
    print(line, flush=True)
    if verdict.fate == BROKEN:
        print("         The list is wrong, or its tests cannot run.", flush=True)


if __name__ == "__main__":
    sys.exit(main())
