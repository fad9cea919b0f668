"""Long files: the worker takes them up, and a killed worker leaves nothing."""

import time
from datetime import timedelta

import pytest
from celery.contrib.testing.worker import start_worker
from django.utils import timezone

from commitments.bulk import runs
from commitments.models import Evidence, ImportRun
from commitments.tasks import work_on_imports
from config.celery import app

from .. import desk
from . import files

ROWS = 600


def long_file():
    return files.documents(
        *({"url": f"https://example.org/{n}", "title": f"No. {n}"} for n in range(ROWS))
    )


@pytest.fixture
def analyst(client, db):
    client.force_login(desk.account("ann", "analyst"))


@pytest.fixture
def sent(client, analyst):
    run, page = files.send(client, long_file())
    assert run.state == "waiting"
    assert "A worker takes it up within a few seconds" in page
    return run


def test_the_worker_checks_a_long_file_and_writes_it_after_a_yes(client, sent):
    work_on_imports()
    sent.refresh_from_db()
    assert (sent.state, sent.total, sent.done, sent.new) == ("ready", ROWS, ROWS, ROWS)
    assert not Evidence.objects.exists()

    files.decide(client, sent)
    assert sent.state == "approved"
    work_on_imports()
    work_on_imports()

    sent.refresh_from_db()
    assert sent.state == "done"
    assert Evidence.objects.count() == ROWS


def test_a_killed_worker_leaves_nothing_and_its_run_is_taken_up_again(
    client, sent, monkeypatch
):
    now = timezone.now()
    runs.work_on_next(at=now)
    files.decide(client, sent)

    def killed(*args, **kwargs):
        raise SystemExit("killed")

    with monkeypatch.context() as patch:
        patch.setattr(runs, "_finish", killed)
        with pytest.raises(SystemExit):
            runs.work_on_next(at=now)
    assert not Evidence.objects.exists()
    assert runs.work_on_next(at=now) is None

    runs.work_on_next(at=now + runs.LEASE + timedelta(seconds=1))

    sent.refresh_from_db()
    assert (sent.state, Evidence.objects.count()) == ("done", ROWS)


def test_a_run_that_kills_every_worker_is_given_up(sent):
    for _ in range(runs.MOST_ATTEMPTS):
        ImportRun.objects.filter(pk=sent.pk).update(leased_until=None, state="waiting")
        assert runs.take(sent.pk, at=timezone.now())
    late = timezone.now() + runs.LEASE + timedelta(seconds=1)

    assert runs.work_on_next(at=late) is None

    sent.refresh_from_db()
    assert (sent.state, sent.problem) == ("failed", runs.TOO_LONG)


@pytest.mark.django_db(transaction=True)
def test_a_real_worker_checks_a_file_from_the_broker(client):
    client.force_login(desk.account("ann", "analyst"))
    run, _ = files.send(client, long_file())

    with start_worker(app, perform_ping_check=False, shutdown_timeout=30):
        for _ in range(120):
            # As beat does: another suite's worker may take one from the same broker.
            work_on_imports.delay()
            time.sleep(0.5)
            run.refresh_from_db()
            if run.state == "ready":
                break

    assert (run.state, run.new) == ("ready", ROWS)
