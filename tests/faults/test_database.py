"""The database is locked, full or cut off: 503, nothing half written, nothing lost."""

import errno
import json
import sqlite3
from contextlib import contextmanager, nullcontext
from itertools import pairwise
from types import SimpleNamespace

import pytest
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session
from django.db import InterfaceError, OperationalError, connection
from django.urls import reverse

from commitments import chain, search
from commitments.bulk import limits
from commitments.forms.acts import AttachEvidenceForm
from commitments.models import Evidence, HistoryEntry
from commitments.services import captures
from config import failures
from tests.commitments import desk

ON_SQLITE = pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's fault")
ON_POSTGRESQL = pytest.mark.skipif(
    connection.vendor != "postgresql", reason="PostgreSQL's fault"
)


@pytest.fixture
def analyst(transactional_db, client, settings):
    settings.REQUIRE_MFA = False
    client.raise_request_exception = False
    client.force_login(desk.account("ann", "analyst"))
    return client


@pytest.fixture
def send(analyst):
    """Send the same form again and again, as a browser does that reloads."""
    commitment = desk.assessed()
    address = reverse(
        "admin:commitments_commitment_attach_evidence", args=[commitment.pk]
    )
    data = {
        "reason": "It adds a date.",
        "seen": commitment.latest_entry_id,
        "evidence": [Evidence.objects.get().pk],
    }
    return lambda **given: analyst.post(address, {**data, **given})


def is_told_to_come_again(answer):
    text = answer.content.decode()
    told = "Your browser still has what you typed" in text
    return answer.status_code == 503 and told and int(answer["Retry-After"]) > 0


def is_whole():
    entries = list(HistoryEntry.objects.order_by("seq"))
    assert [entry.seq for entry in entries] == list(range(1, len(entries) + 1))
    return all(
        entry.prev_digest == before.digest for before, entry in pairwise(entries)
    ) and all(hasattr(entry, "text") for entry in entries)


def is_written_once(send, before):
    """The same form goes through, and once more it is told that it is there."""
    assert send().status_code == 302
    assert HistoryEntry.objects.count() == before + 1
    again = send()
    assert "has changed since you opened the form" in again.content.decode()
    return is_whole() and HistoryEntry.objects.count() == before + 1


@ON_POSTGRESQL
def test_a_connection_cut_in_mid_transaction_leaves_nothing(send, monkeypatch):
    before, refresh = HistoryEntry.objects.count(), search.refresh

    def cut(*args):
        refresh(*args)
        assert HistoryEntry.objects.count() == before + 1
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

    with monkeypatch.context() as patch:
        patch.setattr(search, "refresh", cut)
        assert is_told_to_come_again(send())
    connection.close()

    assert HistoryEntry.objects.count() == before
    assert is_written_once(send, before)


@contextmanager
def held_by_another():
    other = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    try:
        yield
    finally:
        other.execute("ROLLBACK")
        other.close()


@contextmanager
def pragma(name, value):
    with connection.cursor() as cursor:
        was = cursor.execute(f"PRAGMA {name}").fetchone()[0]
        cursor.execute(f"PRAGMA {name} = {value}")
        yield
        cursor.execute(f"PRAGMA {name} = {was}")


@ON_SQLITE
def test_a_locked_database_says_when_to_come_again(send, client):
    before = HistoryEntry.objects.count()

    with held_by_another(), pragma("busy_timeout", 100):
        assert is_told_to_come_again(send())
        # Whoever reads is not kept waiting.
        assert client.get("/commitments/").status_code == 200

    assert HistoryEntry.objects.count() == before
    assert is_written_once(send, before)


@ON_SQLITE
def test_a_full_disk_says_when_to_come_again(send, client):
    before = HistoryEntry.objects.count()
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")  # No page that earlier tests have set free,

    with pragma("max_page_count", 1):  # and none more than there are.
        answers = [send(seen=HistoryEntry.objects.count()) for _ in range(40)]
        assert is_told_to_come_again(answers[-1])
        assert client.get("/commitments/").status_code == 200

    taken = sum(answer.status_code == 302 for answer in answers)
    assert HistoryEntry.objects.count() == before + taken
    assert is_whole()


def test_who_signs_in_when_the_database_goes_away_is_told_to_come_again(
    client, transactional_db, settings, monkeypatch
):
    settings.REQUIRE_MFA = False
    ann = desk.account("ann", "analyst")
    ann.set_password("a long phrase of hers")
    ann.save()
    client.raise_request_exception = False
    credentials = {"username": "ann", "password": "a long phrase of hers"}
    save = SessionStore.save

    def cut(self, must_create=False):
        with monkeypatch.context() as patch:
            if not must_create:
                patch.setattr(Session, "save", fail)
            return save(self, must_create=must_create)

    def fail(self, **kwargs):
        raise OperationalError("cut off")

    with monkeypatch.context() as patch:
        patch.setattr(SessionStore, "save", cut)
        assert is_told_to_come_again(client.post("/admin/login/", credentials))

    assert client.post("/admin/login/", credentials).status_code == 302


def test_without_the_one_transaction_a_cut_leaves_a_half(send, monkeypatch):
    """The control: what the tests above find when their protection is gone."""

    def cut(*args):
        raise OperationalError("cut off")

    # The outermost one of the form, and that of the recording in it.
    monkeypatch.setattr(AttachEvidenceForm, "attempt", lambda self, write: write())
    monkeypatch.setattr("commitments.admin.acts._write", _write_without)
    without = SimpleNamespace(atomic=nullcontext)
    monkeypatch.setattr("commitments.services.recording.transaction", without)
    monkeypatch.setattr(chain, "lock", lambda: None)
    monkeypatch.setattr(search, "refresh", cut)
    before = HistoryEntry.objects.count()

    assert send().status_code == 503

    assert HistoryEntry.objects.count() == before + 1


def _write_without(request, form, *, tip, at):
    return form.save(by=request.user, at=at)


def caused(error, **facts):
    error.__cause__ = type("Cause", (Exception,), facts)()
    return error


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (OperationalError("no connection"), True),
        (InterfaceError("connection already closed"), True),
        (caused(OperationalError(), sqlstate="57P01"), True),
        (caused(OperationalError(), sqlstate="53100"), True),
        (caused(OperationalError(), sqlstate="40P01"), True),
        (caused(OperationalError(), sqlstate="42P01"), False),
        (caused(OperationalError(), sqlite_errorcode=sqlite3.SQLITE_BUSY), True),
        (caused(OperationalError(), sqlite_errorcode=sqlite3.SQLITE_IOERR_WRITE), True),
        (caused(OperationalError(), sqlite_errorcode=sqlite3.SQLITE_ERROR), False),
        (OSError(errno.ENOSPC, "No space left on device"), True),
        (FileNotFoundError(errno.ENOENT, "nothing there"), False),
        (RuntimeError("ours"), False),
        (None, False),
    ],
)
def test_only_what_passes_by_itself_is_said_to_pass(error, passes):
    assert failures.is_passing(error) is passes


@pytest.mark.parametrize("path", ["/admin/login/", "/api/v1/proposals/", "/tips/send/"])
def test_more_than_any_form_takes_is_refused_before_it_is_read(client, db, path):
    answer = client.generic(
        "POST", path, b"", CONTENT_LENGTH=str(failures.MOST_BYTES + 1)
    )

    assert answer.status_code == 413
    if path.startswith("/api/"):
        assert json.loads(answer.content)["title"]
    else:
        assert "Go back one page" in answer.content.decode()


def test_a_long_form_is_refused_and_what_was_typed_is_not_lost(send):
    answer = send(reason="x" * 3_000_000)

    assert answer.status_code == 413
    assert "what you typed is there" in answer.content.decode()


def test_the_uploads_that_forms_take_are_within_the_bound():
    most = max(limits.MOST_BYTES, captures.LARGEST_UPLOAD)
    assert most < failures.MOST_BYTES < most * 1.2
