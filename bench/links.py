"""Measure checking links, beside LinkChecker and a thread pool of ``requests``.

``python -m bench.links [HOSTS EACH PAUSE]``: all against the same server on loopback,
in one run, in turn, with 32 threads each. The tracker runs twice: a first look, which
also reads every page and keeps a copy of it, and a later one, when nothing has changed.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.serving import free_port


def measure(name: str, port: int, hosts: int, each: int) -> tuple[float, float, int]:
    """Run one checker; return its seconds, CPU seconds and exit code."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.monotonic()
    command = [sys.executable, "-m", "bench.checkers", name]
    done = subprocess.run(
        [*command, *map(str, (port, hosts, each))],
        check=False,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    seconds = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return seconds, cpu, done.returncode


def main(hosts: int = 200, each: int = 25, pause: float = 0.05) -> int:
    port = free_port()
    folder = tempfile.mkdtemp(prefix="tracker-bench-")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "bench-only-not-a-secret",
        "DEBUG": "on",
        "TRACKER_DATA_DIR": folder,
    }
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/tracker.sqlite3")
    subprocess.run([sys.executable, "manage.py", "migrate", "-v", "0"], check=True)
    server = subprocess.Popen(
        [sys.executable, "-m", "bench.server", str(port), str(pause)]
    )
    time.sleep(1)
    count = hosts * each
    print(f"{count} links on {hosts} hosts, each answer {pause * 1000:.0f} ms")
    print(f"{'':34}{'seconds':>9}{'links/s':>9}{'CPU s':>8}")
    failed = 0
    try:
        for label, name in (
            ("requests, thread pool", "requests"),
            ("LinkChecker", "linkchecker"),
            ("tracker, first look with copies", "tracker"),
            ("tracker, later look", "tracker"),
        ):
            seconds, cpu, code = measure(name, port, hosts, each)
            told = "" if code == 0 else f"  failed (exit {code})"
            failed += code != 0
            print(f"{label:34}{seconds:9.1f}{count / seconds:9.0f}{cpu:8.1f}{told}")
    finally:
        server.terminate()
        server.wait()
    copies = sum(1 for _ in Path(folder, "captures").rglob("*.warc.gz"))
    print(f"{copies} copies kept")
    return 1 if failed else 0


if __name__ == "__main__":
    given = sys.argv[1:]
    sys.exit(main(int(given[0]), int(given[1]), float(given[2])) if given else main())
