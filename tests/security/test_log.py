"""What the log says of each line: when, who, where from in the program, and what."""

import logging
from datetime import UTC, datetime, timedelta

import pytest
import structlog
import time_machine
from django.test import Client
from django.utils import timezone

from commitments import services
from tests.commitments.signing_in import HOME, staff
from tests.config.test_logs import lines  # noqa: F401 - fixture

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 7, 1, 12, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def one_factor(settings):
    settings.REQUIRE_MFA = False


def finished(lines):  # noqa: F811
    """The lines in which requests end, oldest first."""
    return [line for line in lines() if line["event"] == "request_finished"]


def test_every_line_says_when_in_utc(client, lines):  # noqa: F811
    with time_machine.travel(NOON, tick=False):
        client.get("/method/")
        logging.getLogger("library").warning("A library says something")
        structlog.get_logger("ours").warning("We say something")
        try:
            raise ValueError
        except ValueError:
            logging.getLogger("any").exception("It failed")

    assert len(lines()) >= 4
    assert {line["timestamp"] for line in lines()} == {"2026-07-01T12:00:00Z"}


def test_a_request_is_told_with_who_asked(client, lines):  # noqa: F811
    ada = staff("ada")
    client.force_login(ada)

    client.get(HOME)
    Client().get("/method/")

    hers, nobodys = finished(lines)
    assert (hers["user_id"], hers["request"], hers["code"]) == (
        ada.pk,
        f"GET {HOME}",
        200,
    )
    assert hers["level"] == "info" and hers["logger"] and hers["timestamp"]
    assert hers["request_id"] != nobodys["request_id"]
    assert nobodys["user_id"] is None


def test_who_may_not_is_told_with_name_and_place(client, lines):  # noqa: F811
    ada = staff("ada")
    client.force_login(ada)
    page = "/admin/auth/user/"

    client.get(page)
    client.post(f"{page}add/", {"username": "eve"})

    told = [
        (line["user_id"], line["request"], line["code"]) for line in finished(lines)
    ]
    assert told == [(ada.pk, f"GET {page}", 403), (ada.pk, f"POST {page}add/", 403)]


def test_a_key_that_may_not_is_told_with_its_place(client, lines):  # noqa: F811
    at, path = timezone.now(), "/api/v1/evidence/"
    ends = at + timedelta(days=1)
    _, narrow = services.make_key(
        name="narrow", scopes=["proposals"], expires_at=ends, at=at
    )

    for secret in (narrow, "out_x_y"):
        said = {"authorization": f"Bearer {secret}"}
        client.post(path, "{}", content_type="application/json", headers=said)

    told = [(line["request"], line["code"]) for line in finished(lines)]
    assert told == [(f"POST {path}", 403), (f"POST {path}", 401)]
    assert narrow not in str(lines())
