"""Run the tests of a mutation in a copy of the program, and judge what they said."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .mutation import Mutation

ROOT = Path(__file__).parents[2]
KILLED, SURVIVED, BROKEN = "killed", "survived", "broken"
# A mutation that the program cannot even be read with shows nothing of a protection.
NO_PROGRAM = re.compile(
    r" - (?:\w+\.)*(Name|UnboundLocal|Import|ModuleNotFound|Syntax|Indentation)Error\b"
)
# What these leave in a database is there for good.
IN_THE_DATABASE = re.compile(r"/migrations/|/guards\.py$")
PASSED = re.compile(r"\b\d+ passed\b")
SECONDS = 600
# Whole lines; and what is compiled once is compiled for all runs in a copy.
SHELL = {"COLUMNS": "400", "PYTHONDONTWRITEBYTECODE": ""}


@dataclass(frozen=True)
class Verdict:
    """What became of a mutation; ``by`` is the test that failed, or what went wrong."""

    fate: str
    seconds: float
    by: str = ""


def copy_to(folder: Path) -> None:
    """Copy the program as it stands here: what git tracks, and what is new."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    for name in filter(None, listed.stdout.decode().split("\0")):
        if (ROOT / name).is_file():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, folder / name)


def make_ready(folder: Path) -> Path:
    """Migrate a database on SQLite once, for all runs that find it as it is."""
    ready = folder / "ready.sqlite3"
    given = {
        "DATABASE_URL": f"sqlite:///{ready}",
        "DEBUG": "on",
        "SECRET_KEY": "made up",
    }
    given["TRACKER_DATA_DIR"] = str(folder / "var")
    command = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
    subprocess.run(command, cwd=folder, env={**os.environ, **given}, check=True)
    return ready


def run(
    folder: Path,
    tests: Iterable[str],
    *,
    database: str,
    ready: Path | None = None,
    seconds: float | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run tests in a copy, until one fails where the time is limited.

    ``ready`` is a database to begin with. Raises subprocess.TimeoutExpired.
    """
    plugins = ["tests.services", *(["tests.mutations.ready"] if ready else [])]
    plugins += ["no:randomly", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", "-n", "0", "-q", "--tb=no", "-rfE"]
    # To migrate a database may take long on a busy machine.
    command += [f"-p{plugin}" for plugin in plugins] + ["-otimeout=400"]
    command += ["--reuse-db"] if ready else []
    command += ["-x"] if seconds else []
    return subprocess.run(
        [*command, *(f"tests/{test}" for test in tests)],
        cwd=folder,
        env={
            **os.environ,
            **SHELL,
            "TEST_DATABASE": database,
            "READY_DATABASE": str(ready or ""),
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=seconds,
    )


def tried(
    folder: Path, mutation: Mutation, *, database: str, ready: Path | None
) -> Verdict:
    """Run a mutation's tests with it in force; say what became of it."""
    started = time.monotonic()
    if any(IN_THE_DATABASE.search(change.file) for change in mutation.changes):
        ready = None
    try:
        with mutation.in_force(folder):
            done = run(
                folder, mutation.tests, database=database, ready=ready, seconds=SECONDS
            )
    except (ValueError, subprocess.TimeoutExpired) as error:
        return Verdict(BROKEN, time.monotonic() - started, str(error)[:300])
    fate, by = judged(done.returncode, done.stdout)
    return Verdict(fate, time.monotonic() - started, by)


def judged(code: int, said: str) -> tuple[str, str]:
    """Return what a run of tests says of a mutation, and by which line.

    Killed is what a test failed on; what stops the tests from running, or the program
    from being read, says that the list is wrong.
    """
    lines = said.splitlines()
    failed = [line for line in lines if line.startswith("FAILED ")]
    if code == 0 and not PASSED.search(lines[-1]):
        return BROKEN, "all its tests were left out here"
    if code == 0:
        return SURVIVED, ""
    if code == 1 and failed and not NO_PROGRAM.search(failed[0]):
        return KILLED, failed[0].removeprefix("FAILED tests/").partition(" - ")[0]
    told = [line for line in lines if line.startswith(("FAILED ", "ERROR "))]
    return BROKEN, (told or lines or ["pytest said nothing"])[-1][:300]
