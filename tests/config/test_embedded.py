"""`make run`, started for real in a folder of its own."""

import os
import re
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tests.servers import free_port

ROOT = Path(__file__).parents[2]


def start(folder, port, **given):
    kept = ("PATH", "HOME", "LANG", "PYTHONPATH")
    environment = {name: os.environ[name] for name in kept if name in os.environ}
    return subprocess.Popen(
        [sys.executable, "-m", "config.embedded"],
        cwd=ROOT,
        env={
            **environment,
            # No test asks the hosts of the catalogue.
            "TRACKER_LINK_CHECKS": "off",
            "TRACKER_DATA_DIR": str(folder),
            "PORT": str(port),
            **given,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def said_until(process, words):
    said = ""
    while words not in said:
        line = process.stdout.readline()
        assert line, said
        said += line
    return said


def fetch(port, path):
    with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=20) as answer:
        return answer.read().decode()


def processes_of(folder):
    """The command lines that belong to this run, by process number."""
    found = {}
    for path in Path("/proc").glob("[0-9]*"):
        try:
            environment = (path / "environ").read_bytes()
            command = (path / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            continue
        if f"TRACKER_DATA_DIR={folder}".encode() in environment and command:
            found[int(path.name)] = command
    return found


@pytest.mark.timeout(240)
def test_one_command_runs_it_all_and_one_signal_stops_it(tmp_path):
    port = free_port()
    process = start(tmp_path, port)
    said = said_until(process, "Ctrl-C stops it")
    passwords = re.findall(r"(?m)^\s*(?:analyst|reviewer|administrator)\b.*$", said)
    assert len(passwords) >= 3, said
    assert "Opening-Up Tracker" in fetch(port, "/")
    assert "cptpp-accession" in fetch(port, "/api/v1/commitments/?partner=cptpp")

    running = processes_of(tmp_path)
    worker = min(pid for pid, command in running.items() if " worker " in command)
    os.kill(worker, signal.SIGKILL)
    said_until(process, "The worker stopped (exit code -9); starting it again.")

    second = start(tmp_path, free_port())
    refused = second.communicate(timeout=60)[0]
    process.send_signal(signal.SIGINT)
    said += process.communicate(timeout=60)[0]
    time.sleep(1)

    assert second.returncode == 1
    assert "is running already" in refused
    assert process.returncode == 0
    # Who sits beside it is told what needs a person, not of every task and request.
    assert "succeeded in" not in said
    assert "request_finished" not in said
    assert processes_of(tmp_path) == {}

    again = start(tmp_path, port)
    said = said_until(again, "Ctrl-C stops it")
    again.send_signal(signal.SIGTERM)
    again.communicate(timeout=60)
    assert "added nothing" in said


# What runs after a fork loses an exception that a signal raises in it.
SIGNAL_IN_A_FORK = """
import os, signal, sys
from config import embedded
from config.children import Child

def run():
    child = Child("sleeper", ["sleep", "60"])
    child.start()
    os.register_at_fork(after_in_parent=lambda: os.kill(os.getpid(), signal.SIGTERM))
    child.process.kill()
    try:
        embedded.supervise([child])
    finally:
        child.stop()

embedded.run = run
sys.exit(embedded.main([]))
"""


def test_a_signal_while_a_child_is_started_ends_the_run():
    done = subprocess.run(
        [sys.executable, "-c", SIGNAL_IN_A_FORK],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )

    assert "Exception ignored" in done.stderr
    assert done.stdout.splitlines()[-1] == "Stopped."
    assert done.returncode == 0


@pytest.mark.parametrize("port", ["taken", "none", "99999"])
def test_a_port_that_cannot_be_used_gives_a_sentence(tmp_path, port):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        given = taken.getsockname()[1] if port == "taken" else port
        process = start(tmp_path, given, SECRET_KEY=secrets.token_hex(30))
        said = process.communicate(timeout=60)[0]

    assert process.returncode == 1
    assert "PORT" in said
    assert "Traceback" not in said
