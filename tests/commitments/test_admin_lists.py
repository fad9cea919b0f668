"""Lists of the desk that are asked for what no list can be asked."""

import pytest
from django.urls import reverse

from . import desk

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def analyst(client):
    client.force_login(desk.account("ann", "analyst"))


@pytest.mark.parametrize(
    "query",
    [
        "kind__range=a",
        "pillar=99999999999999999999",
        "pillar__id__exact=abc",
        "pillar__gte=99999999999999999999",
        "o=99999999999999999999",
        "p=99999999999999999999",
    ],
)
def test_a_list_that_cannot_be_asked_for_leads_to_the_whole(client, query):
    desk.assessed()
    page = reverse("admin:commitments_commitment_changelist")
    export = reverse("admin:commitments_export_file", args=["commitments", "csv"])

    answer = client.get(f"{page}?{query}")
    exported = client.get(f"{export}?{query}")

    assert answer.status_code == 200 or answer["Location"] == f"{page}?e=1"
    assert exported.status_code in (200, 302)


def test_a_day_of_a_year_that_is_not_leads_to_the_whole_list(client):
    for year in ("0", "-1", "10000", "99999999999999999999"):
        for address in ("evidence", "proposalstep"):
            page = reverse(f"admin:commitments_{address}_changelist")
            name = "at" if address == "proposalstep" else "occurred_on"
            answer = client.get(page, {f"{name}__year": year})
            assert answer.status_code == 200 or answer["Location"] == f"{page}?e=1"
