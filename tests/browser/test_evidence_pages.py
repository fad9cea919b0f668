"""Evidence in a browser: copies, suggestions and the page that readers see."""

from datetime import UTC, datetime

import pytest

from commitments import readable, services
from commitments.models import HistoryEntry, Link, Suggestion
from tests.commitments import desk
from tests.commitments.links.web import TEXT, article, html, played
from tests.factories import CommitmentFactory, EvidenceFactory, assess

from .conftest import DESKTOP, PHONE

pytestmark = pytest.mark.django_db(transaction=True)
NOW = datetime(2026, 11, 1, 12, tzinfo=UTC)
LATER = datetime(2026, 11, 20, 12, tzinfo=UTC)


@pytest.fixture
def record(settings, monkeypatch):
    """A document whose page changed, and a suggested one."""
    settings.HOST_PAUSE = 0
    monkeypatch.setattr(
        readable.Reader,
        "_ask",
        lambda self, body, job="read": readable.told(body, job=job),
    )
    for n in range(8):
        CommitmentFactory(title=f"Open sector {n} of services")
    commitment = CommitmentFactory(
        title="Zero tariff for all least developed countries", title_zh="零关税"
    )
    evidence = EvidenceFactory(url="http://a.test/x", title="A notice on tariffs")
    with played() as web:
        web.pages["a.test/x"] = article()
        services.check_links(clock=lambda: NOW, seconds=20)
        assess(commitment, evidence=[evidence])
        web.pages["a.test/x"] = article("\nThe measure is suspended until next year.")
        Link.objects.update(due_at=LATER)
        services.check_links(clock=lambda: LATER, seconds=20)
        web.pages["news.test/1"] = html(TEXT * 3, title="Zero tariff extended")
        one = services.suggest(url="http://news.test/1", by="machine:watch", at=LATER)
        for _ in range(3):
            services.watch_sources(clock=lambda: LATER, seconds=5)
    assert Suggestion.objects.get().state == "open"
    return commitment, evidence, one


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["wide", "phone"])
def test_the_pages_of_evidence_are_accessible(
    open_page, violations, record, scheme, viewport
):
    _, evidence, one = record
    reader = open_page(viewport=viewport, color_scheme=scheme)
    reader.goto(f"/evidence/{evidence.slug}/")
    found = violations(reader)
    ann = open_page(
        desk.account("ann", "analyst"), viewport=viewport, color_scheme=scheme
    )
    for path in (
        f"/admin/commitments/evidence/{evidence.pk}/copies/",
        f"/admin/commitments/suggestion/{one.pk}/change/",
        "/admin/commitments/suggestion/add/",
    ):
        ann.goto(path)
        found += violations(ann, within="#content")
        assert ann.evaluate(
            "document.documentElement.scrollWidth <= window.innerWidth"
        ), path

    assert found == []


def test_a_change_is_taken_and_a_copy_opens_without_scripts(open_page, record):
    _, evidence, _ = record
    ann = open_page(desk.account("ann", "analyst"))
    ann.goto(f"/admin/commitments/evidence/{evidence.pk}/copies/")
    ann.get_by_text("The measure is suspended until next year.").wait_for()

    ann.get_by_role("button", name="It still shows what it is cited for").click()
    ann.get_by_text("The newest copy is what the link is held against.").wait_for()
    ann.get_by_role("link", name="Document").first.click()

    ann.get_by_text("The measure is suspended until next year.").wait_for()
    # An opaque origin: the copy is nobody's page.
    assert ann.evaluate("window.origin") == "null"


def test_a_suggestion_is_attached_in_one_click(open_page, record):
    commitment, _, one = record
    ann = open_page(desk.account("ann", "analyst"))
    ann.goto(f"/admin/commitments/suggestion/{one.pk}/change/")
    assert ann.get_by_role("checkbox", name=commitment.title).is_checked()

    ann.get_by_role("button", name="Attach").click()
    ann.get_by_text("Attached to 1 commitments.").wait_for()
    assert HistoryEntry.objects.get(kind="evidence").commitment == commitment


def test_a_reader_reaches_the_copy_from_the_commitment(open_page, record):
    commitment, evidence, _ = record
    page = open_page(viewport=PHONE)
    page.goto(commitment.get_absolute_url())

    page.get_by_role("link", name="copy kept").first.click()

    page.get_by_role("heading", name="What is kept").wait_for()
    assert evidence.captures.first().sha256 in page.content()
