from datetime import UTC, date, datetime

import pytest
from django.conf import settings
from django.db import connection
from django.template.loader import render_to_string
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commitments import services
from commitments.actors import CATALOGUE
from commitments.models import Source
from commitments.statuses import Status
from tests.factories import (
    AT,
    BodyFactory,
    CommitmentFactory,
    DraftFactory,
    EvidenceFactory,
    PlanFactory,
    UserFactory,
    assess,
    two_people,
)
from tracker.pages import method
from tracker.templatetags.tracker import status_mark, when

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def static_root(settings, tmp_path):
    settings.STATIC_ROOT = tmp_path  # else WhiteNoise warns that there is none


@pytest.fixture
def today(monkeypatch):
    day = date(2026, 7, 10)
    monkeypatch.setattr("django.utils.timezone.localdate", lambda *a: day)
    return day


@pytest.fixture
def source():
    return Source.objects.create(
        slug="report", title="The report", kind="speech", language="zh"
    )


def page(client, name, *args, code=200, **query):
    answer = client.get(reverse(name, args=args), query)
    assert answer.status_code == code, answer.content.decode()[:2000]
    return answer.content.decode()


@pytest.mark.parametrize("name", ["home", "commitments", "method"])
def test_empty_record_is_shown(client, today, name):
    assert "<h1>" in page(client, name)


def test_home_finds_its_headline_in_the_data(client, today):
    PlanFactory()
    commitment = CommitmentFactory()
    assess(
        commitment,
        status="delivered",
        criteria_met=["a", "b"],
        evidence=[EvidenceFactory(official=True, type="notice")],
    )
    CommitmentFactory()
    html = page(client, "home")
    assert "1 of 2 opening-up commitments is delivered" in html
    assert f'href="/commitments/{commitment.slug}/"' in html


def test_untrackable_is_outside_the_counts_and_says_why(client, today):
    CommitmentFactory()
    CommitmentFactory(
        criteria=[], trackable=False, untrackable_reason="Names no act at all."
    )
    html = page(client, "home")
    assert "None of the 1 opening-up commitments" in html
    assert "Names no act at all." in html


@pytest.mark.parametrize(
    "query",
    [
        {"status": "done"},
        {"pillar": "99"},
        {"as_of": "yesterday"},
        {"as_of": "2027-01-01"},
        {"colour": "red"},
        {"sort": "luck"},
    ],
)
def test_wrong_filter_is_named_on_the_page_with_400(client, today, query):
    CommitmentFactory()
    html = page(client, "commitments", code=400, **query)
    assert 'role="alert"' in html
    assert 'content="noindex"' in html


@pytest.mark.parametrize("query", ["q=%00", "q=%ff", "as_of=%80"])
def test_unreadable_query_is_refused(client, query):
    assert client.get(f"/commitments/?{query}").status_code == 400


def test_unreadable_path_is_refused(client):
    assert client.get("/commitments/a%00b/").status_code == 400
    assert client.get("/commitments/a%ffb/").status_code == 400


def test_unknown_slug_offers_what_looks_alike(client, today):
    CommitmentFactory(slug="join-the-cptpp", title="Join the CPTPP")
    DraftFactory(slug="join-a-cptpp", title="Join in secret")
    html = page(client, "commitment", "join-cptpp", code=404)
    assert "/commitments/join-the-cptpp/" in html
    assert "secret" not in html and "join-a-cptpp" not in html


def test_draft_is_never_shown(client, today):
    draft = DraftFactory(title="Secret plan")
    assert "Secret" not in page(client, "commitment", draft.slug, code=404)
    assert "Secret" not in page(client, "commitments")
    assert "Secret" not in page(client, "home")


def test_merged_leads_to_its_successor(client, monkeypatch, today):
    old, new = CommitmentFactory(), CommitmentFactory()
    services.merge(
        commitment=old, into=new, reason="They are one.", by=UserFactory(), at=AT
    )
    answer = client.get(reverse("commitment", args=[old.slug]))
    assert answer.status_code == 301
    assert answer["Location"] == f"/commitments/{new.slug}/"
    answer = client.get(f"/share/{old.slug}.png?as_of=2026-07-10")
    assert answer["Location"] == f"/share/{new.slug}.png?as_of=2026-07-10"
    answer = client.get(f"/zh-hans/commitments/{old.slug}/?as_of=2026-07-10")
    assert answer["Location"] == f"/zh-hans/commitments/{new.slug}/?as_of=2026-07-10"
    assert old.title not in page(client, "commitments")


def test_withdrawn_says_so(client, today):
    old = CommitmentFactory()
    services.withdraw(
        commitment=old, reason="It was never said.", by=UserFactory(), at=AT
    )
    html = page(client, "commitment", old.slug)
    assert "no longer tracked" in html
    assert "It was never said." in html


def test_commitment_shows_status_reason_test_and_evidence(client, today):
    commitment = CommitmentFactory()
    evidence = EvidenceFactory(title="Notice 12", publisher="The ministry")
    assess(
        commitment,
        status="partly_delivered",
        criteria_met=["a"],
        evidence=[evidence],
        reason="Part a took effect.",
        by=UserFactory(first_name="Ann", last_name="Alyst"),
    )
    html = page(client, "commitment", commitment.slug)
    for words in (
        commitment.statement,
        commitment.reading,
        "Partly delivered",
        "Part a took effect.",
        "Notice 12",
        "The ministry",
        evidence.url,
        "Part b is done.",
        "Not met yet",
        "Not yet signed off",
    ):
        assert words in html
    assert "Ann" not in html
    assert 's-partly-delivered"><svg' in html


def test_catalogue_entries_are_marked_as_coded_once(client, today):
    commitment = CommitmentFactory()
    assess(commitment, by=CATALOGUE)
    html = page(client, "commitment", commitment.slug)
    assert "coded once, not yet signed off; evidence looked at to" in html
    assert "Coded once, not yet signed off; evidence looked at to" in html


def test_claim_gap_is_noted(client, today):
    commitment, body = CommitmentFactory(), BodyFactory(name="The ministry of X")
    assess(commitment)
    services.record_claim(
        commitment=commitment,
        position="declared_complete",
        body=body,
        effective_on=date(2026, 6, 1),
        evidence=[EvidenceFactory(official=True)],
        reason="It said so.",
        **two_people(),
        at=AT,
    )
    html = page(client, "commitment", commitment.slug)
    assert "Claim-evidence gap." in html
    assert "The ministry of X" in html
    assert commitment.title in page(client, "commitments", claim_gap="true")


def test_corrected_entry_is_struck_but_readable(client, today):
    commitment = CommitmentFactory()
    wrong = assess(commitment, reason="The wrong reason.")
    services.correct(
        entry=wrong, reason="It was another one.", strike=True, **two_people(), at=AT
    )
    html = page(client, "commitment", commitment.slug)
    assert "The wrong reason." in html
    assert "struck" in html
    assert "It was another one." in html


def test_past_day_is_marked_and_answers_from_then(client, today):
    commitment = CommitmentFactory()
    assess(commitment, effective_on=date(2026, 3, 1))
    html = page(client, "commitment", commitment.slug, as_of="2026-02-01")
    assert "You are looking at the past" in html
    assert 'content="noindex"' in html
    assert "Not yet assessed" in html
    html = page(client, "commitments", as_of="2026-02-01")
    assert "You are looking at the past" in html
    html = page(client, "commitment", commitment.slug, known_at="2026-01-01", code=404)
    assert "was not on record then" in html


def test_past_titles_are_those_of_the_day(client, today):
    commitment = CommitmentFactory(title="The first title")
    services.amend_wording(
        commitment=commitment,
        changes={"title": "The second title"},
        reason="The source was published in full.",
        evidence=[EvidenceFactory()],
        effective_on=date(2026, 5, 1),
        **two_people(),
        at=datetime(2026, 7, 4, tzinfo=UTC),
    )
    assert "The second title" in page(client, "commitments")
    assert "The first title" in page(client, "commitments", as_of="2026-04-01")


def test_source_shows_each_passage_and_what_it_gave(client, today, source):
    commitment = CommitmentFactory()
    gave = source.passages.create(
        ref="4.3.10", position=1, role="commitment", summary="It will open."
    )
    source.passages.create(ref="1.1.1", position=2, role="framing", summary="Hello.")
    commitment.passages.add(gave)
    html = page(client, "source", source.slug)
    assert "It will open." in html
    assert "No commitment: framing." in html
    assert commitment.title in html
    assert "#p-4.3.10" in page(client, "commitment", commitment.slug)


def test_method_shows_the_rules_as_they_are(client, today):
    html = page(client, "method")
    assert "At least one part of the test is met." in html
    assert "30 days" in html


def fill(count, source):
    for _ in range(count):
        commitment = CommitmentFactory()
        commitment.bodies.add(BodyFactory())
        commitment.passages.add(
            source.passages.create(
                ref=f"1.{commitment.pk}",
                position=commitment.pk,
                role="commitment",
                summary="A line.",
            )
        )
        assess(commitment)


@pytest.mark.parametrize(
    "past", [{}, {"as_of": "2026-07-01", "known_at": "2026-07-09"}]
)
@pytest.mark.parametrize("name", ["home", "commitments", "source"])
def test_queries_do_not_grow_with_commitments(client, today, source, name, past):
    args = [source.slug] if name == "source" else []
    fill(3, source)
    with CaptureQueriesContext(
        connection,
    ) as few:
        page(client, name, *args, **past)
    fill(9, source)
    with CaptureQueriesContext(connection) as many:
        page(client, name, *args, **past)
    assert len(many) == len(few)


def test_pages_load_nothing_inline_or_from_elsewhere(client, today, source):
    fill(2, source)
    for name, args in [("home", []), ("commitments", []), ("method", [])]:
        html = page(client, name, *args)
        assert "<style" not in html
        assert ' style="' not in html
        assert "<script>" not in html
        assert 'src="http' not in html


def test_links_keep_the_day_asked_about(client, today):
    commitment = CommitmentFactory()
    html = page(client, "home", as_of="2026-07-01")
    assert f"/commitments/{commitment.slug}/?as_of=2026-07-01" in html


def test_unknown_address_is_a_helpful_404(client):
    answer = client.get("/nowhere/")
    assert answer.status_code == 404
    assert "Find a commitment" in answer.content.decode()


@pytest.mark.parametrize(
    ("precision", "shown"),
    [
        ("day", "3 Aug 2026"),
        ("month", "Aug 2026"),
        ("quarter", "Q3 2026"),
        ("year", ">2026<"),
        ("plan_period", "end of 2026"),
    ],
)
def test_days_are_shown_no_finer_than_known(precision, shown):
    assert shown in when(date(2026, 8, 3), precision)


@pytest.mark.parametrize("status", Status)
def test_status_is_icon_word_and_colour(status):
    html = status_mark(status.value)
    slug = status.value.replace("_", "-")
    assert f'class="st s-{slug}"' in html
    assert f'href="#i-{slug}"' in html
    assert str(status.label) in html
    assert f'id="i-{slug}"' in render_to_string("_icons.html")
    assert f".s-{slug} " in (settings.BASE_DIR / "static/tracker.css").read_text()


def test_table_of_steps_follows_the_rules():
    may = method._may_follow
    assert may(Status.ANNOUNCED, Status.DELIVERED)
    assert may(Status.DELIVERED, Status.REVERSED)
    assert not may(Status.DELIVERED, Status.UNDER_WAY)
    assert not may(Status.PARTLY_DELIVERED, Status.UNDER_WAY)
    assert not may(Status.ANNOUNCED, Status.REVERSED)
