"""Many ask for the same page at once, and nothing of it is kept yet."""

import select
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
    ("without", "busy", "computations"),
    [
        ("", 1, 1),
        pytest.param("loop", gunicorn.threads, 1, id="control: wait in threads"),
        pytest.param(
            "loop, waiting",
            *(gunicorn.threads, gunicorn.threads),
            id="control: do not wait",
            marks=pytest.mark.faults,
        ),
    ],
)
def test_a_page_is_computed_once_for_all_who_ask(tmp_path, without, busy, computations):
    records.small()
    environment = {
        **celery_environment(),
        "FAULT_FOLDER": str(tmp_path),
        "FAULT_WITHOUT": without,
        "TRACKER_SECURE": "off",
    }
    # The loop leaves nothing to threads for a slow moment's sake, as on a quick machine.
    settings = "arrivals.SLOW, arrivals.PATIENCE = 60, 100"
    if "loop" in without:
        settings += '\narrivals.KEY = "unknown to the site"'

    def noted(name):
        path = tmp_path / name
        return path.stat().st_size if path.exists() else 0

    with (
        serving(
            tmp_path,
            *("--workers", "1"),
            site="tests.faults.cold",
            first=LIVE,
            settings=settings,
            environment=environment,
        ) as port,
        ExitStack() as stack,
    ):

        def asking(path):
            line = stack.enter_context(
                socket.create_connection(("127.0.0.1", port), 60)
            )
            line.sendall(ASKED % path)
            return line

        lines = [asking(b"/") for _ in range(MANY)]
        # The first is not done yet.
        wait_for(lambda: noted("asked") >= busy)
        wait_for(lambda: noted("computed") == computations)
        other = asking(b"/method/")
        # The site has threads left for others, or none.
        is_free = bool(select.select([other], [], [], 20 if busy == 1 else 2)[0])
        asked = noted("asked")
        (tmp_path / "go").touch()
        answers = [whole(line) for line in lines]

    assert is_free == (busy == 1)
    assert asked == busy + is_free
    assert all(b"Opening-Up Tracker" in one for one in answers)
    assert len({one.partition(b"\r\n\r\n")[2] for one in answers}) == 1
    assert noted("computed") == computations
