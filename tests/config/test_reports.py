"""What Sentry is told where one variable says so: what broke, not what people sent."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.commitments.test_tasks import celery_environment
from tests.factories import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)
ROOT = Path(__file__).parents[2]
# Nothing answers there: the transport keeps what it is handed.
DSN = "http://public@127.0.0.1:9/1"
# In a process of its own: what Sentry does to Django and to logging is not undone.
BROKEN = """
import functools, json, sys
import sentry_sdk
from sentry_sdk.transport import Transport

class Kept(Transport):
    def capture_envelope(self, envelope):
        for item in envelope.items:
            print(item.type, item.get_bytes().decode())

sentry_sdk.init = functools.partial(sentry_sdk.init, transport=Kept)

from config.wsgi import application
from config import urls
from django.test import RequestFactory
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

@csrf_exempt
def broken(request, token):
    print("read", request.user.email, request.body.decode())
    raise RuntimeError("It broke.")

urls.urlpatterns.insert(0, path("broken/<token>/", broken))
request = RequestFactory().generic(method="POST", **json.load(sys.stdin))
b"".join(application(request.environ, lambda status, *rest: print("status", status)))
print("reports", sentry_sdk.is_initialized())
sentry_sdk.flush(30)
"""
BODY, EMAIL = "word-of-the-body", "ada.lovelace@example.org"
TOKEN, QUERY, COOKIE = "word-of-a-token", "word-of-the-query", "word-of-a-cookie"
BEFORE, KEY, NAME = "word-of-the-page-before", "out_word-of-a-key", "ada-of-the-desk"
PEER, PROXIES = "203.0.113.41", ["203.0.113.42", "203.0.113.43", "203.0.113.44"]


@pytest.fixture
def request_of_ada(client):
    """A request of somebody signed in, with a word in each place that takes one."""
    client.force_login(UserFactory(username=NAME, email=EMAIL))
    session = client.cookies[settings.SESSION_COOKIE_NAME].value
    cookies = f"{settings.SESSION_COOKIE_NAME}={session}; other={COOKIE}"
    request = {
        "path": f"/broken/{TOKEN}/?q={QUERY}",
        "data": BODY,
        "content_type": "text/plain",
        "REMOTE_ADDR": PEER,
        "headers": {
            "host": "localhost",
            "authorization": f"Bearer {KEY}",
            "cookie": cookies,
            "referer": f"http://localhost/?q={BEFORE}",
            "x-forwarded-for": PROXIES[0],
            "forwarded": f"for={PROXIES[1]}",
            "x-real-ip": PROXIES[2],
        },
    }
    words = [BODY, EMAIL, TOKEN, QUERY, COOKIE, BEFORE, KEY, NAME, PEER, *PROXIES]
    return request, [*words, session]


def told_of(request, dsn):
    """Send a request to a view that breaks; return what came of it, by kind."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", BROKEN],
        input=json.dumps(request),
        env={**celery_environment(), "SENTRY_DSN": dsn},
        cwd=ROOT,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    told = {}
    for line in done.stdout.splitlines():
        kind, _, text = line.partition(" ")
        told.setdefault(kind, []).append(text)
    # The view had it all, and broke.
    assert told.pop("read") == [f"{EMAIL} {BODY}"]
    assert told.pop("status") == ["500 Internal Server Error"]
    return told


def test_without_the_variable_nothing_is_reported(request_of_ada):
    request, _ = request_of_ada

    assert told_of(request, dsn="") == {"reports": ["False"]}


def test_with_it_a_view_that_breaks_is_reported_once(request_of_ada):
    request, _ = request_of_ada

    told = told_of(request, dsn=DSN)

    assert told["reports"] == ["True"]
    events = [json.loads(text) for text in told["event"]]
    raised = [event["exception"]["values"] for event in events if "exception" in event]
    assert [(one["type"], one["value"]) for one in raised[0]] == [
        ("RuntimeError", "It broke.")
    ]
    assert events[0]["transaction"] == "/broken/{token}/"
    assert len(events) == 1


def test_no_report_holds_what_people_sent_or_who_they_are(request_of_ada):
    request, words = request_of_ada

    told = json.dumps(told_of(request, dsn=DSN))

    assert [word for word in words if word in told] == []
