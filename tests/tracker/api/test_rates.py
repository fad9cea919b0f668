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
    assert ask(client, "192.0.2.2").status_code == 200


def test_an_address_that_a_client_makes_up_counts_for_nothing(client):
    answers = [ask(client, f"198.51.100.{n}, 192.0.2.1") for n in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]


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
