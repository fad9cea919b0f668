import io
import json
import re
from datetime import datetime, timedelta
from xml.etree import ElementTree

import pytest
from django.conf import settings as configured
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from PIL import Image

from tests.factories import CommitmentFactory, DraftFactory, EvidenceFactory, assess
from tracker import dataset

SITE = configured.SITE_URL
MAP = "{http://www.sitemaps.org/schemas/sitemap/0.9}"


def mapped(client):
    answer = client.get("/sitemap.xml")
    assert answer["Content-Type"] == "application/xml; charset=utf-8"
    root = ElementTree.fromstring(answer.content)
    return {
        url.findtext(f"{MAP}loc"): url.findtext(f"{MAP}lastmod")
        for url in root.findall(f"{MAP}url")
    }


def test_sitemap_lists_pages_that_answer_and_say_they_are_canonical(client, record):
    pages = mapped(client)
    assert len(pages) > 20
    for address in pages:
        assert address.startswith(SITE)
        answer = client.get(address.removeprefix(SITE))
        assert answer.status_code == 200, address
        assert f'<link rel="canonical" href="{address}">' in answer.content.decode()


def test_sitemap_says_when_each_last_changed(client, record):
    pages = mapped(client)
    assert pages[f"{SITE}/commitments/join-the-pact/"] == "2026-08-02"
    assert pages[f"{SITE}/commitments/gone/"] == "2026-09-01"
    assert pages[f"{SITE}/changes/"] == "2026-09-02"


def test_sitemap_leaves_out_drafts_and_what_redirects(client, record):
    draft, document = DraftFactory(), EvidenceFactory()
    draft.evidence.add(document)
    text = client.get("/sitemap.xml").content.decode()
    assert f"/{draft.slug}/" not in text and f"/{document.slug}/" not in text
    assert "/commitments/joined/" not in text


def test_sitemap_queries_do_not_grow(client, record):
    with CaptureQueriesContext(connection) as few:
        mapped(client)
    for _ in range(3):
        assess(CommitmentFactory())
    with CaptureQueriesContext(connection) as many:
        mapped(client)
    assert len(many) == len(few)


def test_robots_may_read_all_but_the_desk_and_filters(client, db):
    text = client.get("/robots.txt").content.decode()
    assert "Disallow: /admin/\n" in text
    assert "Disallow: /changes/?\n" in text
    assert f"Sitemap: {SITE}/sitemap.xml" in text


@pytest.mark.parametrize(
    ("contact", "told"),
    [
        ("desk@tracker.example", "mailto:desk@tracker.example"),
        ("https://desk.example/tell", "https://desk.example/tell"),
    ],
)
def test_whoever_finds_a_weakness_is_told_whom_to_tell(
    client, db, settings, contact, told
):
    settings.CONTACT = contact
    answer = client.get("/.well-known/security.txt")
    said = dict(line.split(": ", 1) for line in answer.content.decode().splitlines())
    assert said["Contact"] == told
    assert said["Canonical"] == f"{SITE}/.well-known/security.txt"
    left = datetime.fromisoformat(said["Expires"]) - timezone.now()
    # RFC 9116: less than a year.
    assert timedelta(days=150) < left < timedelta(days=365)
    assert answer["Content-Type"] == "text/plain; charset=utf-8"
    assert "public" in answer["Cache-Control"]


def test_where_nobody_is_named_there_is_nobody_to_tell(client, db, settings):
    settings.CONTACT = ""
    assert client.get("/.well-known/security.txt").status_code == 404


def test_llms_says_what_there_is_and_its_links_answer(client, record):
    text = client.get("/llms.txt").content.decode()
    assert "4 opening-up commitments" in text
    links = re.findall(r"\]\((\S+)\)", text)
    assert len(links) > 8
    for link in links:
        assert client.get(link.removeprefix(SITE)).status_code == 200, link


def test_past_and_wrong_addresses_are_not_canonical(page, record):
    assert "canonical" not in page("/changes/", as_of="2026-07-01")
    assert "canonical" not in page("/changes/", code=400, colour="red")


@pytest.mark.parametrize(
    "address",
    [
        "/commitments/join-the-pact/?as_of=2026-03-01",
        "/zh-hans/commitments/?status=announced&amp;partner=asean",
        "/changes/?entry=status",
    ],
)
def test_networks_are_told_the_very_page_that_was_shared(page, record, address):
    """They show and open og:url in place of the link that was passed on."""
    html = page(f"{address.replace('&amp;', '&')}&utm_source=x")
    assert f'<meta property="og:url" content="{SITE}{address}">' in html


def test_shared_link_shows_title_status_and_picture(client, page, record):
    html = page("/commitments/join-the-pact/")
    told = dict(re.findall(r'<meta property="og:([a-z:_]+)" content="([^"]*)">', html))
    assert told["title"] == "1.2 Join the pact at once &amp; here: Under way"
    assert told["url"] == f"{SITE}/commitments/join-the-pact/"
    assert client.get(told["image"].removeprefix(SITE)).status_code == 200
    assert told["site_name"] == configured.SITE_NAME


def data_blocks(html):
    pattern = r'<script type="application/ld\+json">(.*?)</script>'
    return [json.loads(text) for text in re.findall(pattern, html, re.DOTALL)]


def test_data_page_describes_the_data_set(client, page, record):
    (told,) = data_blocks(page("/data/"))
    assert told["@type"] == "Dataset"
    assert told["license"].startswith("https://creativecommons.org/licenses/by/4.0")
    assert told["temporalCoverage"] == "2026-01-01/2030-12-31"
    assert told["dateModified"] == "2026-09-02"
    assert 50 <= len(told["description"]) <= 5000
    for file in told["distribution"]:
        answer = client.get(file["contentUrl"].removeprefix(SITE))
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith(file["encodingFormat"])


def parts(html):
    (told,) = data_blocks(html)
    return {part["@type"]: part for part in told["@graph"]}


def test_a_commitment_is_described_as_a_report(page, record):
    told = parts(page("/commitments/join-the-pact/"))
    # A promise is no claim of fact: it is not reviewed as one.
    assert list(told) == ["Report"]
    report = told["Report"]
    assert report["headline"] == "Join the pact at once & here"
    assert report["reportNumber"] == "1.2"
    assert report["creativeWorkStatus"] == "Under way"
    assert report["abstract"] == "The notice was a draft."
    assert (report["datePublished"], report["dateModified"]) == (
        *("2026-07-03", "2026-08-02"),
    )
    assert {one["name"] for one in report["about"]} == {"Ministry of Commerce", "ASEAN"}
    assert all(one["url"].startswith("https://") for one in report["citation"])
    assert report["isPartOf"]["@id"] == f"{SITE}/data/"


def test_a_claim_is_reviewed_only_where_a_body_made_one(page, record):
    told = parts(page("/commitments/build-a-zone/"))
    review = told["ClaimReview"]
    assert review["claimReviewed"].startswith("Ministry of Commerce has declared comp")
    claim = review["itemReviewed"]
    assert claim["author"]["name"] == "Ministry of Commerce"
    assert claim["datePublished"] == "2026-06-01"
    assert len(claim["appearance"]) == 1
    # In words: there is no scale on which a delivery status would stand.
    assert review["reviewRating"]["alternateName"] == "Announced"
    assert "ratingValue" not in review["reviewRating"]
    reviewed = [
        one.slug
        for one in (*record.all, record.withdrawn)
        if "ClaimReview" in parts(page(one.get_absolute_url()))
    ]
    assert reviewed == ["build-a-zone"]


def test_a_past_day_is_not_described_as_what_stands(page, record):
    assert data_blocks(page("/commitments/build-a-zone/", as_of="2026-10-01")) == []


def test_in_chinese_the_english_texts_say_their_language(page, record):
    report = parts(page("/zh-hans/commitments/join-the-pact/"))["Report"]
    assert report["inLanguage"] == "zh-Hans"
    assert report["headline"] == "加入协定"
    assert report["abstract"] == {
        "@value": "The notice was a draft.",
        "@language": "en",
    }


KINDS = ("application/atom+xml", "application/feed+json", "text/calendar")


@pytest.mark.parametrize(
    ("address", "query"),
    [
        ("/", ""),
        ("/commitments/", ""),
        (
            "/commitments/?status=-delivered&view=cards&q=pact",
            "q=pact&status=-delivered",
        ),
        ("/zh-hans/commitments/?body=mofcom", "body=mofcom"),
        ("/commitments/join-the-pact/", "commitment=join-the-pact"),
        ("/bodies/mofcom/", "body=mofcom"),
        ("/partners/asean/", "partner=asean"),
        ("/topics/trade/", "topic=trade"),
        ("/commitments/?pillar=2", "pillar=2"),
    ],
)
def test_a_page_leads_to_its_own_feeds_and_calendar(
    client, page, record, address, query
):
    head = page(address).split("</head>")[0]
    found = dict(
        re.findall(
            r'<link rel="alternate" type="([^"]+)" title="[^"]+" href="([^"]+)">', head
        )
    )
    for kind in KINDS:
        link = found[kind].replace("&amp;", "&")
        assert link.partition("?")[2] == query
        answer = client.get(link)
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith(kind)


def test_data_block_cannot_end_its_element():
    block = dataset.block({"name": "</script><script>alert(1)</script>&"})
    assert block.count("<") == 2
    assert data_blocks(block) == [{"name": "</script><script>alert(1)</script>&"}]


def test_tables_count_what_the_api_lists(client, page, record):
    html = page("/data/")
    rows = re.findall(
        r'<td class="r">(\d+)</td><td class="nw pl"><a href="([^"]+)"[^>]*>JSON', html
    )
    assert len(rows) == 8
    for count, address in rows:
        told = client.get(address).json()["results"]
        if address.endswith("/sources/"):
            detail = client.get(f"{address}{told[0]['slug']}/").json()
            told = detail["passages"]
        assert len(told) == int(count), address


@pytest.mark.parametrize("name", ["data", "about"])
def test_empty_record_is_shown(page, db, today, name):
    assert "<h1>" in page(f"/{name}/")


def test_contact_is_shown_where_there_is_one(page, db, today, settings):
    assert "have not given an address yet" in page("/about/")
    settings.CONTACT = "desk@example.org"
    assert 'href="mailto:desk@example.org"' in page("/about/")
    settings.CONTACT = "https://example.org/@desk"
    assert 'href="https://example.org/@desk"' in page("/about/")


def test_contact_that_is_no_address_stops_the_start():
    from config import settings as module

    assert module.contact("") == ""
    assert module.contact(" desk@example.org ") == "desk@example.org"
    with pytest.raises(ImproperlyConfigured, match="TRACKER_CONTACT"):
        module.contact("javascript:alert(1)")


@pytest.mark.parametrize("address", ["/favicon.ico", "/apple-touch-icon.png"])
def test_what_browsers_look_for_unasked_is_the_mark(client, db, address):
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(address)
    assert not asked.captured_queries
    assert answer["Content-Type"] == "image/png"
    assert answer["Cache-Control"].startswith("public, max-age=")
    # Readers of feeds show it on pages of their own.
    assert answer["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert len(answer.content) < 2_000
    with Image.open(io.BytesIO(answer.content)) as mark:
        assert mark.size == (180, 180)
    assert client.head(address)["Content-Type"] == "image/png"
