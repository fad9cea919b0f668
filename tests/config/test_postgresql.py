"""A connection that stays open is looked at before each use, for next to nothing."""

import time

import pytest
from django.db import OperationalError, connection, connections

from config.postgresql import base

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(
        connection.vendor != "postgresql", reason="SQLite has no line to watch."
    ),
]
PID = "SELECT pg_backend_pid()"


@pytest.fixture
def kept():
    """A connection of its own, as a thread of the web server keeps one."""
    kept = connections.create_connection("default")
    yield kept
    kept.close()


def ask(kept, question=PID):
    """Ask as the first question of a request does."""
    kept.close_if_unusable_or_obsolete()
    with kept.cursor() as cursor:
        cursor.execute(question)
        return cursor.fetchone()[0]


def end(pid):
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_terminate_backend(%s)", [pid])


@pytest.mark.parametrize("is_blind", [False, pytest.param(True, id="control")])
def test_one_that_the_server_has_ended_is_replaced(kept, monkeypatch, is_blind):
    pid = ask(kept)
    end(pid)
    for _ in range(200):
        if not base.is_quiet(kept.connection):
            break
        time.sleep(0.05)
    kept.asked = time.monotonic()
    if is_blind:
        monkeypatch.setattr(base, "is_quiet", lambda line: True)
        with pytest.raises(OperationalError):
            ask(kept)
    else:
        assert ask(kept) != pid


def test_one_that_we_ended_is_replaced(kept):
    pid = ask(kept)
    kept.connection.close()
    kept.asked = time.monotonic()
    assert ask(kept) != pid


def test_the_server_is_asked_again_after_a_while(kept, monkeypatch):
    asked = []
    monkeypatch.setattr(kept, "is_usable", lambda: asked.append(1) or True)
    ask(kept)
    kept.asked = time.monotonic() + 60
    for _ in range(3):
        ask(kept)
    assert not asked
    kept.asked = time.monotonic() - base.GOOD_FOR
    ask(kept)
    assert asked == [1]


def test_what_is_asked_in_one_request_is_not_checked_twice(kept, monkeypatch):
    ask(kept)
    kept.asked = time.monotonic() - base.GOOD_FOR
    ask(kept)
    monkeypatch.setattr(kept, "is_usable", lambda: pytest.fail("It was asked again."))
    with kept.cursor() as cursor:
        cursor.execute(PID)
