import socket
from datetime import UTC, datetime

import pytest
from django.conf import settings as django_settings
from django.core.servers.basehttp import WSGIRequestHandler
from django.db import connections
from django.test import TransactionTestCase

from commitments import guards, outgoing, search

real_connect = socket.socket.connect


def loopback_only(self, address):
    """Refuse to leave the machine: a test that needs the network is a mistake."""
    if isinstance(address, tuple) and address[0] not in ("127.0.0.1", "::1"):
        raise AssertionError(f"A test tried to reach {address[0]}.")
    return real_connect(self, address)


@pytest.fixture(autouse=True, scope="session")
def closed_network():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", loopback_only)
        yield


@pytest.fixture(autouse=True, scope="session")
def prompt_live_server():
    """Send what is short at once: each answer waits 40 ms for its own head else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(WSGIRequestHandler, "disable_nagle_algorithm", True)
        yield


@pytest.fixture(autouse=True, scope="session")
def static_root():
    """WhiteNoise warns where static files were never collected."""
    django_settings.STATIC_ROOT.mkdir(parents=True, exist_ok=True)


@pytest.fixture(autouse=True, scope="session")
def flush_lifts_the_guards():
    """The flush after transactional tests deletes history; nothing else may.

    Of the search index, which no model stands for, it does not know.
    """
    teardown = TransactionTestCase._fixture_teardown

    def lifted(self):
        with guards.lifted(connections["default"]):
            teardown(self)
        with connections["default"].cursor() as cursor:
            cursor.execute(f"DELETE FROM {search.TABLE}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", lifted)
        yield


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup, django_db_blocker):
    """End what killed workers and served pages left open, or no database drops."""
    yield
    with django_db_blocker.unblock(), connections["default"].cursor() as cursor:
        if connections["default"].vendor == "postgresql":
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(autouse=True)
def as_the_account_that_serves(request, _django_db_marker):
    """Run what is rolled back with the rights of web and workers, not as the owner.

    So every test shows that these are enough. A flush takes the owner.
    """
    connection = connections["default"]
    is_rolled_back = connection.vendor == "postgresql" and connection.in_atomic_block
    if is_rolled_back and not request.node.get_closest_marker("owner"):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL ROLE site")


@pytest.fixture(autouse=True)
def names_lead_where_they_led():
    """Say which test leaves a played web behind, before others are led to it."""
    before = outgoing.resolve, outgoing.dial
    yield
    assert (outgoing.resolve, outgoing.dial) == before


@pytest.fixture(autouse=True)
def own_checkpoint_file(settings, tmp_path):
    settings.CHECKPOINT_FILE = tmp_path / "checkpoints.jsonl"
    settings.DATA_DIR = tmp_path
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def now():
    """A fixed moment; pass it on, nothing in the record reads the clock."""
    return datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
