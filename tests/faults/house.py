"""The whole tracker on loopback, as in production, to be broken in any part.

PostgreSQL with its usual durability (or SQLite), a broker that keeps nothing, gunicorn
with two processes, a worker for the desk and one for the network, two schedulers; and
who starts them again, as containers do. All of it are children of this process.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from config.children import end_with_parent
from tests.faults.network import Network
from tests.servers import Broker, Postgresql, as_nobody, free_port, wait_for

ROOT = Path(__file__).resolve().parents[2]
SERVING = "postgres://site@/postgres"
RUN = "import sys; from tests.faults.staged import main; main(*sys.argv[1:])"


def children_of(parent: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(path.read_text().rpartition(")")[2].split()[1]) == parent:
                found.append(int(path.parent.name))
    return sorted(found)


class Process:
    """A child that is started again when it ends, until the house is closed."""

    def __init__(self, command: list[str], environment: dict, log: Path) -> None:
        self.command, self.environment, self.log = command, environment, log
        self.starts = 0
        self.start()

    def start(self) -> None:
        self.starts += 1
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                self.command,
                env=self.environment,
                cwd=ROOT,
                stdout=log,
                stderr=log,
                start_new_session=True,
                preexec_fn=end_with_parent,  # noqa: PLW1509
            )

    def kill(self) -> None:
        """Kill it with its children, as a machine does that loses its power."""
        for pid in [*children_of(self.process.pid), self.process.pid]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait()


class House:
    """Everything that runs, and what the people in it work on."""

    def __init__(
        self,
        folder: Path,
        *,
        database: str,
        without: str,
        disk: int = 0,
        **options: str,
    ) -> None:
        """``disk``: MiB of a disk of PostgreSQL's own, which may be full; 0 for none."""
        self.folder, self.disk = folder, folder / "server" if disk else None
        self.closing = False
        (folder / "data" / "static").mkdir(parents=True)
        self.server: Postgresql | None = None
        url = f"sqlite:///{folder}/data/tracker.sqlite3"
        if database == "postgresql":
            base = folder / "server"
            base.mkdir()
            folder.chmod(0o755)
            if disk:
                size = f"size={disk}m"
                mount = ["mount", "-t", "tmpfs", "-o", size, "none", str(base)]
                subprocess.run(mount, check=True)
            self.server = Postgresql(base, as_nobody(base), **options)
            url = self.server.url
        self.broker = Broker(folder)
        # What is between them and the site: see Network.
        self.networks: list[Network] = []
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.environment = {
            **os.environ,
            "DATABASE_URL": url,
            "REDIS_URL": self.broker.url,
            "SECRET_KEY": secrets.token_urlsafe(50),
            "DEBUG": "off",
            "ALLOWED_HOSTS": "127.0.0.1",
            "TRACKER_SITE_URL": self.address,
            "TRACKER_DATA_DIR": str(folder / "data"),
            # People sign in by their password alone here, over plain HTTP.
            "TRACKER_SECURE": "off",
            "TRACKER_REQUIRE_MFA": "off",
            "TRACKER_API_RATE": "0",
            "TRACKER_API_KEY_RATE": "0",
            "EMAIL_URL": "memorymail://",
            "FAULT_FOLDER": str(folder),
            "FAULT_WITHOUT": without,
            # Who migrates owns the tables; who serves does not.
            "TRACKER_SERVING_DATABASE_URL": SERVING if self.server else "",
        }
        os.environ.update(self.environment)

    def part(self, seed: int) -> None:
        """Put a network between the site and its database and broker."""
        far = self.folder / "far"
        self.networks = [Network(far / "broker.sock", self.broker.socket, seed)]
        self.environment["REDIS_URL"] = f"redis+socket://{far}/broker.sock"
        if self.server:
            name = ".s.PGSQL.5432"
            self.networks.append(Network(far / name, self.server.folder / name, seed))
            url = self.server.url.replace(str(self.server.folder), str(far))
            self.environment["DATABASE_URL"] = url
        os.environ.update(self.environment)

    def manage(self, *arguments: str) -> subprocess.CompletedProcess:
        command = [sys.executable, "manage.py", *arguments]
        return subprocess.run(
            command, env=self.environment, cwd=ROOT, capture_output=True, text=True
        )

    def open(self) -> None:
        """Start everything; return when the site answers."""
        web = ["-c", "python:config.gunicorn", "--bind", f"127.0.0.1:{self.port}"]
        parts = {
            "web": ["web", *web, "--log-level", "warning"],
            **{name: [name] for name in ("desk", "net")},
            **{f"beat-{n}": ["beat"] for n in (1, 2)},
        }
        environment = dict(self.environment)
        if self.server:
            url = environment["DATABASE_URL"]
            environment["DATABASE_URL"] = url.replace("//postgres@", "//site@")
        self.parts = {
            name: Process(
                [sys.executable, "-W", "ignore", "-c", RUN, *given],
                environment,
                self.folder / f"{name}.log",
            )
            for name, given in parts.items()
        }
        self.supervisor = threading.Thread(target=self.supervise, daemon=True)
        self.supervisor.start()
        wait_for(self.answers, self.parts["web"].process, "The web server", 120)

    def supervise(self) -> None:
        while not self.closing:
            for part in self.parts.values():
                if part.process.poll() is not None and not self.closing:
                    part.start()
            time.sleep(0.1)

    def answers(self) -> bool:
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def close(self) -> None:
        self.closing = True
        if hasattr(self, "supervisor"):
            self.supervisor.join(5)
            for part in self.parts.values():
                part.kill()
        self.broker.kill()
        if self.server:
            self.server.process.send_signal(signal.SIGINT)
            self.server.process.wait(30)
        if self.disk:
            subprocess.run(["umount", "-l", str(self.disk)], check=True)

    # What is done to it.

    def die_within(self, role: str, statements: int) -> bool:
        """Have a process of a part die in mid-work; False where none was at work."""
        before = set(self.folder.glob("died-*"))
        part = self.folder / "warrant.part"
        part.write_text(str(statements))
        warrant = part.rename(self.folder / f"warrant-{role}")
        end = time.monotonic() + 20
        while time.monotonic() < end:
            if set(self.folder.glob("died-*")) - before:
                return True
            time.sleep(0.02)
        warrant.unlink(missing_ok=True)
        return False

    def kill_part(self, name: str) -> None:
        self.parts[name].kill()

    def crash_database(self) -> None:
        """Kill every process of PostgreSQL, and start it again."""
        assert self.server
        pids = [*children_of(self.server.process.pid), self.server.process.pid]
        for pid in reversed(pids):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.server.process.wait()
        self.server.start()

    @contextmanager
    def full_disk(self) -> Iterator[None]:
        """Leave PostgreSQL no byte; start it again where it ended over that."""
        assert self.server and self.disk
        ballast = self.disk / "ballast"
        with suppress(OSError), ballast.open("wb", buffering=0) as file:
            while file.write(b"x" * 65_536):
                pass
        yield
        ballast.unlink()
        if self.server.process.poll() is not None:
            self.server.start()

    def restart_database(self) -> None:
        assert self.server
        self.server.process.send_signal(signal.SIGINT)
        self.server.process.wait(60)
        self.server.start()

    def found_by(self, *command: str) -> str:
        """Run one of the record's own checks; return what it found, or ""."""
        done = self.manage(*command)
        if done.returncode == 0:
            return ""
        return json.dumps([done.returncode, done.stdout[-2000:], done.stderr[-500:]])
