import re
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commitments import services
from commitments.models import Partner, Topic
from tests.factories import BodyFactory, CommitmentFactory, assess, two_people
from tests.tracker.record import moment

ADDRESSES = {
    "body": "/bodies/mofcom/",
    "partner": "/partners/asean/",
    "topic": "/topics/trade/",
}
INDEXES = {"body": "/bodies/", "partner": "/partners/", "topic": "/topics/"}


def listed(html):
    """The commitments of the first list of commitments on a page."""
    start = html.index('id="h-com"')
    part = html[start : html.index("</section>", start)]
    return re.findall(r'href="/commitments/([a-z-]+)/', part)


def in_list(page, **query):
    html = page("/commitments/", **query)
    return int(re.search(r'<h2 id="count"[^>]*>(\d+)', html)[1])


@pytest.mark.parametrize("field", ADDRESSES)
@pytest.mark.parametrize(
    "past", [{}, {"as_of": "2026-08-30"}, {"known_at": "2026-07-04"}]
)
def test_page_shows_the_commitments_of_the_lists_own_filter(page, record, field, past):
    html = page(ADDRESSES[field], **past)
    slug = ADDRESSES[field].split("/")[2]
    assert len(listed(html)) == in_list(page, **{field: slug}, **past)
    if past.get("as_of"):
        assert "gone" in listed(html)  # withdrawn only later
        assert 'content="noindex"' in html


@pytest.mark.parametrize("field", INDEXES)
def test_index_counts_as_the_list_does(page, record, field):
    html = page(INDEXES[field])
    pattern = rf'\?{field}=([a-z-]+)" aria-label="[^"]*">(\d+)</a>'
    counts = dict(re.findall(pattern, html))
    assert counts
    for slug, count in counts.items():
        assert int(count) == in_list(page, **{field: slug})


def test_counts_by_status_add_up_to_the_scored(page, record):
    html = page("/bodies/mofcom/")
    key = html[html.index('class="key') :]
    key = key[: key.index("</ul>")]
    assert sum(int(n) for n in re.findall(r"<b>(\d+)</b>", key)) == 2
    assert "3</dd>" in html  # with the one that cannot be tracked


def test_body_shows_what_it_says_and_where_it_leads(page, record):
    record.gap.responsibilities.update(position=1)
    html = page("/bodies/mofcom/")
    assert "What it says" in html
    assert "The minister said it is done." in html
    assert "lead</span>" in html
    assert "What it says" not in page("/bodies/mofcom/", as_of="2026-05-01")


def test_body_is_told_to_say_what_the_corrections_leave(client, page, record):
    """On its page as on that of the commitment, on any day."""
    other = BodyFactory(slug="customs", name="Customs")
    said = record.gap.history.get(kind="claim")
    right = services.correct(
        entry=said,
        position="in_preparation",
        body=other,
        effective_on=date(2026, 6, 20),
        reason="Customs said so, and less.",
        **two_people(),
        at=moment(11, 1),
    )

    def seqs(slug, **past):
        told = client.get(f"/bodies/{slug}/", past).context["claims"]
        return [change.entry.seq for change in told]

    assert (seqs("mofcom"), seqs("customs")) == ([], [right.seq])
    assert "In preparation" in page("/bodies/customs/")
    # It had said nothing by then, as is known now; then it was thought that it had.
    between = {"as_of": "2026-06-10"}
    assert seqs("mofcom", **between) == seqs("customs", **between) == []
    assert seqs("mofcom", known_at="2026-10-31") == [said.seq]
    services.correct(
        entry=right, strike=True, reason="Nor this.", **two_people(), at=moment(11, 2)
    )
    assert seqs("customs") == []


def test_past_title_and_changes_are_those_of_the_day(page, record):
    html = page("/topics/trade/", as_of="2026-07-01")
    assert "Join the pact now" in html
    assert "Join the pact at once" not in html


def test_names_in_chinese_carry_their_language(page, record):
    assert 'lang="zh-Hans">商务部' in page("/bodies/mofcom/")


@pytest.mark.parametrize("address", INDEXES.values())
def test_unknown_one_is_a_helpful_404(page, record, address):
    assert "There is no page at this address" in page(f"{address}nobody/", code=404)


@pytest.mark.parametrize("address", [*INDEXES.values(), *ADDRESSES.values()])
def test_wrong_day_is_named_with_400(page, record, address):
    assert 'role="alert"' in page(address, code=400, as_of="someday")


@pytest.mark.parametrize("address", INDEXES.values())
def test_empty_record_is_shown(page, db, today, address):
    assert "No commitment names one" in page(address)


def test_one_named_by_no_commitment_is_still_shown(page, record):
    BodyFactory(slug="idle", name="Idle office")
    assert "Idle office" in page("/bodies/")
    assert "No commitment names it" in page("/bodies/idle/")


@pytest.mark.parametrize("address", [*INDEXES.values(), *ADDRESSES.values()])
def test_queries_do_not_grow(page, record, address):
    with CaptureQueriesContext(connection) as few:
        page(address)
    for n in range(4):
        commitment = CommitmentFactory()
        commitment.bodies.add(record.body, BodyFactory())
        other = Partner.objects.create(slug=f"p{n}", name=f"P{n}", kind="region")
        commitment.partners.add(record.partner, other)
        topic = Topic.objects.create(slug=f"t{n}", name=f"T{n}")
        commitment.topics.add(record.topic, topic)
        assess(commitment)
    with CaptureQueriesContext(connection) as many:
        page(address)
    assert len(many) == len(few)
