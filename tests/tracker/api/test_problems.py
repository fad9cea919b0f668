"""Every error of the one shape, also where no view of the API was reached."""

import pytest
from django.db import OperationalError
from django.test import Client

from tracker.api.problems import MEANINGS, problem


def is_problem(answer, status):
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    body = answer.json()
    assert body["status"] == status and body["title"] and body["detail"]
    assert body["type"].endswith(
        f"/api/v1/docs/errors/#{body['title'].lower().replace(' ', '-')}"
    )
    assert answer["Cache-Control"] == "no-store"
    return body


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("/api/v1/commitments/?x=1", 400),
        ("/api/v1/commitments/?q=%00", 400),
        ("/api/v1/commitments/%ff/", 400),
        ("/api/v1/commitments/none/", 404),
        ("/api/v1/nowhere/", 404),
        ("/api/v2/", 404),
        ("/api/", 404),
        ("/api/v1/history/0/", 404),
        ("/api/v1/history/999999999999999999/", 404),
        ("/api/v1/criteria/none/", 404),
    ],
)
def test_reading_what_cannot_be_read(record, client, address, status):
    is_problem(client.get(address), status)


@pytest.mark.parametrize("path", ["commitments/", "docs/", "docs/errors/", "schema/"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_method_that_is_not_there_names_those_that_are(record, path, method):
    answer = getattr(Client(enforce_csrf_checks=True), method)(f"/api/v1/{path}")

    assert answer.status_code in (403, 405)
    is_problem(answer, answer.status_code)
    assert answer.status_code == 403 or "GET" in answer["Allow"]


def test_a_form_that_is_not_there(record, client):
    answer = client.get("/api/v1/topics/", headers={"accept": "image/png"})

    is_problem(answer, 406)


def test_a_wrong_host(record, client):
    is_problem(client.get("/api/v1/", headers={"host": "evil.example"}), 400)


def test_a_tag_that_is_not_there(record, client):
    is_problem(client.get("/api/v1/topics/", headers={"if-match": '"x"'}), 412)


def test_a_failure_of_ours_tells_nothing_of_itself(record, client, monkeypatch):
    def fail(*args, **kwargs):
        raise RuntimeError("zqsecret")

    monkeypatch.setattr("tracker.counting.stats", fail)
    client.raise_request_exception = False

    answer = client.get("/api/v1/stats/")

    is_problem(answer, 500)
    assert b"zqsecret" not in answer.content


@pytest.mark.parametrize(
    "where", ["tracker.counting.stats", "tracker.versions.current"]
)
def test_a_database_that_is_locked_or_away_is_told_as_that(
    record, client, monkeypatch, where
):
    def fail(*args, **kwargs):
        raise OperationalError("database is locked: zqsecret")

    monkeypatch.setattr(where, fail)
    client.raise_request_exception = False

    answer = client.get("/api/v1/stats/")

    is_problem(answer, 503)
    assert answer["Retry-After"] == "5"
    assert b"zqsecret" not in answer.content


def test_an_error_is_open_to_other_sites_too(record, client):
    there = {"origin": "https://newsroom.example"}

    assert client.get("/api/v2/", headers=there)["Access-Control-Allow-Origin"] == "*"
    written = client.post("/api/v1/proposals/", headers=there)
    assert "Access-Control-Allow-Origin" not in written


def test_pages_keep_their_own_errors(record, client):
    answer = client.get("/nowhere/")

    assert answer.status_code == 404 and b"<html" in answer.content


@pytest.mark.parametrize("status", MEANINGS)
def test_each_kind_has_a_type_that_stays(settings, status):
    settings.SITE_URL = "https://tracker.example.org"

    assert problem(status, "x")["type"].startswith(
        "https://tracker.example.org/api/v1/docs/errors/#"
    )
