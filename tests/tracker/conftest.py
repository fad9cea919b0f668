import pytest
from django.contrib.auth.models import Group

from commitments import accounts
from tests.factories import UserFactory
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


@pytest.fixture
def desk(client):
    """Sign in as somebody of a group."""

    def desk(group):
        accounts.ensure_groups()
        person = UserFactory(is_staff=True)
        person.groups.add(Group.objects.get(name=group))
        client.force_login(person)
        return client

    return desk
