"""The desk's own forms of documents and figures."""

import pytest
from django.urls import reverse

from commitments.models import Evidence, Observation

from . import desk

pytestmark = pytest.mark.django_db
DOCUMENT = {
    "slug": "law",
    "title": "The law",
    "publisher": "Gazette",
    "url": "https://example.org/law",
    "occurred_on": "2026-03-01",
    "precision": "day",
    "language": "en",
    "type": "law",
    "nature": "action",
    "reliability": "high",
    "summary": "It is in force.",
    "seen_change": "0",
}


@pytest.fixture(autouse=True)
def analyst(client):
    client.force_login(desk.account("ann", "analyst"))


def page(model, *args):
    act = "change" if args else "add"
    return reverse(f"admin:commitments_{model}_{act}", args=args)


def refused(answer, field):
    assert answer.status_code == 200
    return str(answer.context["adminform"].form.errors[field])


def test_a_known_address_is_refused_however_it_is_written(client):
    desk.document("known")
    written = {**DOCUMENT, "url": "http://www.Example.org/known/?utm_source=mail"}

    assert "has this address already" in refused(
        client.post(page("evidence"), written), "url"
    )
    assert client.post(page("evidence"), DOCUMENT).status_code == 302
    law = Evidence.objects.get(slug="law")
    moved = client.post(page("evidence", law.pk), written)
    assert "has this address already" in refused(moved, "url")

    own = {**DOCUMENT, "url": "http://www.example.org/law", "seen_change": "9999"}
    assert client.post(page("evidence", law.pk), own).status_code == 302
    law.refresh_from_db()
    assert law.url == "http://www.example.org/law"


@pytest.mark.parametrize("field", ["occurred_on", "published_on"])
def test_a_document_of_a_day_to_come_is_refused(client, field):
    answer = client.post(page("evidence"), {**DOCUMENT, field: "2199-01-01"})
    assert "still to come" in refused(answer, field)
    assert not Evidence.objects.exists()


def test_a_figure_of_a_day_to_come_is_refused(client):
    figure = {
        "indicator": desk.indicator().pk,
        "evidence": desk.document("known").pk,
        "observed_on": "2199-01-01",
        "value": "3",
        "precision": "day",
    }
    answer = client.post(page("observation"), figure)
    assert "still to come" in refused(answer, "observed_on")
    assert not Observation.objects.exists()
