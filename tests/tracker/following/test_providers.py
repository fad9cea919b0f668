"""Mail by a provider's API: the real client of one, asked for on loopback."""

import json
import socket
import threading
from pathlib import Path
from urllib.parse import quote

import pytest
from werkzeug import Response

from config import mail as mail_settings
from tracker.following import sending
from tracker.models import Mail

from .people import AT, follower, later, publish, tell

pytestmark = pytest.mark.django_db
TAKEN = {"ErrorCode": 0, "Message": "OK", "MessageID": "one", "To": "ann@example.org"}
INACTIVE = {
    "ErrorCode": 406,
    "Message": "You tried to send to recipient(s) that have been marked as inactive. "
    "Found inactive addresses: ann@example.org. Inactive recipients are ones that "
    "have generated a hard bounce.",
}


@pytest.fixture
def provided(settings):
    """Let one variable choose a provider, reached at an address on loopback."""

    def provided(address):
        url = f"anymail://postmark?server_token=t&api_url={quote(address, safe='')}"
        for name, value in mail_settings.configured(url, folder=Path("/")).items():
            setattr(settings, name, value)

    return provided


@pytest.fixture
def told(settings):
    settings.SITE_URL = "https://tracker.example.org"
    follower()
    publish(title="Open the sector")
    tell()
    return Mail.objects.get(state="waiting")


def sent(one, at=AT):
    sending.send_due(clock=lambda: at)
    one.refresh_from_db()
    return one


def test_a_provider_gets_the_whole_mail_once(told, provided, httpserver):
    provided(httpserver.url_for("/"))
    httpserver.expect_request("/email", method="POST").respond_with_json(TAKEN)

    assert sent(told).state == "sent"
    sent(told, later(hours=1))

    ((request, _),) = httpserver.log
    given = json.loads(request.data)
    assert given["To"] == "ann@example.org"
    assert "Open the sector" in given["Subject"]
    assert "Open the sector" in given["TextBody"] and "<h2" in given["HtmlBody"]
    headers = {one["Name"]: one["Value"] for one in given["Headers"]}
    assert headers["List-Unsubscribe"].startswith("<https://tracker.example.org/")
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["Message-ID"].startswith(f"<{told.message_key.hex}@")


@pytest.mark.parametrize(
    ("status", "body", "state"),
    [
        (401, {}, "waiting"),
        (429, {}, "waiting"),
        (422, INACTIVE, "refused"),
        # They may have taken it before they failed.
        (500, {}, "uncertain"),
        (503, {}, "uncertain"),
        (200, "no JSON", "uncertain"),
    ],
)
def test_only_what_a_provider_certainly_did_not_take_is_tried_again(
    told, provided, httpserver, status, body, state
):
    provided(httpserver.url_for("/"))
    answer = Response(json.dumps(body), status, content_type="application/json")
    httpserver.expect_request("/email").respond_with_response(answer)

    assert sent(told).state == state

    httpserver.clear()
    httpserver.expect_request("/email").respond_with_json(TAKEN)
    assert sent(told, later(hours=2)).state == ("sent" if state == "waiting" else state)


def test_a_provider_that_cannot_be_reached_is_asked_again(told, provided, httpserver):
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        provided(f"http://127.0.0.1:{closed.getsockname()[1]}/")
        assert sent(told).state == "waiting"

    provided(httpserver.url_for("/"))
    httpserver.expect_request("/email").respond_with_json(TAKEN)
    assert sent(told, later(hours=2)).state == "sent"


def test_where_a_provider_hangs_up_the_mail_is_uncertain(told, provided):
    with socket.create_server(("127.0.0.1", 0)) as server:
        provided(f"http://127.0.0.1:{server.getsockname()[1]}/")

        def take_and_close():
            connection, _ = server.accept()
            connection.recv(10)
            connection.close()

        taking = threading.Thread(target=take_and_close)
        taking.start()
        assert sent(told).state == "uncertain"
        taking.join()
