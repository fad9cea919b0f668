"""What the page of a commitment holds beside its status: figures, kin, citation."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commitments import services
from commitments.models import Indicator, Topic
from tests.factories import (
    AT,
    CommitmentFactory,
    EvidenceFactory,
    UserFactory,
    assess,
    two_people,
)
from tracker.pages.commitment import MOST_RELATED

pytestmark = pytest.mark.django_db


def page(client, commitment, query=""):
    answer = client.get(commitment.get_absolute_url() + query)
    assert answer.status_code == 200
    return answer


def test_a_figure_shows_its_values_with_their_sources_and_a_chart(client):
    commitment = CommitmentFactory()
    indicator = Indicator.objects.create(
        slug="lines",
        name="Tariff lines at zero",
        unit="lines",
        baseline=Decimal(1000),
        baseline_on=date(2025, 12, 31),
        baseline_precision="day",
    )
    indicator.commitments.add(commitment)
    source = EvidenceFactory(title="The customs tariff")
    indicator.observations.create(
        observed_on=date(2026, 6, 1), value=Decimal(700_000), evidence=source
    )

    text = page(client, commitment, "?as_of=2026-11-01").content.decode()
    before = page(client, commitment, "?as_of=2026-05-01").content.decode()

    assert "700,000" in text and "7E+5" not in text
    assert "The customs tariff" in text
    assert 'role="img"' in text[text.index('id="indicators"') :]
    assert "700,000" not in before


def test_related_commitments_share_topics_and_show_their_status(client):
    one, near, far = CommitmentFactory(), CommitmentFactory(), CommitmentFactory()
    topic = Topic.objects.create(slug="digital", name="Digital")
    one.topics.add(topic)
    near.topics.add(topic)
    assess(near)

    related = page(client, one).context["related"]

    assert [row.commitment for row in related] == [near]
    assert related[0].state.status == "under_way"
    assert far not in [row.commitment for row in related]


def test_what_was_withdrawn_takes_no_place_of_a_related_commitment(client):
    topic = Topic.objects.create(slug="digital", name="Digital")
    one, *others = CommitmentFactory.create_batch(MOST_RELATED + 2)
    for commitment in (one, *others):
        commitment.topics.add(topic)
    services.withdraw(
        commitment=others[0],
        reason="It stood in the list twice.",
        by=UserFactory(),
        at=AT,
    )

    today = page(client, one).context["related"]
    before = page(client, one, "?as_of=2026-07-02").context["related"]

    assert [row.commitment for row in today] == others[1:]
    assert [row.commitment for row in before] == others[:-1]


def test_a_citation_names_the_version_that_was_read(client, settings):
    commitment = CommitmentFactory(title="Open 5 % & more")
    assess(commitment)

    text = page(client, commitment, "?known_at=2026-07-05").content.decode()
    bib = client.get(f"/cite/{commitment.slug}.bib?known_at=2026-07-05")
    ris = client.get(f"/cite/{commitment.slug}.ris?known_at=2026-07-05")

    address = f"{settings.SITE_URL}{commitment.get_absolute_url()}?known_at=2026-07-05"
    assert address in text
    assert bib["Content-Disposition"].endswith(f'"{commitment.slug}.bib"')
    assert f"url = {{{address}}}" in bib.content.decode()
    assert "Open 5 \\% \\& more: Under way" in bib.content.decode()
    assert f"UR  - {address}\r\n" in ris.content.decode()
    assert client.get("/cite/no-such-thing.bib").status_code == 404
    assert client.get(f"/cite/{commitment.slug}.bib?as_of=x").status_code == 400


def test_a_citation_of_a_past_day_leads_back_to_that_day(client, settings):
    commitment = CommitmentFactory(title="Open up")
    assess(commitment, effective_on=date(2026, 3, 1))
    days = "?as_of=2026-02-01&known_at=2026-07-05"

    text = page(client, commitment, days).content.decode()
    bib = client.get(f"/cite/{commitment.slug}.bib{days}").content.decode()

    assert "Open up: not yet assessed on 1 Feb 2026”" in text
    assert f"{commitment.get_absolute_url()}?as_of=2026-02-01&amp;known_at=" in text
    assert f"url = {{{settings.SITE_URL}{commitment.get_absolute_url()}{days}}}" in bib


def test_one_commitment_leads_to_the_next_in_order_of_the_plan(client):
    first, second = CommitmentFactory(ref="1.2"), CommitmentFactory(ref="1.10")
    third = CommitmentFactory(ref="2.1")

    html = page(client, second).content.decode()
    ways = html[html.index('class="row pn"') :]

    assert f'href="{first.get_absolute_url()}" rel="prev"' in ways
    assert f'href="{third.get_absolute_url()}" rel="next"' in ways
    assert 'rel="prev"' not in page(client, first).content.decode()
    assert 'rel="next"' not in page(client, third).content.decode()


def test_queries_do_not_grow_with_what_has_happened(client):
    commitment = CommitmentFactory()
    CommitmentFactory(ref="9.9")

    def asked():
        with CaptureQueriesContext(connection) as queries:
            page(client, commitment)
        return len(queries)

    assess(commitment, evidence=[EvidenceFactory()])
    few = asked()
    for number in range(4):
        services.attach_evidence(
            commitment=commitment,
            evidence=[EvidenceFactory(), EvidenceFactory()],
            reason=f"More is known: {number}.",
            by=UserFactory(),
            at=AT,
        )
    assert asked() == few


def test_a_change_of_wording_is_shown_word_by_word(client):
    commitment = CommitmentFactory(title="Cut tariffs soon")
    services.amend_wording(
        commitment=commitment,
        changes={"title": "Cut tariffs now"},
        reason="The notice says so.",
        evidence=[EvidenceFactory()],
        effective_on=date(2026, 4, 1),
        at=AT,
        **two_people(),
    )

    text = page(client, commitment).content.decode()

    assert '<del><span class="vh">removed: </span>soon</del>' in text
    assert '<ins><span class="vh">added: </span>now</ins>' in text
