"""Many ask for the same page at once, and nothing of it is kept yet."""

import socket
from contextlib import ExitStack

import pytest

from config import gunicorn
from tests.commitments.test_tasks import celery_environment
from tests.faults.machines import wait_for
from tests.faults.servers import serving
from tests.tracker import record as records

MANY = 40
ASKED = b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
LIVE = ASKED % b"/healthz/live", b"ok"


def whole(line):
    got = b""
    while piece := line.recv(65_536):
        got += piece
    return got


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("without", "computations"),
    [
        ("", 1),
        pytest.param(
            "waiting", gunicorn.threads, id="control", marks=pytest.mark.faults
        ),
    ],
)
def test_a_page_is_computed_once_for_all_who_ask(tmp_path, without, computations):
    records.small()
    environment = {
        **celery_environment(),
        "FAULT_FOLDER": str(tmp_path),
        "FAULT_WITHOUT": without,
        "TRACKER_SECURE": "off",
    }

    def noted(name):
        path = tmp_path / name
        return path.stat().st_size if path.exists() else 0

    with (
        serving(
            tmp_path,
            *("--workers", "1"),
            site="tests.faults.cold",
            first=LIVE,
            environment=environment,
        ) as port,
        ExitStack() as stack,
    ):
        lines = [
            stack.enter_context(socket.create_connection(("127.0.0.1", port), 60))
            for _ in range(MANY)
        ]
        for line in lines:
            line.sendall(ASKED % b"/")
        # Each thread of the process has one, and the first is not done yet.
        wait_for(lambda: noted("asked") == gunicorn.threads)
        wait_for(lambda: noted("computed") == computations)
        (tmp_path / "go").touch()
        answers = [whole(line) for line in lines]

    assert all(b"Opening-Up Tracker" in one for one in answers)
    assert len({one.partition(b"\r\n\r\n")[2] for one in answers}) == 1
    assert noted("computed") == computations
