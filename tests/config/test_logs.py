"""What is logged: JSON lines with the request's number, and nothing that opens doors."""

import io
import json
import logging
import logging.config

import pytest
import structlog
from django.test import RequestFactory
from django.urls import ResolverMatch
from gunicorn.config import Config

from config import gunicorn, logs
from tests.factories import AT, CommitmentFactory, assess
from tracker import outbox
from tracker.models import Channel

pytestmark = pytest.mark.django_db


@pytest.fixture
def lines():
    """What is logged meanwhile, as the production settings write it."""
    written = io.StringIO()
    settings = logs.logging_settings("json")
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    handler = logging.StreamHandler(written)
    handler.setFormatter(logs.formatter("json"))
    root.handlers = [handler]
    root.setLevel(logging.INFO)
    levels = {}
    for name, told in settings["loggers"].items():
        levels[name] = logging.getLogger(name).level
        logging.getLogger(name).setLevel(told["level"])
    yield lambda: [json.loads(line) for line in written.getvalue().splitlines()]
    root.handlers = handlers
    root.setLevel(level)
    for name, before in levels.items():
        logging.getLogger(name).setLevel(before)


def test_a_request_is_told_with_number_code_and_path(client, lines):
    client.get("/method/", {"secret": "hidden-in-the-query"})
    told = [line for line in lines() if line["event"] == "request_finished"]
    assert told[0]["request"] == "GET /method/"
    assert told[0]["code"] == 200
    assert len(told[0]["request_id"]) == 36
    assert "ip" not in told[0]
    assert "hidden-in-the-query" not in json.dumps(lines())


def test_the_web_server_tells_of_itself_in_such_lines_too(capsys):
    server = gunicorn.logger_class(Config())
    try:
        raise OSError("no\nroom")
    except OSError:
        server.exception("Worker %s failed", 7)
    (line,) = capsys.readouterr().err.splitlines()
    assert json.loads(line)["event"] == "Worker 7 failed"
    assert "OSError" in json.loads(line)["exception"]


def test_a_number_from_outside_is_not_taken_over(client, lines):
    client.get("/method/", headers={"X-Request-ID": "forged\nline"})
    assert "forged" not in json.dumps(lines())


def test_a_line_break_in_a_message_writes_no_line_of_its_own(lines):
    logging.getLogger("any").warning('one\n{"event": "forged"}\x1b[31m %s', "two\r")
    assert len(lines()) == 1
    assert "\n" not in lines()[0]["event"]
    assert "\x1b" not in lines()[0]["event"]


def test_an_error_is_one_line_with_its_traceback(lines):
    try:
        raise ValueError("what went wrong")
    except ValueError:
        logging.getLogger("any").exception("It failed")
    assert len(lines()) == 1
    assert "what went wrong" in lines()[0]["exception"]


@pytest.mark.parametrize("name", ["token", "signed_address", "webhook_key"])
def test_what_only_its_holder_may_know_is_hidden(name):
    request = RequestFactory().get("/follows/abc123secret/")
    request.resolver_match = ResolverMatch(lambda: None, (), {name: "abc123secret"})
    assert logs.told_path(request) == "/follows/[hidden]/"


def test_a_path_that_leads_nowhere_is_not_written_down(client, lines):
    client.get("/nowhere/my-token/")
    assert "my-token" not in json.dumps(lines())


def test_the_number_of_a_request_follows_into_the_task_that_sends_what_it_did(
    client, lines
):
    with structlog.contextvars.bound_contextvars(request_id="a-number"):
        assess(CommitmentFactory())
    outbox.fan_out(Channel.WEBHOOKS, lambda events: None, at=AT)
    told = [line for line in lines() if "is handed to webhooks" in line["event"]]
    assert {line["request_id"] for line in told} == {"a-number"}
    assert structlog.contextvars.get_contextvars().get("request_id") is None
