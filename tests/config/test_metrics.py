"""Figures for Prometheus: counted by all processes, told at an address of their own."""

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from commitments.services import schedule
from config import metrics
from tests.config.test_embedded import free_port
from tests.factories import AT, CommitmentFactory, assess

ROOT = Path(__file__).parents[2]


def told(body):
    """The samples of an answer: {(name, label values): number}."""
    return {
        (sample.name, *sample.labels.values()): sample.value
        for family in text_string_to_metric_families(body)
        for sample in family.samples
    }


@pytest.mark.django_db
def test_the_record_is_read_in_a_fixed_number_of_queries(
    settings, django_assert_max_num_queries
):
    from commitments import services
    from tracker.models import Event, ProvedBackup

    assess(CommitmentFactory())
    services.flag_commitments(on=AT.date(), at=AT)
    schedule.hear_queue(queue="celery", at=AT)
    Event.objects.update(mails_at=AT)
    ProvedBackup.objects.create(made_at=AT, proved_at=AT)
    with django_assert_max_num_queries(74):
        gauges = {g.name: g for g in metrics._of_the_record()}
    assert gauges["tracker_history_entries"].samples[0].value >= 2
    assert {s.labels["reason"] for s in gauges["tracker_flags_open"].samples}
    queue = gauges["tracker_queue_age_seconds"].samples[0]
    assert queue.labels == {"queue": "celery"}
    assert queue.value > 0
    age = (timezone.now() - AT).total_seconds()
    backup = gauges["tracker_backup_age_seconds"].samples[0].value
    assert age - 60 < backup <= age
    ages = {
        s.labels["channel"]: s.value
        for s in gauges["tracker_outbox_age_seconds"].samples
    }
    assert ages["mails"] == 0 < ages["webhooks"]
    assert 0 <= gauges["tracker_reviewed_in_time_share"].samples[0].value <= 1


@pytest.mark.parametrize("given", ["9187", "host:", "host:99999", ":9187"])
def test_an_address_that_cannot_be_is_refused_with_a_sentence(monkeypatch, given):
    monkeypatch.setenv("TRACKER_METRICS", given)
    with pytest.raises(ValueError, match=r"like 127\.0\.0\.1:9187"):
        metrics.address()


def test_what_is_given_from_memory_is_counted_like_any_answer():
    class Site:
        def at_hand(self):
            return self.kept

        def kept(self, environ, start_response):
            if environ["PATH_INFO"] != "/kept":
                return None
            environ["tracker.route"] = "a-kept-route"
            start_response("200 OK", [])
            return []

    def count():
        labels = {"method": "GET", "route": "a-kept-route", "status": "200"}
        return metrics.REGISTRY.get_sample_value("tracker_requests_total", labels)

    def ask(path):
        asked = {"REQUEST_METHOD": "GET", "PATH_INFO": path}
        return metrics.Counted(Site()).at_hand()(asked, lambda *given: None)

    none = {"method": "GET", "route": "none", "status": "500"}
    before = metrics.REGISTRY.get_sample_value("tracker_requests_total", none)
    assert ask("/kept") == []
    assert ask("/other") is None
    assert count() == 1
    after = metrics.REGISTRY.get_sample_value("tracker_requests_total", none)
    assert after == before


@pytest.fixture
def served(tmp_path):
    """The site as production serves it, with two processes, and its two ports."""
    port, own = free_port(), free_port()
    environment = {
        **os.environ,
        "DATABASE_URL": f"sqlite:///{tmp_path}/empty.sqlite3",
        "TRACKER_DATA_DIR": str(tmp_path),
        "TRACKER_SECURE": "off",
        "TRACKER_BIND": f"127.0.0.1:{port}",
        "TRACKER_METRICS": f"127.0.0.1:{own}",
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path),
    }
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "gunicorn",
            "config.wsgi",
            "-c",
            "python:config.gunicorn",
        ],
        cwd=ROOT,
        env=environment,
    )
    yield port, own
    process.send_signal(signal.SIGTERM)
    process.wait(30)


def test_a_process_leaves_no_folder_of_counts_behind(tmp_path):
    """A health check runs every minute, for years."""
    given = {"TRACKER_METRICS": "127.0.0.1:9187", "TMPDIR": str(tmp_path)}
    program = (
        "import os, pathlib, sys; import config.metrics; "
        "os.fork() or sys.exit(); os.wait(); "
        "assert pathlib.Path(os.environ['PROMETHEUS_MULTIPROC_DIR']).is_dir()"
    )
    environment = {**os.environ, **given}
    environment.pop("PROMETHEUS_MULTIPROC_DIR", None)
    subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, check=True
    )
    assert not any(tmp_path.iterdir())


def ask(port, path):
    for _ in range(100):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""
        except OSError:
            time.sleep(0.1)
    raise AssertionError("Nobody answers.")


def test_all_processes_are_added_up_and_readers_see_nothing(served):
    port, own = served
    for _ in range(20):
        assert ask(port, "/healthz/live")[0] == 200
    assert ask(port, "/metrics")[0] == 404
    assert ask(own, "/method/")[0] == 404

    samples = told(ask(own, "/metrics")[1])
    assert samples["tracker_requests_total", "GET", "healthz/live", "200"] == 20
    assert samples["tracker_request_seconds_count", "healthz/live"] == 20
    assert samples["tracker_requests_total", "GET", "none", "404"] == 1
    assert samples["tracker_check_ok", "migrations"] == 0
