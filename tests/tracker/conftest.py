import pytest

from tests.tracker import record as records


@pytest.fixture
def today(monkeypatch):
    """The day on which pages are asked; nothing but the pages reads the clock."""
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *a: records.TODAY)
    return records.TODAY


@pytest.fixture
def record(db, today):
    return records.small()


@pytest.fixture
def page(client):
    """Ask for an address, expect a status code, return the page as text."""

    def ask(address, code=200, **query):
        answer = client.get(address, query)
        assert answer.status_code == code, answer.content.decode()[:2000]
        return answer.content.decode()

    return ask
