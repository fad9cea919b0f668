"""gunicorn with our settings around a bare site, and who asks it over sockets."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.servers import free_port, wait_for

SETTINGS = """
from config import arrivals
from config.gunicorn import *
from config.turns import TURNS
"""


@contextmanager
def serving(
    folder: Path,
    *arguments: str,
    settings: str = "",
    site: str = "tests.faults.echo",
    first: tuple[bytes, bytes] = (b"GET / HTTP/1.0\r\n\r\n", b"GET / 0;"),
    environment: dict | None = None,
) -> Iterator[int]:
    """Run gunicorn around the site of ``echo``, or another one; yield its port.

    ``settings``: lines after ours, in which ``arrivals`` and ``TURNS`` are changed.
    ``first``: what is asked until it is answered so.
    """
    port = free_port()
    file = folder / "gunicorn.conf.py"
    file.write_text(SETTINGS + settings)
    command = [sys.executable, "-m", "gunicorn", f"{site}:application"]
    command += ["-c", str(file), "--bind", f"127.0.0.1:{port}"]
    with (folder / "log").open("a") as log:
        with subprocess.Popen(
            [*command, *arguments], env=environment, stdout=log, stderr=log
        ) as process:

            def answers() -> bool:
                with suppress(OSError):
                    return first[1] in ask(port, first[0], 1)
                return False

            try:
                wait_for(answers, process, "gunicorn", 90)
                yield port
            finally:
                process.send_signal(signal.SIGQUIT)


def ask(port: int, request: bytes, seconds: float = 3) -> bytes:
    """Send bytes and the end of them; return all that comes back until the end."""
    got = b""
    with socket.create_connection(("127.0.0.1", port), seconds) as line:
        line.sendall(request)
        with suppress(OSError):
            line.shutdown(socket.SHUT_WR)
        with suppress(TimeoutError, ConnectionResetError):
            while piece := line.recv(65536):
                got += piece
    return got


def statuses(got: bytes) -> list[int]:
    return [int(code) for code in re.findall(rb"HTTP/1\.[01] (\d{3})", got)]
