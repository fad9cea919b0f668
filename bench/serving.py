"""Servers under load: started, asked in turn, and what each answer cost them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

CONNECTIONS = 4
OURS = "config.wsgi"
TICKS = os.sysconf("SC_CLK_TCK")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def tree(pid: int) -> set[int]:
    """Return a process and all its descendants."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(stat.read_text().rpartition(")")[2].split()[1])
        except OSError:
            continue
        children.setdefault(parent, []).append(int(stat.parent.name))
    found, waiting = set(), [pid]
    while waiting:
        one = waiting.pop()
        found.add(one)
        waiting += children.get(one, [])
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the CPU time that processes have used so far.

    With that of their children which have ended: a database ends a process with each
    connection.
    """
    ticks = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        # utime, stime, cutime and cstime: proc_pid_stat(5), 14 to 17.
        ticks += sum(map(int, fields[11:15]))
    return ticks / TICKS


def peak_mib(pids: Iterable[int]) -> float:
    """Return the most memory that processes have held, added up."""
    total = 0
    for pid in pids:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        total += int(status.partition("VmHWM:")[2].split()[0])
    return total / 1024


@dataclass
class Server:
    """A server process, and the database process that works for it (or none)."""

    name: str
    command: list[str]
    port: int
    environment: dict[str, str] = field(default_factory=dict)
    database: int | None = None
    process: subprocess.Popen | None = None

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = subprocess.Popen(
            self.command,
            env={**os.environ, **self.environment},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        for _ in range(600):
            if self.process.poll() is not None:
                raise SystemExit(f"{self.name} stopped: {' '.join(self.command)}")
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise SystemExit(f"{self.name} does not answer on {self.port}.")

    def pids(self) -> set[int]:
        assert self.process is not None
        own = tree(self.process.pid)
        return own | tree(self.database) if self.database else own

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(20)


def gunicorn(
    name: str, application: str, environment: dict[str, str], database: int | None
) -> Server:
    """Return a server of one worker with the threads that production has.

    Ours takes requests in as production does; what it is compared with, as gunicorn does.
    """
    port = free_port()
    worker = "config.arrivals.Worker" if application == OURS else "gthread"
    command = [sys.executable, "-m", "gunicorn", application]
    command += ["--bind", f"127.0.0.1:{port}", "--worker-class", worker]
    command += ["--workers", "1", "--threads", str(CONNECTIONS), "--keep-alive", "30"]
    command += ["--no-control-socket", "--log-level", "error"]
    return Server(name, command, port, environment, database)


def granian(name: str, environment: dict[str, str], database: int | None) -> Server:
    """Return the tracker on granian, with as many threads."""
    port = free_port()
    program = str(Path(sys.executable).with_name("granian"))
    command = [program, "config.wsgi:application", "--interface", "wsgi", "--no-ws"]
    command += ["--host", "127.0.0.1", "--port", str(port), "--workers", "1"]
    command += ["--blocking-threads", str(CONNECTIONS), "--log-level", "error"]
    return Server(name, command, port, environment, database)


@dataclass
class Measured:
    """What came of asking one server one question for a while."""

    requests: int = 0
    seconds: float = 0.0
    cpu: float = 0.0
    waits: list[float] = field(default_factory=list)
    peak: float = 0.0
    size: int = 0

    @property
    def rate(self) -> float:
        return self.requests / self.seconds if self.seconds else 0.0

    @property
    def cost(self) -> float:
        """CPU of the server and its database for one answer, in microseconds."""
        return self.cpu / self.requests * 1e6 if self.requests else 0.0

    def percentile(self, share: float) -> float:
        """Return the wait that this share of requests did not exceed, in ms."""
        if not self.waits:
            return 0.0
        ordered = sorted(self.waits)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000

    def told(self) -> dict[str, float]:
        return {
            "requests_per_second": round(self.rate, 1),
            "p50_ms": round(self.percentile(0.5), 3),
            "p99_ms": round(self.percentile(0.99), 3),
            "cpu_us_per_request": round(self.cost, 1),
            "peak_mib": round(self.peak, 1),
            "bytes": self.size,
        }


class Connection:
    """A connection that is kept, and reads whole answers."""

    def __init__(self, port: int) -> None:
        self.port, self.socket = port, socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, request: bytes) -> tuple[int, bytes, bytes]:
        """Return status, head and body of the answer."""
        self.socket.sendall(request)
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.socket.recv(1 << 18)
            if not more:
                raise ConnectionError("The server hung up.")
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        lower = head.lower()
        status = int(head[9:12])
        if b"content-length:" in lower:
            length = int(lower.partition(b"content-length:")[2].split(b"\r\n")[0])
            pieces = [body]
            got = len(body)
            while got < length:
                pieces.append(self.socket.recv(1 << 20))
                got += len(pieces[-1])
            body = b"".join(pieces)
        elif b"chunked" in lower:
            while not body.endswith(b"0\r\n\r\n"):
                body += self.socket.recv(1 << 20)
        if b"connection: close" in lower:
            self.socket.close()
            self.__init__(self.port)  # type: ignore[misc]
        return status, head, body


def request(path: str, port: int, *lines: str) -> bytes:
    head = [f"GET {path} HTTP/1.1", f"Host: 127.0.0.1:{port}", *lines, "", ""]
    return "\r\n".join(head).encode()


def load(
    server: Server, asked: bytes, *, seconds: float, into: Measured, status: int = 200
) -> None:
    """Ask the same again and again over several connections; add what it cost."""
    waits: list[list[float]] = [[] for _ in range(CONNECTIONS)]
    wrong: list[int] = []

    def client(number: int) -> None:
        connection, own = Connection(server.port), waits[number]
        while (began := time.perf_counter()) and time.monotonic() < stop:
            got, _, body = connection.ask(asked)
            own.append(time.perf_counter() - began)
            into.size = len(body)
            if got != status:
                wrong.append(got)
                return

    # What a first request alone costs is not what is measured.
    for _ in range(2):
        Connection(server.port).ask(asked)
    pids = server.pids()
    before, began = cpu_seconds(pids), time.monotonic()
    stop = began + seconds
    threads = [threading.Thread(target=client, args=(n,)) for n in range(CONNECTIONS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise SystemExit(f"{server.name} answered {wrong[0]} to {asked!r}")
    into.seconds += time.monotonic() - began
    # The database may have started a process for a new connection.
    into.cpu += cpu_seconds(server.pids() | pids) - before
    into.requests += sum(map(len, waits))
    into.waits += [wait for own in waits for wait in own]
    into.peak = max(into.peak, peak_mib(tree(server.process.pid)))  # type: ignore[union-attr]
