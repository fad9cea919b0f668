"""An analyst decides about a suggested document, or suggests one."""

from datetime import date

import pytest
import time_machine

from commitments import services
from commitments.models import (
    Evidence,
    Flag,
    HistoryEntry,
    Suggestion,
)
from tests.commitments import desk
from tests.factories import EvidenceFactory

from .sources import LDC, feed, read_all, source
from .web import html

pytestmark = pytest.mark.django_db


@pytest.fixture
def analyst(client, clock):
    """Signed in; the pages read the clock that the runs go by."""
    with time_machine.travel(clock.now, tick=False):
        client.force_login(desk.account("ann", "analyst"))
        yield client


@pytest.fixture
def found(web, run, tariffs, others):
    source(official=True)
    web.pages["news.test/feed"] = feed(("Zero tariff extended", "http://news.test/1"))
    web.pages["news.test/1"] = html(LDC * 3)
    read_all(run)
    return Suggestion.objects.get()


def page_of(one):
    return f"/admin/commitments/suggestion/{one.pk}/change/"


def as_offered(page):
    """Return what the form holds when it is opened: one click sends that."""
    form = page.context["form"]
    data = {}
    for field in form:
        value = field.value()
        if value is None or value is False:
            continue
        data[field.html_name] = value
    return data


def test_one_click_attaches_it(analyst, found, tariffs, clock):
    page = analyst.get(page_of(found))
    assert "<mark>" in page.content.decode()

    said = analyst.post(page_of(found), as_offered(page), follow=True)

    assert "Attached to 1 commitments." in said.content.decode()
    document = Evidence.objects.get()
    assert (document.url, document.official) == ("http://news.test/1", True)
    entry = HistoryEntry.objects.get(kind="evidence")
    assert (entry.commitment, entry.evidence.get()) == (tariffs, document)
    services.flag_commitments(on=clock.now.date(), at=clock.now)
    assert not Flag.objects.open().filter(reason="new_evidence").exists()


def test_it_is_attached_once_whoever_clicks_again(analyst, found):
    data = as_offered(analyst.get(page_of(found)))
    analyst.post(page_of(found), data)

    again = analyst.post(page_of(found), data, follow=True).content.decode()

    assert "already attached" in again
    assert HistoryEntry.objects.filter(kind="evidence").count() == 1


def test_it_can_be_attached_to_several(analyst, found, tariffs, others):
    data = as_offered(analyst.get(page_of(found)))
    data["others"] = [others[0].pk, others[1].pk]

    analyst.post(page_of(found), data)

    assert HistoryEntry.objects.filter(kind="evidence").count() == 3
    assert Evidence.objects.count() == 1


def test_a_refusal_keeps_what_was_typed(analyst, found):
    data = as_offered(analyst.get(page_of(found)))
    data |= {"commitments": [], "summary": "My own words."}

    page = analyst.post(page_of(found), data).content.decode()

    assert "Choose at least one commitment" in page
    assert "My own words." in page
    assert not Evidence.objects.exists()


def test_a_document_of_a_day_to_come_is_refused(analyst, found):
    data = as_offered(analyst.get(page_of(found))) | {"occurred_on": "2199-01-01"}

    assert "still to come" in analyst.post(page_of(found), data).content.decode()
    assert not Evidence.objects.exists()


def test_it_is_dismissed_with_a_reason(analyst, found):
    path = f"/admin/commitments/suggestion/{found.pk}/dismiss/"

    assert "This field is required" in analyst.post(path).content.decode()
    analyst.post(path, {"reason": "Says nothing new."})

    found.refresh_from_db()
    assert (found.state, found.reason) == ("dismissed", "Says nothing new.")
    again = analyst.post(path, {"reason": "Again."}).content.decode()
    assert "already dismissed by" in again


def test_an_address_is_suggested_and_read(analyst, web, run, tariffs, others):
    web.pages["a.test/x"] = html(LDC * 3 + "\nPublished on 3 March 2026", title="Told")
    path = "/admin/commitments/suggestion/add/"
    assert (
        "http://a.test/x" in analyst.get(f"{path}?url=http://a.test/x").content.decode()
    )

    page = analyst.post(path, {"url": "http://a.test/x"}, follow=True)
    assert "Being read" in page.content.decode()
    read_all(run)

    page = analyst.get(page.redirect_chain[-1][0]).content.decode()
    assert "Told" in page
    assert str(tariffs) in page
    assert Suggestion.objects.get().published_on == date(2026, 3, 3)


def test_known_evidence_is_not_suggested_again(analyst, db):
    known = EvidenceFactory(url="http://a.test/x")
    path = "/admin/commitments/suggestion/add/"

    page = analyst.post(path, {"url": "https://www.a.test/x/"}, follow=True)

    assert page.redirect_chain[-1][0].endswith(f"/evidence/{known.pk}/change/")


@pytest.mark.parametrize(
    "url", ["", "x", "javascript:alert(1)", "http://u:p@a.test/", "http://a test/x"]
)
def test_what_is_no_address_is_refused(analyst, url):
    page = analyst.post("/admin/commitments/suggestion/add/", {"url": url})

    assert page.status_code == 200
    assert page.context["form"].errors
    assert not Suggestion.objects.exists()


def test_only_those_who_record_decide(client, found):
    client.force_login(desk.account("adm", "administrator"))

    assert client.get(page_of(found)).status_code == 200
    assert client.post(page_of(found), {}).status_code == 403
    path = f"/admin/commitments/suggestion/{found.pk}/dismiss/"
    assert client.post(path, {"reason": "x"}).status_code == 403
    assert client.get("/admin/commitments/suggestion/add/").status_code == 403


def test_the_list_shows_what_waits_first(analyst, found):
    page = analyst.get("/admin/commitments/suggestion/").content.decode()

    assert "Zero tariff extended" in page
    empty = analyst.get("/admin/commitments/suggestion/?state=dismissed")
    assert "Zero tariff extended" not in empty.content.decode()


def test_a_suggestion_never_shows_to_readers(client, found):
    marker = "Zero tariff extended"
    for path in ("/", "/commitments/", "/changes/", "/api/v1/evidence/"):
        assert marker not in client.get(path).content.decode()
