"""What nobody means well by, sent to each address that takes a body: refused, unwritten."""

import gzip
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import Model
from django.utils import timezone

from commitments import services
from commitments.models.api_key import ApiScope
from tracker.models import Endpoint
from tracker.webhooks import endpoints

CONTRACT = Path(__file__).parents[3] / "docs" / "openapi.json"
JSON = "application/json"
DEEP = 100_000


def writes():
    """Yield each method and path of the contract that is not for reading."""
    for path, operations in json.loads(CONTRACT.read_text())["paths"].items():
        for method, operation in operations.items():
            if method != "get":
                yield method.upper(), path, "requestBody" in operation


WRITES = list(writes())


@pytest.fixture
def key(db, settings):
    settings.API_KEY_RATE = 0
    at = timezone.now()
    ends = at + timedelta(days=1)
    return services.make_key(name="k", scopes=ApiScope.values, expires_at=ends, at=at)


@pytest.fixture
def send(client, key, record):
    """Send a body to an address that is there, as a key that may write to it."""
    endpoint, _ = endpoints.register(
        key=key[0],
        url="https://h.example.org/",
        email="o@example.org",
        at=key[0].made_at,
    )
    Endpoint.objects.update(state="active", verified_at=key[0].made_at)
    endpoint.refresh_from_db()
    delivery = endpoints.send_test(endpoint=endpoint, at=key[0].made_at)
    ids = {"{id}": str(endpoint.pk), "{delivery}": str(delivery.pk)}

    def send(method, path, body, kind=JSON, **headers):
        for name, value in ids.items():
            path = path.replace(name, value)
        headers = {"authorization": f"Bearer {key[1]}", **headers}
        return client.generic(method, path, body, kind, headers=headers)

    return send


def written():
    """Return every row of every table, but for when a key was last used."""
    return {
        model.__name__: [
            {k: v for k, v in row.items() if k != "last_used_at"}
            for row in model._base_manager.order_by("pk").values()
        ]
        for model in apps.get_models()
        if issubclass(model, Model) and model._meta.managed
    }


def is_refused(answer, among=range(400, 500)):
    assert answer.status_code in among, (answer.status_code, answer.content[:500])
    assert answer["Content-Type"] == "application/problem+json", answer.content[:500]
    told = answer.json()
    assert told["status"] == answer.status_code
    assert set(told) <= {"type", "title", "status", "detail", "errors"}
    assert told["detail"] and told["type"].endswith(
        told["title"].lower().replace(" ", "-")
    )
    assert "Traceback" not in told["detail"]
    return told


# Nobody could mean any of these: whatever the address takes, it does not take this.
NO_JSON = {
    "no JSON": b"{]",
    "cut off": b'{"url": "https://a.example',
    "two values": b"{} {}",
    "a BOM": b"\xef\xbb\xbf{}",
    "UTF-16": '{"url": "x"}'.encode("utf-16"),
    "broken UTF-8": b'{"url": "\xff\xfe"}',
    "a surrogate in UTF-8": b'{"url": "\xed\xa0\x80"}',
    "half a character": b'{"url": "\\ud800"}',
    "a NUL": b'{"url": "\\u0000"}',
    "a NUL in a name": b'{"\\u0000": 1}',
    "NaN": b'{"url": NaN, "after": NaN}',
    "Infinity": b'{"url": -Infinity}',
    "a number beyond all": b'{"after": 1e999, "overlap_hours": 1e999, "url": 1e999}',
    "a number of 5,000 digits": b'{"after": ' + b"9" * 5000 + b"}",
    "a name twice": b'{"url": "https://a.org", "url": "https://b.org"}',
    "a name twice inside": b'{"x": {"a": 1, "a": 2}}',
    "deep lists": b"[" * DEEP + b"]" * DEEP,
    "deep objects": b'{"a":' * DEEP + b"1" + b"}" * DEEP,
    "too deep": b'{"a":' * 20 + b"1" + b"}" * 20,
    "a list": b"[]",
    "a number": b"7",
    "a text": b'"x"',
    "null": b"null",
    "true": b"true",
    "a field that is not there": b'{"zq_colour": "red"}',
    "a way to the prototype": b'{"__proto__": {"admin": true}, "constructor": 1}',
    "5 MB": b'{"url": "' + b"x" * 5_000_000 + b'"}',
    "5 MB of names": b"{" + b",".join(b'"n%d":0' % n for n in range(500_000)) + b"}",
    "a gzip": gzip.compress(b'{"url": "https://a.example.org/"}'),
    "XML": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    b"<x>&e;</x>",
}


@pytest.mark.parametrize(("method", "path", "takes"), WRITES)
def test_no_body_that_is_no_json_object_is_taken(method, path, takes, send):
    before = written()
    for name, body in NO_JSON.items():
        told = is_refused(send(method, path, body), among=(400, 413))
        assert len(str(told)) < 5000, name
    assert written() == before


@pytest.mark.parametrize(("method", "path", "takes"), WRITES)
def test_no_other_kind_of_body_is_taken(method, path, takes, send):
    before = written()
    for kind in (
        *("text/plain", "text/csv", "application/xml", "application/x-yaml"),
        *("application/x-www-form-urlencoded", "multipart/form-data; boundary=x"),
        *("application/octet-stream", "image/png", "", "x", "application/json5"),
        "application/merge-patch+json",
    ):
        is_refused(send(method, path, b'{"zq": 1}', kind), among=(415,))
    for coding in ("gzip", "br", "deflate", "zstd", "x"):
        body = gzip.compress(b"{}") if coding == "gzip" else b"{}"
        headers = {"content-encoding": coding}
        is_refused(send(method, path, body, **headers), among=(415,))
    assert written() == before


WRONG = [None, True, 7, -1, 1.5, "", " ", "x" * 3000, "\u202e", [], ["x"], {}, {"a": 1}]
WRONG += [[[]], [{}], [None], [1], 2**70, "9999-99-99", "0000-00-00", "\u2066", "a\nb"]


@pytest.mark.parametrize(
    ("method", "path"), [(method, path) for method, path, takes in WRITES if takes]
)
def test_a_field_of_the_wrong_type_is_named(method, path, send, record):
    """Each field of the contract with each wrong value, beside good ones."""
    contract = json.loads(CONTRACT.read_text())
    content = contract["paths"][path][method.lower()]["requestBody"]["content"]
    name = content[JSON]["schema"]["$ref"].rpartition("/")[2]
    fields = contract["components"]["schemas"][name]["properties"]
    good = (
        {
            "commitment": record.moved.slug,
            "kind": "claim",
            "reason": "It was said.",
            "evidence": [record.moved.evidence.first().slug],
            "effective_on": "2026-08-01",
            "position": "announced",
            "body": "mofcom",
        }
        if name == "Proposal"
        else {}
    )
    strings = {n for n, part in fields.items() if part.get("type") == "string"}
    before = written()
    for field in fields:
        for value in WRONG:
            answer = send(method, path, json.dumps({**good, field: value}))
            if answer.status_code < 400:
                # What was taken was a good value of another field.
                assert field not in strings or isinstance(value, str), (field, value)
                continue
            told = is_refused(answer)
            if answer.status_code == 400 and "errors" in told:
                assert all(error["field"] for error in told["errors"])
    assert len(written()["HistoryEntry"]) == len(before["HistoryEntry"])


def ask(path, key, **environ):
    """Ask the application itself: what a server in front of it would not let through."""
    from config.wsgi import application

    told = {}

    def begin(status, headers, info=None):
        told["status"], told["headers"] = int(status[:3]), dict(headers)

    body = environ.pop("body", b"{}")
    answer = application(
        {
            "REQUEST_METHOD": "POST",
            "PATH_INFO": path,
            "SERVER_NAME": "testserver",
            "SERVER_PORT": "80",
            "CONTENT_TYPE": JSON,
            "HTTP_AUTHORIZATION": f"Bearer {key}",
            "wsgi.url_scheme": "http",
            "wsgi.input": io.BytesIO(body),
            "wsgi.errors": io.StringIO(),
            **environ,
        },
        begin,
    )
    return told["status"], told["headers"].get("Content-Type"), b"".join(answer)


@pytest.fixture
def connection_stays(monkeypatch):
    """The end of a request must not close the connection that the test rolls back."""
    monkeypatch.setattr("django.db.close_old_connections", lambda **kwargs: None)
    from django.core.signals import request_finished, request_started
    from django.db import close_old_connections, reset_queries  # noqa: F401

    held = [(s, s.receivers) for s in (request_started, request_finished)]
    for signal, _ in held:
        signal.receivers = []
        signal.sender_receivers_cache.clear()
    yield
    for signal, receivers in held:
        signal.receivers = receivers
        signal.sender_receivers_cache.clear()


BODY = b'{"url": "https://a.example.org/zq"}'


@pytest.mark.parametrize(
    ("environ", "among"),
    [
        ({"CONTENT_LENGTH": "abc"}, (400,)),
        ({"CONTENT_LENGTH": "-1"}, (400,)),
        ({"CONTENT_LENGTH": "10"}, (400,)),
        ({"CONTENT_LENGTH": "9" * 30, "body": BODY[:20]}, (400, 413)),
        ({"HTTP_TRANSFER_ENCODING": "chunked"}, (400,)),
        ({"HTTP_TRANSFER_ENCODING": "gzip, chunked", "CONTENT_LENGTH": "3"}, (400,)),
        ({"CONTENT_LENGTH": str(len(BODY)), "CONTENT_TYPE": "\x00"}, (415,)),
        ({"CONTENT_LENGTH": str(len(BODY)), "HTTP_IDEMPOTENCY_KEY": "\x01"}, (400,)),
        ({"CONTENT_LENGTH": str(len(BODY)), "HTTP_IDEMPOTENCY_KEY": "x" * 999}, (400,)),
        ({"CONTENT_LENGTH": str(len(BODY)), "HTTP_AUTHORIZATION": "Bearer"}, (401,)),
        ({"CONTENT_LENGTH": str(len(BODY)), "HTTP_AUTHORIZATION": "\xff\x00"}, (401,)),
    ],
)
def test_a_lie_about_a_body_is_refused(environ, among, key, record, connection_stays):
    before = written()
    given = {"body": BODY, **environ}

    status, kind, content = ask("/api/v1/evidence/", key[1], **given)

    assert status in among, (status, content)
    assert kind == "application/problem+json"
    assert written() == before


def test_what_is_written_is_seen_by_this_test(send, record):
    """The count of rows above would tell: a good body makes one."""
    before = written()
    url = {"url": "https://a.example.org/zq"}
    assert send("POST", "/api/v1/evidence/", json.dumps(url)).status_code == 201
    assert written() != before
