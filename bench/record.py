"""The record that is measured on: made once for a size, kept for the next run."""

from __future__ import annotations

import hashlib
import os
import pwd
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.services import _postgresql_bin

ROOT = Path(__file__).resolve().parent.parent
UNTIL = "2026-11-20"


def folder() -> Path:
    """Return where records are kept between runs."""
    path = Path(os.environ.get("BENCH_DIR", ROOT / "var" / "bench"))
    path.mkdir(parents=True, exist_ok=True)
    return path


def _stamp() -> str:
    """Return what changes when a record made earlier would no longer do."""
    digest = hashlib.sha256(UNTIL.encode())
    for path in (
        *sorted(ROOT.glob("*/migrations/0*.py")),
        *sorted(ROOT.glob("commitments/synthetic*.py")),
    ):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:10]


def _manage(*arguments: str) -> None:
    subprocess.run([sys.executable, "manage.py", *arguments], check=True, cwd=ROOT)


def _fill(commitments: int) -> None:
    _manage("migrate", "-v", "0")
    _manage("make_synthetic", "--commitments", str(commitments), "--until", UNTIL)


def _keep_up() -> None:
    """Renew the cards of a record made earlier, as every upgrade and night does."""
    _manage("migrate", "-v", "0")


@contextmanager
def sqlite(commitments: int) -> Iterator[None]:
    """Have DATABASE_URL name a SQLite file with a record of so many commitments."""
    path = folder() / f"{commitments}-{_stamp()}.sqlite3"
    partial = path.with_suffix(".part")
    if not path.exists():
        for left in folder().glob(f"{commitments}-*.sqlite3*"):
            left.unlink()
        for left in folder().glob(f"{partial.name}*"):
            left.unlink()
        os.environ["DATABASE_URL"] = f"sqlite:///{partial}"
        _fill(commitments)
        partial.rename(path)
    os.environ["DATABASE_URL"] = f"sqlite:///{path}"
    _keep_up()
    yield None


@contextmanager
def postgresql(commitments: int) -> Iterator[int]:
    """The same on a PostgreSQL server of our own; gives its process id."""
    programs, data = _postgresql_bin(), folder() / f"pg-{commitments}-{_stamp()}"
    as_user: dict = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        as_user = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    sockets = Path("/tmp") / f"tracker-bench-{os.getpid()}"
    sockets.mkdir()
    is_new = not (data / "filled").exists()
    if is_new:
        subprocess.run(["rm", "-rf", data], check=True)
        data.mkdir()
        for path in (data, sockets) if as_user else ():
            os.chown(path, as_user["user"], as_user["group"])
        subprocess.run(
            [
                programs / "initdb",
                *("-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"),
                "--locale=C.UTF-8",
            ],
            check=True,
            env=environment,
            stdout=subprocess.DEVNULL,
            cwd="/",
            **as_user,
        )
    elif as_user:
        os.chown(sockets, as_user["user"], as_user["group"])
    arguments = ["-c", "listen_addresses=", "-c", f"unix_socket_directories={sockets}"]
    arguments += ["-c", "shared_buffers=256MB", "-c", "max_connections=60"]
    # As docker-compose.yml sets it.
    arguments += ["-c", "max_parallel_workers_per_gather=0"]
    server = subprocess.Popen(
        [programs / "postgres", "-D", data, *arguments],
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
        cwd="/",
        **as_user,
    )
    try:
        ready = [programs / "pg_isready", "-q", "-h", sockets]
        while subprocess.run(ready, env=environment, check=False).returncode:
            if server.poll() is not None:
                raise SystemExit("PostgreSQL did not start.")
            time.sleep(0.1)
        os.environ["DATABASE_URL"] = f"postgres://postgres@/postgres?host={sockets}"
        if is_new:
            _fill(commitments)
            (data / "filled").touch()
        _keep_up()
        yield server.pid
    finally:
        # Fast shutdown.
        server.send_signal(2)
        server.wait(60)
        subprocess.run(["rm", "-rf", sockets], check=False)
