"""A worker lives and takes nothing, or the broker under it comes and goes."""

import os
import signal
import subprocess
import sys
import time

import pytest
from django.db import connection

from config import watch

from .machines import ask_for, wait_for

ONCE = pytest.mark.skipif(connection.vendor != "sqlite", reason="No database is asked.")
QUEUE = "stuck-worker"
RESTARTS = 10


class Supervised:
    """A worker that is started again when it ends, as containers and ``make run`` do."""

    def __init__(self, folder, broker, how, **environment):
        self.folder, self.broker, self.starts = folder, broker, 0
        self.command = [sys.executable, "-W", "ignore", "-m"]
        self.command += ["tests.faults.stuck_worker", str(folder), QUEUE, how]
        self.environment = {**os.environ, "REDIS_URL": broker.url, **environment}
        self.said = (folder / "said").open("a")
        self.start()

    def start(self):
        self.starts += 1
        self.process = subprocess.Popen(
            self.command, env=self.environment, stderr=self.said
        )

    def ensure(self):
        if self.process.poll() is not None:
            self.start()
        return True

    def has_done(self, number):
        """Give it a task, and wait until it or the one after it has done it."""
        ask_for("be quick", QUEUE, self.broker, args=[number])
        done = self.folder / f"done-{number}"
        wait_for(lambda: self.ensure() and done.exists() and done.read_text())
        return int(done.read_text())

    def looks(self):
        path = self.folder / "looks"
        return path.stat().st_size if path.exists() else 0

    def wait_for_looks(self, many):
        end = self.looks() + many
        wait_for(lambda: self.looks() >= end)

    def get_stuck(self):
        (self.folder / "stick").touch()
        wait_for(lambda: self.ensure() and (self.folder / "stuck").exists())

    def end(self):
        self.process.kill()
        self.process.wait()
        self.said.close()


@pytest.fixture
def supervised(tmp_path, broker):
    running = []

    def supervised(how="", **environment):
        running.append(Supervised(tmp_path, broker, how, **environment))
        return running[-1]

    yield supervised
    for one in running:
        one.end()


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    "how",
    [
        pytest.param("takes nothing", marks=ONCE),
        pytest.param("waits for ever", marks=pytest.mark.faults),
    ],
)
def test_a_worker_that_takes_nothing_ends_and_the_next_one_works(supervised, how):
    worker = supervised(how)
    first = worker.has_done(1)
    worker.get_stuck()

    assert worker.has_done(2) != first

    assert worker.starts > 1
    said = (worker.folder / "said").read_text()
    assert "takes nothing from its queue" in said
    # And where it hung.
    assert "ask_the_queue" in said or how == "takes nothing"


@pytest.mark.faults
@pytest.mark.timeout(300)
def test_without_the_watch_it_lives_on_and_takes_nothing(supervised):
    """The control."""
    worker = supervised("takes nothing", FAULT_WITHOUT="watch")
    worker.has_done(1)
    worker.get_stuck()
    ask_for("be quick", QUEUE, worker.broker, args=[2])

    worker.wait_for_looks(3 * watch.FREE_LOOKS)

    assert worker.process.poll() is None
    assert not (worker.folder / "done-2").exists()


@pytest.mark.faults
@pytest.mark.timeout(300)
def test_a_worker_with_a_long_task_is_let_be_while_others_wait(supervised):
    worker = supervised()
    ask_for("take long", QUEUE, worker.broker)
    wait_for(lambda: worker.ensure() and (worker.folder / "began").exists())
    begun = worker.starts
    ask_for("be quick", QUEUE, worker.broker, args=[1])

    worker.wait_for_looks(3 * watch.FREE_LOOKS)

    assert worker.starts == begun and worker.process.poll() is None
    (worker.folder / "go").touch()
    worker.has_done(2)
    assert (worker.folder / "done-1").exists()


@pytest.mark.faults
@pytest.mark.timeout(900)
def test_after_each_restart_of_the_broker_work_goes_on(supervised):
    # At the pace of the product: it takes Celery seconds to find the broker again.
    worker, waited = supervised(FAULT_LOOKS_EVERY=str(watch.EVERY)), []
    worker.has_done(0)
    for number in range(1, RESTARTS + 1):
        worker.broker.restart()
        began = time.monotonic()
        worker.has_done(number)
        waited.append(round(time.monotonic() - began, 1))

    print(
        f"\nwork went on after {waited} s; the worker was started {worker.starts} times"
    )


@pytest.mark.faults
@pytest.mark.timeout(1800)
def test_where_the_broker_restarts_as_a_process_is_killed_work_goes_on(supervised):
    worker = supervised(FAULT_LOOKS_EVERY="1")
    for number in range(RESTARTS):
        worker.has_done(2 * number)
        began, go = worker.folder / "began", worker.folder / "go"
        for file in (began, go):
            file.unlink(missing_ok=True)
        ask_for("take long", QUEUE, worker.broker)
        wait_for(
            lambda began=began: worker.ensure() and began.exists() and began.read_text()
        )
        os.kill(int(began.read_text()), signal.SIGKILL)
        worker.broker.restart()
        # Where it is handed out once more, it ends at once.
        go.touch()
        worker.has_done(2 * number + 1)

    print(f"\n{RESTARTS} kills and restarts; started {worker.starts} times")


@pytest.mark.parametrize(
    ("seen", "ends"),
    [
        ([(b"a", False)] * (watch.FREE_LOOKS + 1), True),
        ([(b"a", False)] * watch.FREE_LOOKS, False),
        # It took something.
        ([(b"a", False)] * watch.FREE_LOOKS + [(b"b", False)] * 2, False),
        # The queue is empty, or nobody could look into it.
        ([(None, False)] * 100, False),
        (([(b"a", False)] * 5 + [(None, False)]) * 20, False),
        # It has its hands full, but not for longer than any task is let run.
        ([(b"a", True)] * watch.BUSY_LOOKS, False),
        ([(b"a", True)] * (watch.BUSY_LOOKS + 1), True),
        (([(b"a", False)] * 5 + [(b"a", True)]) * 5, False),
    ],
)
def test_it_ends_where_the_same_waits_all_along_and_it_is_free(seen, ends):
    looks = watch.Looks()
    found = [looks.is_stuck([oldest], is_busy=is_busy) for oldest, is_busy in seen]
    assert any(found) == ends


def test_no_task_is_let_run_as_long_as_a_busy_worker_is(settings):
    longest = settings.CELERY_BROKER_TRANSPORT_OPTIONS["visibility_timeout"]
    assert watch.BUSY_LOOKS * watch.EVERY > longest
