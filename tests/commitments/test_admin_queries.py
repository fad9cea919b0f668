"""Pages of the desk take as many queries for more rows."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commitments.models import Flag

from . import desk

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "name", ["commitment", "historyentry", "flag", "citation", "state", "historytext"]
)
def test_changelists_take_no_query_per_row(client, name):
    client.force_login(desk.account("ann", "analyst"))
    address = reverse(f"admin:commitments_{name}_changelist")

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert client.get(address).status_code == 200
        return len(queries)

    def add(ref):
        Flag.objects.create(
            commitment=desk.assessed(ref),
            reason="stale",
            since_on=desk.AT.date(),
            opened_at=desk.AT,
        )

    add("1.1")
    count()
    before = count()
    for number in range(2, 6):
        add(f"1.{number}")
    assert count() == before


def test_what_a_pillar_would_take_along_is_told_without_a_query_per_commitment(client):
    client.force_login(desk.account("root", "administrator"))
    pillar = desk.published("1.1").pillar
    address = reverse("admin:commitments_pillar_delete", args=[pillar.pk])

    def count():
        with CaptureQueriesContext(connection) as queries:
            assert "Cannot delete pillar" in client.get(address).content.decode()
        return len(queries)

    before = count()
    for number in range(2, 6):
        desk.published(f"1.{number}")
    assert count() == before
