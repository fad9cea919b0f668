"""What happens where static files were not collected."""

import pytest
from django.utils import timezone

from config import health


@pytest.fixture
def uncollected(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "config.static.Collected"},
    }


@pytest.mark.django_db
def test_pages_come_without_their_looks_and_the_monitor_is_told(
    uncollected, client, monkeypatch
):
    page = client.get("/")
    assert page.status_code == 200
    assert b'href="/static/tracker.css"' in page.content
    assert "collectstatic" in health.check_all(at=timezone.now())["static"]

    def broken(*given, **named):
        raise ValueError

    monkeypatch.setattr("tracker.pages.asking.render", broken)
    client.raise_request_exception = False
    page = client.get("/?nothing-kept")
    assert page.status_code == 500
    assert b"Something broke on our side" in page.content
