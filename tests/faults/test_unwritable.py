"""The database takes no writes, or sends one back: reads go on, writes are told to wait."""

import threading
from contextlib import contextmanager

import pytest
from django.db import connection

from commitments import chain, search
from commitments.models import HistoryEntry, Suggestion
from tests.faults.machines import wait_for
from tests.faults.test_database import (  # noqa: F401
    ON_POSTGRESQL,
    analyst,
    is_told_to_come_again,
    is_whole,
    is_written_once,
    send,
)
from tests.tracker.api.test_machines import key, post  # noqa: F401

OTHER = 7
DOCUMENT = {"url": "https://example.org/law"}
ONCE = {"Idempotency-Key": "once"}
READ = (
    "/",
    "/commitments/",
    "/commitments/?q=tariff",
    "/changes/",
    "/zh-hans/",
    "/api/v1/commitments/",
    "/feeds/changes.atom",
    "/admin/",
    "/admin/commitments/commitment/",
    "/healthz/ready",
)


@contextmanager
def read_only():
    """Take the right to write away from each new connection, and this one."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            name = connection.ops.quote_name(connection.settings_dict["NAME"])
            setting = f"ALTER DATABASE {name} SET default_transaction_read_only"
            cursor.execute(f"{setting} = on")
        connection.close()
        try:
            yield
        finally:
            with connection.cursor() as cursor:
                cursor.execute("SET default_transaction_read_only = off")
                cursor.execute(f"{setting} = off")
            connection.close()
        return
    path = connection.settings_dict["NAME"]
    connection.close()
    connection.settings_dict["NAME"] = f"file:{path}?mode=ro"
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict["NAME"] = path


@pytest.fixture
def write(send, post):  # noqa: F811
    """Have an analyst and a machine write, who are both told to come again."""

    def write():
        assert is_told_to_come_again(send())
        assert int(post("evidence/", DOCUMENT, 503, **ONCE)["Retry-After"]) > 0

    return write


def test_what_cannot_be_written_to_is_read(write, client, send, post):  # noqa: F811
    before = HistoryEntry.objects.count()

    with read_only():
        assert {path: client.get(path).status_code for path in READ} == dict.fromkeys(
            READ, 200
        )
        write()
        name = {"username": "ann", "password": "a-phrase-not-a-secret"}
        assert is_told_to_come_again(client.post("/admin/login/", name))

    assert is_written_once(send, before)
    post("evidence/", DOCUMENT, 201, **ONCE)
    assert Suggestion.objects.count() == 1


def sent_back():
    """What a database says that cannot put two transactions in an order."""
    with connection.cursor() as cursor:
        cursor.execute("DO $$BEGIN RAISE 'later' USING ERRCODE = '40001'; END$$")


def deadlock():
    """Wait for somebody who waits for this transaction: one of both is sent back."""
    threading.Thread(target=hold_and_wait, name="other").start()
    with connection.cursor() as cursor:

        def is_waiting():
            waits = "SELECT count(*) FROM pg_locks WHERE NOT granted"
            return cursor.execute(waits).fetchone()[0]

        wait_for(is_waiting)
        # Who looks first is the one.
        cursor.execute("SET LOCAL deadlock_timeout = '1ms'")
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [OTHER])


def hold_and_wait():
    with connection.cursor() as cursor:
        cursor.execute("SET deadlock_timeout = '1h'")
        cursor.execute("SELECT pg_advisory_lock(%s)", [OTHER])
        cursor.execute("SELECT pg_advisory_lock(%s)", [chain.LOCK])
    connection.close()


@ON_POSTGRESQL
@pytest.mark.parametrize(("fault", "code"), [(sent_back, "40001"), (deadlock, "40P01")])
def test_what_the_database_sends_back_leaves_nothing_and_comes_again(
    send,  # noqa: F811
    client,
    monkeypatch,
    fault,
    code,
):
    before, refresh, codes = HistoryEntry.objects.count(), search.refresh, []

    def fail(*args):
        refresh(*args)
        assert HistoryEntry.objects.count() == before + 1
        try:
            fault()
        except Exception as error:
            codes.append(error.__cause__.sqlstate)
            raise

    with monkeypatch.context() as patch:
        patch.setattr(search, "refresh", fail)
        assert is_told_to_come_again(send())
        assert client.get("/commitments/").status_code == 200

    for thread in threading.enumerate():
        if thread.name == "other":
            thread.join(60)
    assert codes == [code]
    assert HistoryEntry.objects.count() == before
    assert is_written_once(send, before)
