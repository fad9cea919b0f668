"""What is no task lies in the broker's queues: it is dropped, and the work goes on."""

import base64
import json
import os
import pickle
import random
import subprocess
import sys
from pathlib import Path

import pytest
import redis

from commitments.models import QueueBeat
from config.celery import app
from tests.commitments.test_tasks import celery_environment
from tests.faults.machines import wait_for

QUEUE, MARK = "junk", "/tmp/tracker-junk-was-run"
JUNK = int(os.environ.get("FAULT_JUNK", "90"))


class Worse:
    """Writes a file where it is unpickled."""

    def __reduce__(self):
        return (os.system, (f"touch {MARK}",))


def message(body, *, kind="application/json", **headers):
    """What lies in a queue: an envelope of the broker's around a body."""
    return json.dumps(
        {
            "body": base64.b64encode(body).decode(),
            "content-encoding": "utf-8" if "json" in kind else "binary",
            "content-type": kind,
            "headers": {
                "lang": "py",
                "id": "1",
                "root_id": "1",
                "timelimit": [None, None],
                **headers,
            },
            "properties": {
                "delivery_tag": str(random.random()),
                "delivery_info": {"exchange": "", "routing_key": QUEUE},
                "body_encoding": "base64",
            },
        }
    ).encode()


HEAR = "commitments.tasks.hear_queue"
ARGUMENTS = b'[[1, 2, 3], {"surprise": true}, {}]'
CALL = b'[["celery"], {}, {}]'
KINDS = {
    "a task that there is none of": message(b"[[], {}, {}]", task="none.such"),
    "arguments that it does not take": message(ARGUMENTS, task=HEAR),
    "a body that is no JSON": message(b"{", task=HEAR),
    "a pickle": message(
        pickle.dumps(Worse()), kind="application/x-python-serialize", task=HEAR
    ),
    "a number": message(b"5", task=HEAR),
    "a list that is no call": message(b'["celery"]', task=HEAR),
    "a mapping": message(b'{"args": 1, "kwargs": []}', task=HEAR),
    "a call without a number": message(CALL, task=HEAR, id=None),
    "a limit that is none": message(CALL, task=HEAR, timelimit=5),
    "a day that is none": message(CALL, task=HEAR, expires="tomorrow", eta="soon"),
}
# Who can write these into the broker can empty it too.
NO_ENVELOPE = {"bytes": os.urandom(40), "no JSON": b"{", "no envelope": b"[1]"}


@pytest.fixture
def starts(broker, tmp_path):
    """Run a worker, started again where it ends; yield who tells how often."""
    command = [sys.executable, "-W", "ignore", "-m", "celery", "-A", "config"]
    command += ["worker", "-Q", QUEUE, "-c", "1", "-l", "ERROR"]
    own = {**celery_environment(), "REDIS_URL": broker.url}
    running = []

    def ensure():
        if not running or running[-1].poll() is not None:
            with (tmp_path / "worker.log").open("a") as log:
                running.append(
                    subprocess.Popen(command, env=own, stdout=log, stderr=log)
                )
        return len(running)

    yield ensure
    running[-1].terminate()
    running[-1].wait(60)


def push(broker, pieces):
    with redis.Redis(unix_socket_path=str(broker.socket)) as client:
        client.lpush(QUEUE, *pieces)


def is_heard(broker, starts, name):
    """Send a real task after what was pushed, and wait until it was done."""
    from kombu import Connection

    QueueBeat.objects.filter(queue=name).delete()
    with Connection(broker.url) as asking:
        app.send_task(HEAR, args=[name], queue=QUEUE, connection=asking)
    wait_for(lambda: starts() and QueueBeat.objects.filter(queue=name).exists())


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
def test_messages_that_are_no_tasks_of_ours_are_dropped_and_the_worker_lives(
    broker, starts
):
    Path(MARK).unlink(missing_ok=True)
    chance = random.Random(1)
    pieces = [*KINDS.values(), *chance.choices(list(KINDS.values()), k=JUNK)]
    push(broker, pieces)

    is_heard(broker, starts, "celery")

    assert starts() == 1
    assert not Path(MARK).exists()


@pytest.mark.timeout(300)
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kind", NO_ENVELOPE)
def test_what_is_not_even_a_message_stops_nothing_for_good(broker, starts, kind):
    push(broker, [NO_ENVELOPE[kind]])

    is_heard(broker, starts, "celery")

    assert starts() <= 2
