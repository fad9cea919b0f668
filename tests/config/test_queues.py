"""Which workers do what, so that none waits for another, and none for ever."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import yaml
from django.core import mail
from django.utils import timezone

from commitments import outgoing
from config.celery import app
from config.schedule import BEAT, QUEUES
from tests.commitments.test_digests import flag
from tests.commitments.test_tips import decide, tell
from tests.factories import EvidenceFactory, ReviewerFactory
from tests.faults.machines import wait_for

ROOT = Path(__file__).parents[2]
HEAR = "commitments.tasks.hear_queue"
# Every task has its place: a new one fails here until somebody has said which.
PLACES = {
    # Computes, and waits for nothing but the database and the files.
    "celery": {
        "commitments.tasks.flag_commitments",
        "commitments.tasks.forget_senders",
        "commitments.tasks.work_on_imports",
        "commitments.tasks.write_checkpoint",
        "tracker.tasks.fill_release_order",
        "tracker.tasks.forget_followers",
        "tracker.tasks.make_monthly_release",
        "tracker.tasks.prune_deliveries",
        "tracker.tasks.renew_cards",
        "tracker.tasks.verify_record",
    },
    # Waits for web servers.
    "network": {
        "commitments.tasks.check_links",
        "commitments.tasks.save_snapshots",
        "commitments.tasks.watch_sources",
        "tracker.tasks.relay_webhooks",
    },
    # Waits for the mail server, or writes what the next one sends.
    "mail": {
        "tracker.tasks.answer_tips",
        "tracker.tasks.send_desk_digests",
        "tracker.tasks.send_mails",
        "tracker.tasks.write_mails",
    },
}


@pytest.fixture
def tasks():
    """The project's own tasks, by name."""
    app.loader.import_default_modules()
    ours = ("commitments.", "tracker.", "config.")
    return {name: task for name, task in app.tasks.items() if name.startswith(ours)}


def queue_of(name, **options):
    """Where a call of the task is sent to, as Celery's own router says."""
    return app.amqp.router.route(options, name)["queue"].name


def test_every_task_goes_to_the_queue_of_its_kind(tasks):
    found = {queue: set() for queue in QUEUES}
    for name in tasks.keys() - {HEAR}:
        found[queue_of(name)].add(name)

    assert found == PLACES


def test_what_the_scheduler_starts_goes_where_the_task_belongs(tasks):
    placed = {name: queue for queue, names in PLACES.items() for name in names}
    heard = set()
    for entry in BEAT.values():
        queue = queue_of(entry["task"], **entry.get("options", {}))
        if entry["task"] == HEAR:
            heard.add(queue)
            assert entry["kwargs"] == {"queue": queue}
        else:
            assert queue == placed[entry["task"]], entry["task"]
    assert heard == set(QUEUES)
    assert {entry["task"] for entry in BEAT.values()} == tasks.keys()


def test_each_queue_has_workers_that_take_from_it_alone():
    services = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    commands = [service.get("command", []) for service in services.values()]
    taken = [words[words.index("-Q") + 1] for words in commands if "-Q" in words]
    assert sorted(taken) == sorted(QUEUES)


@pytest.fixture
def asked(monkeypatch, settings, tmp_path):
    """Work for every task; yield the hosts that were asked, beside ``mail.outbox``."""
    settings.WAYBACK = True
    releases = {"location": tmp_path / "releases"}
    kept = {"BACKEND": "commitments.whole_files.WholeFiles", "OPTIONS": releases}
    settings.STORAGES = {**settings.STORAGES, "releases": kept}
    found = []

    def resolve(host, port):
        found.append(host)
        raise OSError("There is no network here.")

    with monkeypatch.context() as patch:
        patch.setattr(outgoing, "resolve", resolve)
        at = timezone.now()
        decide(tell(at=at), ReviewerFactory(), at=at)
        flag(on=at)
        EvidenceFactory(url="https://example.org/notice")
        yield found


def do_all(tasks, queue):
    """Do each task of a queue once; return which sent mail."""
    wrote = set()
    for name in sorted(tasks.keys() - {HEAR}):
        if queue_of(name) == queue:
            before = len(mail.outbox)
            tasks[name].apply(throw=True)
            wrote |= {name} if len(mail.outbox) > before else set()
    return wrote


@pytest.mark.django_db(transaction=True)
def test_no_task_of_the_fast_queue_asks_another_machine(tasks, asked):
    assert do_all(tasks, "celery") == set()
    assert asked == []


@pytest.mark.django_db
def test_those_of_the_other_queues_do_with_the_same_record(tasks, asked):
    assert do_all(tasks, "mail") >= {
        "tracker.tasks.answer_tips",
        "tracker.tasks.send_desk_digests",
    }
    assert asked == []
    do_all(tasks, "network")
    assert asked


def test_every_task_is_ended_and_is_taken_up_again_where_its_worker_dies(tasks):
    overdue = app.conf.broker_transport_options["visibility_timeout"]
    for name, task in tasks.items():
        soft = task.soft_time_limit or app.conf.task_soft_time_limit
        hard = task.time_limit or app.conf.task_time_limit
        assert 0 < soft < hard <= 600, name
        # Later, and the broker would hand out a second time what is at work.
        assert hard < overdue, name
        assert task.acks_late and task.reject_on_worker_lost, name
    for entry in BEAT.values():
        options = entry.get("options", {})
        assert not {"time_limit", "soft_time_limit"} & options.keys(), entry["task"]


# One process, which the first task holds; limits as the product's, in less time.
HANGING = """
import os, sys, time
from pathlib import Path
from celery.exceptions import SoftTimeLimitExceeded
from config.celery import app

folder, queue = Path(sys.argv[1]), sys.argv[2]
app.conf.task_soft_time_limit, app.conf.task_time_limit = 5, 15

@app.task(name="hang")
def hang():
    while True:
        try:
            (folder / "began").write_text(str(os.getpid()))
            time.sleep(3600)
        except SoftTimeLimitExceeded:
            (folder / "asked to end").touch()

@app.task(name="be quick")
def be_quick():
    (folder / "done").write_text(str(os.getpid()))

app.worker_main(["worker", "-Q", queue, "-c", "1", "-l", "CRITICAL", "-n", "hang@%h"])
"""
QUEUE = "hanging-task"


@pytest.fixture
def worker(tmp_path):
    command = [sys.executable, "-W", "ignore", "-c", HANGING, str(tmp_path), QUEUE]
    process = subprocess.Popen(command, cwd=ROOT, start_new_session=True)
    yield process
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@pytest.mark.timeout(300)
def test_a_task_that_hangs_is_ended_and_the_next_one_done(worker, tmp_path):
    app.send_task("hang", queue=QUEUE)
    app.send_task("be quick", queue=QUEUE)

    wait_for(lambda: (tmp_path / "done").exists() and (tmp_path / "done").read_text())

    hanging = (tmp_path / "began").read_text()
    assert (tmp_path / "asked to end").exists()
    assert (tmp_path / "done").read_text() != hanging
    assert not Path("/proc", hanging).exists()
    assert worker.poll() is None
