"""What goes beyond one answer: everything at once, and answers while others publish."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bench.serving import (
    Connection,
    Measured,
    Server,
    cpu_seconds,
    load,
    peak_mib,
    request,
    tree,
)

ROOT = Path(__file__).resolve().parent.parent
LIST = "/api/v1/commitments/"
RATES = {10: 0.85, 100: 0.70}
# Publishes so often a second until it is ended, and tells of each.
PUBLISH = """
import sys, time, django
django.setup()
from commitments.models import DataVersion
pause, due = 1 / float(sys.argv[1]), time.monotonic()
while True:
    DataVersion.bump()
    print(flush=True)
    due += pause
    time.sleep(max(0, due - time.monotonic()))
"""


@contextmanager
def publishing_at(rate: int, counted: list[float]) -> Iterator[None]:
    """Have the record change so often a second; add to ``counted`` how often it did."""
    if not rate:
        yield
        return
    publisher = subprocess.Popen(
        [sys.executable, "-c", PUBLISH, str(rate)],
        cwd=ROOT,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "config.settings"},
        stdout=subprocess.PIPE,
    )
    assert publisher.stdout
    began = time.monotonic()
    try:
        publisher.stdout.readline()
        began = time.monotonic()
        yield
    finally:
        seconds = time.monotonic() - began
        publisher.terminate()
        counted.append(publisher.stdout.read().count(b"\n") / seconds)
        publisher.wait()


def once(server: Server, path: str, *, before: str) -> dict[str, float]:
    """Return what one answer costs that is too large to be asked again and again.

    The server is started anew, and asked for ``before`` first: its peak is that of this
    answer, and its start is not measured.
    """
    server.stop()
    server.start()
    connection = Connection(server.port)
    connection.ask(request(before, server.port))
    assert server.process is not None
    pids, held = server.pids(), peak_mib(tree(server.process.pid))
    used, began = cpu_seconds(pids), time.monotonic()
    status, _, body = connection.ask(request(path, server.port))
    if status != 200:
        raise SystemExit(f"{server.name} answered {status} to {path}")
    peak = peak_mib(tree(server.process.pid))
    return {
        "cpu_s": round(cpu_seconds(server.pids() | pids) - used, 3),
        "seconds": round(time.monotonic() - began, 2),
        "peak_mib": round(peak, 1),
        "more_mib": round(peak - held, 1),
        "bytes": len(body),
    }


def export(found: dict[str, Server]) -> dict:
    """Measure the list as a whole, as JSON Lines, against the same rows by plain DRF."""
    print("\nEvery commitment as JSON Lines")
    told: dict = {
        "plain DRF": once(found["drf"], "/export/", before="/commitments/"),
        "tracker": once(found["uncached"], f"{LIST}?format=jsonl", before=LIST),
    }
    for who, one in told.items():
        print(
            f"{who:12}{one['cpu_s']:9.3f} s CPU {one['peak_mib']:7.0f} MiB peak, "
            f"{one['more_mib']:.0f} MiB more than before it"
        )
    told["ratio"] = round(told["plain DRF"]["cpu_s"] / told["tracker"]["cpu_s"], 2)
    print(f"tracker : plain DRF = {told['ratio']} (aim 6)")
    return told


def publishing(found: dict[str, Server], *, rounds: int, seconds: float) -> dict:
    """Measure how fast kept answers are while the record changes under them."""
    print("\nWarm, while others publish")
    server, results = found["tracker"], {n: Measured() for n in (0, *RATES)}
    published: dict[int, list[float]] = {rate: [] for rate in results}
    asked = request(LIST, server.port)
    for _ in range(rounds):
        for rate, into in results.items():
            with publishing_at(rate, published[rate]):
                load(server, asked, seconds=seconds, into=into)
    told: dict = {}
    for rate, one in results.items():
        share = results[0].cost / one.cost
        found_rate = sum(published[rate]) / rounds
        aim = f" (aim {RATES[rate]:.2f})" if rate else ""
        print(
            f"{found_rate:6.1f} a second {one.cost:9.0f} CPU us, "
            f"speed kept {share:.2f}{aim}"
        )
        told[str(rate)] = {
            **one.told(),
            "published": round(found_rate, 1),
            "kept": round(share, 3),
        }
    return told
