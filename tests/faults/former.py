"""The version before, on the schema of this one: its own tests judge it.

``python -m tests.faults.former COMMIT [TEST ...]`` lets this version make the schema in a
PostgreSQL of its own, and runs tests of another on it. So the old processes fare while a
new version is rolled out. Tests that empty all tables fail there: theirs do not know the
new ones.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg

from tests.servers import Postgresql, as_nobody

ROOT = Path(__file__).resolve().parents[2]
# What the desk, the public and machines do most.
TESTS = (
    *("tests/commitments/test_services.py", "tests/commitments/test_forms.py"),
    *(
        "tests/commitments/test_proposals.py",
        "tests/commitments/test_sign_off_pages.py",
    ),
    *("tests/commitments/test_desk.py", "tests/commitments/test_admin.py"),
    *("tests/commitments/test_queue.py", "tests/commitments/test_sweep.py"),
    *("tests/commitments/bulk", "tests/commitments/test_tasks.py"),
    *("tests/tracker/test_pages.py", "tests/tracker/test_list.py"),
    *("tests/tracker/test_machines.py", "tests/tracker/api/test_api.py"),
)


def main(commit: str, *tests: str) -> int:
    """Return the exit code of the tests of ``commit``."""
    with tempfile.TemporaryDirectory(prefix="tracker-former-", dir="/tmp") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "server").mkdir()
        server = Postgresql(folder / "server", as_nobody(folder / "server"))
        try:
            return tried(folder, server.url, commit, tests or TESTS)
        finally:
            server.process.send_signal(signal.SIGINT)
            server.process.wait(30)


def tried(folder: Path, url: str, commit: str, tests: tuple[str, ...]) -> int:
    with psycopg.connect(url, autocommit=True) as server:
        server.execute("CREATE DATABASE test_postgres")
    own = {
        **os.environ,
        "DATABASE_URL": url.replace("/postgres?", "/test_postgres?"),
        "SECRET_KEY": "made-up-for-this-run-alone",
        "DEBUG": "on",
        "TRACKER_DATA_DIR": str(folder / "data"),
    }
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(migrate, cwd=ROOT, env=own, check=True)
    former = folder / "former"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(former)], check=True)
    subprocess.run(["git", "checkout", "-q", commit], cwd=former, check=True)
    command = [sys.executable, "-m", "pytest", "-p", "tests.services", "-n", "0", "-q"]
    options = ["--reuse-db", "--tb=line", "--show-capture=no"]
    given = {**os.environ, "DATABASE_URL": url, "TEST_DATABASE": "postgresql"}
    return subprocess.run(
        [*command, *options, *tests], cwd=former, env=given
    ).returncode


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
