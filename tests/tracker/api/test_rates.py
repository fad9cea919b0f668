"""How much one client may ask."""

from datetime import timedelta
from unittest.mock import patch

import pytest
from django.utils import timezone

from commitments import services
from tracker.api import rates

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def limits(settings, monkeypatch):
    settings.API_RATE, settings.API_KEY_RATE = 2, 4
    settings.TRUSTED_PROXIES = 1
    monkeypatch.setattr(rates, "_silent_until", 0.0)
    url = settings.REDIS_URL
    with patch("tracker.api.rates.time.time", return_value=1_800_000_000.0):
        yield
    rates._redis(url).flushdb()


def ask(client, address="192.0.2.1", **headers):
    return client.get(
        "/api/v1/topics/", headers={"x-forwarded-for": address, **headers}
    )


def test_who_asks_too_much_is_told_how_long_to_wait(client):
    first, *_ = [ask(client), ask(client)]
    refused = ask(client)

    assert first["RateLimit-Policy"] == '"default";q=2;w=60'
    assert first["RateLimit"] == '"default";r=1;t=60'
    assert refused.status_code == 429
    assert refused["Content-Type"] == "application/problem+json"
    assert refused["Retry-After"] == "60"
    assert refused["RateLimit"] == '"default";r=0;t=60'
    assert refused["Cache-Control"] == "no-store"
    problem = refused.json()
    assert problem["status"] == 429 and "60" in problem["detail"]
    assert problem["type"].endswith("/api/v1/docs/errors/#too-many-requests")
    assert ask(client, "192.0.2.2").status_code == 200


def test_an_address_that_a_client_makes_up_counts_for_nothing(client):
    answers = [ask(client, f"198.51.100.{n}, 192.0.2.1") for n in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]


@pytest.mark.parametrize(
    ("hops", "counted"),
    [(0, "127.0.0.1"), (1, "192.0.2.1"), (2, "198.51.100.9"), (4, "127.0.0.1")],
)
def test_only_so_many_hops_are_believed_as_are_configured(
    client, settings, hops, counted
):
    settings.TRUSTED_PROXIES = hops
    told = "203.0.113.5, 198.51.100.9, 192.0.2.1"

    ask(client, told)

    assert rates.count(rates.nameless(counted), now=1_800_000_000.0) == 2


def test_a_network_of_ipv6_is_one_client(client):
    answers = [ask(client, f"2001:db8:1:2::{n}") for n in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert ask(client, "2001:db8:1:3::1").status_code == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        *(("get", "topics/"), ("post", "proposals/"), ("post", "evidence/")),
        *(("get", "webhooks/"), ("post", "webhooks/"), ("get", "schema/")),
    ],
)
def test_guesses_at_keys_are_counted_by_address(client, method, path):
    def guess(number):
        return client.generic(
            method.upper(),
            f"/api/v1/{path}",
            headers={
                "x-forwarded-for": "192.0.2.1",
                "authorization": f"Bearer out_{number}_guess",
            },
        )

    answers = [guess(number) for number in range(3)]

    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert answers[0]["RateLimit"] == '"default";r=1;t=60'
    assert answers[0]["WWW-Authenticate"] == 'Bearer realm="api"'
    assert answers[2]["Retry-After"] == "60"
    assert ask(client).status_code == 429


def test_what_is_refused_counts_too(client):
    asked = {"x-forwarded-for": "192.0.2.1"}
    answers = [client.get("/api/v1/topics/?x=1", headers=asked) for _ in range(3)]

    assert [answer.status_code for answer in answers] == [400, 400, 429]
    assert answers[0]["RateLimit"] == '"default";r=1;t=60'


def test_a_key_has_its_own_and_higher_limit(client):
    now = timezone.now()
    _, key = services.make_key(
        name="heavy", scopes=[], expires_at=now + timedelta(1), at=now
    )
    said = {"authorization": f"Bearer {key}"}

    answers = [ask(client, **said).status_code for _ in range(5)]

    assert answers == [200] * 4 + [429]


def test_asking_again_with_the_tag_is_free(client):
    tag = ask(client)["ETag"]

    answers = [ask(client, **{"if-none-match": tag}).status_code for _ in range(5)]

    assert answers == [304] * 5


def test_reading_goes_on_where_redis_is_gone(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"

    assert [ask(client).status_code for _ in range(4)] == [200] * 4


def test_what_is_counted_for_another_kind_or_window_counts_for_itself():
    at = 1_800_000_000.0
    asked = {"now": at, "kind": "tip", "window": 3600}
    assert [rates.count("one", **asked) for _ in range(2)] == [1, 2]
    assert rates.count("one", now=at) == 1
    assert rates.count("one", **{**asked, "now": at + 3599}) == 3
    assert rates.count("one", **{**asked, "now": at + 3600}) == 1
