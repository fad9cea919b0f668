"""Numbers of rows that no row has: a form refuses them, and no page breaks."""

import pytest
from django.urls import reverse

from commitments.models import Topic

from . import desk

pytestmark = pytest.mark.django_db


@pytest.fixture
def analyst(client):
    client.force_login(desk.account("ann", "analyst"))


@pytest.mark.parametrize("sent", ["abc", "9" * 30, "-1", "1_0", "٣", "1.5", ""])
def test_what_is_no_row_is_refused_beside_its_field(client, analyst, sent):
    """Mended in ``chosen_rows``: Django fails over such."""
    adding = client.post(
        "/admin/commitments/indicator/add/",
        {"name": "Imports", "commitments": [sent, sent], "baseline_passage": sent},
    )

    assert adding.status_code == 200
    refused = adding.context["adminform"].form.errors
    assert sent == "" or {"commitments", "baseline_passage"} <= set(refused)


@pytest.mark.parametrize("sent", ["9" * 5000, "9" * 19, "٣", "-1", "1e3", "x"])
def test_a_number_that_no_row_has_breaks_no_page_of_the_desk(client, analyst, sent):
    """Python reads no number of more than 4,300 digits, SQLite none of more than 18."""
    topic = Topic.objects.create(slug="ports", name="Ports")
    edited = client.post(
        f"/admin/commitments/topic/{topic.pk}/change/",
        {"name": "Harbours", "seen_change": sent},
    )
    claimed = client.post(
        reverse("admin:commitments_claim"), {"pk": [sent], "after": sent}
    )

    assert edited.status_code in (200, 302) and claimed.status_code == 302
    assert (
        client.get(reverse("admin:commitments_queue"), {"after": sent}).status_code
        < 500
    )
