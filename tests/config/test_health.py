"""Live, and ready: what a supervisor, a balancer and a monitor ask."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from commitments.services import schedule
from config import health
from tests.servers import Broker
from tracker.backups import proving

pytestmark = pytest.mark.django_db


@pytest.fixture
def beating(settings, monkeypatch):
    at = timezone.now()
    if connection.vendor == "postgresql":
        # The server of the tests is fast, and not made to last.
        monkeypatch.setattr(health, "DURABLE", ("synchronous_commit",))
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit = on")
    schedule.hold_beat(holder="test", at=at)
    for queue in settings.QUEUES:
        schedule.hear_queue(queue=queue, at=at)
    return at


def test_live_asks_nothing_of_the_database(client, django_assert_num_queries):
    with django_assert_num_queries(0):
        answer = client.get("/healthz/live")
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]


def test_all_is_well(client, beating):
    answer = client.get("/healthz/ready?all")
    assert answer.status_code == 200, answer.content
    assert answer.json()["status"] == "ok"
    assert set(answer.json()["checks"].values()) == {"ok"}


def test_readers_are_served_while_upkeep_is_ill(client, beating, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    assert client.get("/healthz/ready").status_code == 200
    told = client.get("/healthz/ready?all")
    assert told.status_code == 503
    assert told.json()["status"] == "degraded"
    assert "does not answer" in told.json()["checks"]["broker"]


@pytest.mark.parametrize(
    ("policy", "said"),
    [("allkeys-lru", "drops tasks"), ("volatile-lru", ""), ("noeviction", "")],
)
def test_a_broker_that_would_drop_tasks_is_told(
    tmp_path, settings, beating, policy, said
):
    broker = Broker(tmp_path)
    try:
        broker.tell("CONFIG", "SET", "maxmemory-policy", policy)
        settings.REDIS_URL = broker.url
        told = health.check_all(at=beating)["broker"]
    finally:
        broker.kill()
    assert (said in told) if said else told == ""


@pytest.mark.django_db(transaction=True)
def test_a_database_that_would_lose_entries_with_its_power_is_told():
    postgresql = connection.vendor == "postgresql"
    name = "synchronous_commit" if postgresql else "synchronous"
    setting = f"{'SET' if postgresql else 'PRAGMA'} {name} ="
    try:
        with connection.cursor() as cursor:
            cursor.execute(f"{setting} off")
        told = health.check_all(at=timezone.now())["durability"]
        assert "power fails" in told and name in told
        with connection.cursor() as cursor:
            cursor.execute(f"{setting} {'on' if postgresql else 'FULL'}")
        assert name not in health.check_all(at=timezone.now())["durability"]
    finally:
        # Another connection has its own.
        connection.close()


@pytest.mark.parametrize(
    ("check", "sentence"),
    [
        ("scheduler", "The scheduler was last heard 600 seconds ago."),
        ("queues", "The queue network was last heard 600 seconds ago."),
    ],
)
def test_what_was_not_heard_for_minutes_is_told(beating, check, sentence):
    found = health.check_all(at=beating + timedelta(seconds=600))
    assert sentence in found[check]


def test_before_the_first_beat_it_says_so(db):
    found = health.check_all(at=timezone.now())
    assert found["scheduler"] == "No scheduler has run yet."
    assert "No worker of the queue celery" in found["queues"]


def proved(made_at):
    head = {"seq": 0, "digest": ""}
    manifest = {"made_at": made_at.isoformat(), "head": head}
    assert proving.note(manifest, at=made_at)


def test_who_never_proved_a_backup_is_told_and_nothing_is_red(client, beating):
    answer = client.get("/healthz/ready?all")
    assert answer.status_code == 200
    assert answer.json()["notices"] == [health.NO_BACKUP]

    proved(beating)
    assert client.get("/healthz/ready?all").json()["notices"] == []


def test_a_day_without_a_backup_that_proved_good_is_told(client, beating):
    proved(beating - timedelta(hours=30))
    assert client.get("/healthz/ready").status_code == 200
    answer = client.get("/healthz/ready?all")
    assert answer.status_code == 503
    assert "made 30 hours ago" in answer.json()["checks"]["backup"]

    proved(beating - timedelta(hours=25))
    # Proved after the newer one, and still the older one.
    proved(beating - timedelta(hours=40))
    assert client.get("/healthz/ready?all").status_code == 200


def test_a_full_disk_is_told(beating, monkeypatch):
    monkeypatch.setattr(health, "LEAST_FREE_BYTES", 10**18)
    assert "MB are free" in health.check_all(at=beating)["disk"]


def test_without_a_database_it_is_not_ready_and_leaks_nothing(
    client, beating, monkeypatch
):
    def refused(at):
        raise OperationalError("could not connect to secret-host")

    monkeypatch.setitem(health.SERVING, "database", refused)
    answer = client.get("/healthz/ready")
    assert answer.status_code == 503
    assert answer.json()["status"] == "unavailable"
    assert b"secret-host" not in answer.content


def test_a_waiting_migration_makes_it_not_ready(client, beating, monkeypatch):
    class Waiting:
        app_label, name = "commitments", "9999_later"

    monkeypatch.setattr(
        health.MigrationExecutor, "migration_plan", lambda *a: [(Waiting, False)]
    )
    answer = client.get("/healthz/ready")
    assert answer.status_code == 503
    assert "commitments.9999_later" in answer.json()["checks"]["migrations"]
