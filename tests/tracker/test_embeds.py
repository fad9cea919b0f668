import json
import re
from html import unescape
from urllib.parse import urlencode
from xml.etree import ElementTree

import pytest
from django.conf import settings as configured
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commitments.statuses import Status
from tests.factories import CommitmentFactory, DraftFactory, assess
from tracker import pictures

CARD, LINE = "/embed/join-the-pact/", "/embed/timeline/join-the-pact/"
BAR, BADGE = "/embed/status-bar/", "/embed/join-the-pact.svg"
LINE_BADGE, BAR_BADGE = "/embed/timeline/join-the-pact.svg", "/embed/status-bar.svg"
FRAMED = [CARD, LINE, BAR, BADGE, LINE_BADGE, BAR_BADGE]


@pytest.mark.parametrize("address", FRAMED)
def test_embed_may_be_framed_anywhere_and_sets_no_cookie(client, record, address):
    answer = client.get(address)
    assert answer.status_code == 200
    assert "frame-ancestors *" in answer["Content-Security-Policy"]
    assert "default-src 'none'" in answer["Content-Security-Policy"]
    assert "X-Frame-Options" not in answer
    assert not answer.cookies
    assert "Cookie" not in answer.get("Vary", "")


@pytest.mark.parametrize(
    "address", ["/", "/data/", "/changes/", "/commitments/cut-the-list/"]
)
def test_no_other_page_may_be_framed(client, record, address):
    answer = client.get(address)
    assert "frame-ancestors 'none'" in answer["Content-Security-Policy"]
    assert answer["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize("address", [CARD, LINE, BAR])
def test_embed_runs_no_script_and_leads_out_of_the_frame(page, record, address):
    html = page(address)
    assert "<script" not in html
    assert ' style="' not in html
    assert '<base target="_blank">' in html
    assert 'content="noindex"' in html


def test_card_says_what_where_and_since_when(page, record):
    html = page(CARD)
    assert "Join the pact at once &amp; here" in html
    assert "Under way" in html
    assert ">1 Mar 2026<" in html
    assert "The notice was a draft." in html
    assert 'class="chart strip"' in html


def test_past_day_is_answered_as_of_then(page, record):
    html = page(CARD, as_of="2026-02-01")
    assert "Announced" in html
    assert "as of" in html
    assert "Join the pact now" in html


def test_untrackable_and_withdrawn_say_so(page, record):
    assert "Names no act at all." in page("/embed/be-open/")
    assert "No longer tracked" in page("/embed/gone/")
    for kind in ("", "timeline/"):
        assert "No longer tracked" in page(f"/embed/{kind}gone.svg")
        assert "Not trackable" in page(f"/embed/{kind}be-open.svg")


@pytest.mark.parametrize(
    "address",
    ["/embed/{}/", "/embed/timeline/{}/", "/embed/{}.svg", "/embed/timeline/{}.svg"],
)
def test_merged_leads_to_its_successor(client, record, address):
    answer = client.get(address.format("joined"))
    assert answer.status_code == 301
    assert answer["Location"] == address.format("join-the-pact")
    past = client.get(address.format("joined"), {"as_of": "2026-11-20"})
    assert past["Location"] == f"{address.format('join-the-pact')}?as_of=2026-11-20"

    asked = "?theme=dark&as_of=2026-09-03"
    answer = client.get(address.format("joined") + asked)
    assert answer["Location"] == address.format("join-the-pact") + asked


@pytest.mark.parametrize(
    "address",
    ["/embed/{}/", "/embed/timeline/{}/", "/embed/{}.svg", "/embed/timeline/{}.svg"],
)
def test_unknown_and_draft_are_404_and_still_framed(client, record, address):
    draft = DraftFactory(title="Secret plan")
    for slug in ("nowhere", draft.slug):
        answer = client.get(address.format(slug))
        assert answer.status_code == 404
        assert "frame-ancestors *" in answer["Content-Security-Policy"]
        assert b"Secret" not in answer.content


@pytest.mark.parametrize("address", [CARD, LINE, BAR])
def test_theme_is_fixed_by_the_address(page, record, address):
    assert 'data-theme="dark"' in page(address, theme="dark")
    assert "data-theme" not in page(address)
    assert "is no theme" in page(address, code=400, theme="red")
    assert "calendar" in page(address, code=400, as_of="x")


def test_bar_counts_as_the_api_does(client, page, record):
    html = page(BAR)
    stats = client.get("/api/v1/stats/").json()
    key = html[html.index('<ul class="key"') :]
    counts = [int(n) for n in re.findall(r"<b>(\d+)</b>", key)]
    assert counts == [n for n in stats["status"].values() if n]
    assert f"Where {stats['trackable']} opening-up commitments stand" in html


@pytest.mark.parametrize("address", FRAMED)
def test_queries_do_not_grow(client, record, address):
    with CaptureQueriesContext(connection) as few:
        client.get(address)
    for _ in range(3):
        assess(CommitmentFactory())
    with CaptureQueriesContext(connection) as many:
        client.get(address)
    assert len(many) == len(few)


@pytest.mark.parametrize(
    "address", [BADGE, LINE_BADGE, BAR_BADGE, "/embed/nowhere.svg"]
)
def test_pictures_are_whole_svg(client, record, address):
    answer = client.get(address)
    assert answer["Content-Type"] == "image/svg+xml; charset=utf-8"
    assert ElementTree.fromstring(answer.content).tag.endswith("svg")
    assert b"style" not in answer.content


def test_badge_says_ref_and_status_in_words(client, record):
    text = client.get(BADGE).content.decode()
    assert "<title>1.2: Under way</title>" in text


def test_timeline_badge_says_how_it_moved(client, record):
    text = client.get(LINE_BADGE).content.decode()
    assert "Announced from 10 Jan 2026; Under way from 1 Mar 2026" in text
    assert "promised for 1 Mar 2027" in text
    then = client.get(LINE_BADGE, {"as_of": "2026-02-01"}).content.decode()
    assert "announced on 1 Feb 2026" in then
    assert "Under way" not in then


def test_bar_badge_counts_as_the_api_does(client, record):
    text = client.get(BAR_BADGE).content.decode()
    told = client.get("/api/v1/stats/").json()["status"]
    for status, count in told.items():
        words = f">{Status(status).label} {count}<" if status in Status.values else ""
        assert (words in text) is bool(count) or not words


@pytest.mark.parametrize("address", [LINE_BADGE, BAR_BADGE, BADGE])
def test_impossible_day_is_refused_by_badges(client, record, address):
    assert client.get(address, {"as_of": "x"}).status_code == 400


def test_colours_of_pictures_are_those_of_the_style_sheet():
    css = (configured.BASE_DIR / "static/tracker.css").read_text()
    for status, colour in pictures.COLOURS.items():
        assert f"--{status.replace('_', '-')}: {colour}" in css
    assert set(pictures.COLOURS) == set(Status)


@pytest.mark.parametrize("status", ["", *Status])
def test_each_badge_has_the_icon_of_its_status(status):
    drawn = pictures.badge(ref="1.1", status=status)
    assert re.search(r'viewBox="0 0 16 16"[^>]*><(circle|path|g)', drawn)


def oembed(client, code=200, **query):
    answer = client.get("/oembed/", query)
    assert answer.status_code == code, answer.content
    return answer


def address_of(path="/commitments/join-the-pact/"):
    return configured.SITE_URL + path


def test_oembed_gives_the_card_of_an_address(client, record):
    told = json.loads(oembed(client, url=address_of()).content)
    assert (told["version"], told["type"]) == ("1.0", "rich")
    assert told["title"] == "1.2 Join the pact at once & here"
    source = re.search(r'src="([^"]+)"', told["html"])[1]
    assert source == configured.SITE_URL + CARD
    assert f'width="{told["width"]}" height="{told["height"]}"' in told["html"]


@pytest.mark.parametrize("path", ["", "/zh-hans", "/commitments/join-the-pact"])
def test_oembed_knows_an_address_as_it_is_typed(client, record, path):
    typed, whole = (address_of(f"{path}{end}") for end in ("", "/"))
    assert oembed(client, url=typed).content == oembed(client, url=whole).content


def test_oembed_speaks_xml_and_keeps_the_day(client, record):
    url = address_of() + "?" + urlencode({"as_of": "2026-02-01"})
    root = ElementTree.fromstring(oembed(client, url=url, format="xml").content)
    assert root.findtext("type") == "rich"
    assert "?as_of=2026-02-01" in root.findtext("html")


def test_oembed_keeps_to_the_space_there_is(client, record):
    told = oembed(client, url=address_of(), maxwidth="320", maxheight="9").json()
    assert (told["width"], told["height"]) == (320, 200)


@pytest.mark.parametrize(
    ("code", "query"),
    [
        (400, {}),
        (404, {"url": "https://elsewhere.example/commitments/join-the-pact/"}),
        (404, {"url": address_of("/commitments/nowhere/")}),
        (404, {"url": address_of("/method/")}),
        (404, {"url": address_of("/x/y/z")}),
        (404, {"url": address_of() + "?as_of=x"}),
        (404, {"url": "http://[broken"}),
        (501, {"url": address_of(), "format": "yaml"}),
        (400, {"url": address_of(), "maxwidth": "wide"}),
    ],
)
def test_oembed_refuses_with_words(client, record, code, query):
    answer = oembed(client, code=code, **query)
    assert len(answer.content) > 10


def test_a_draft_has_no_oembed(client, db):
    draft = DraftFactory(title="Secret plan")
    answer = oembed(client, code=404, url=address_of(f"/commitments/{draft.slug}/"))
    assert b"Secret" not in answer.content


@pytest.mark.parametrize("kind", ["json", "xml"])
@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("/commitments/join-the-pact/", CARD),
        ("/commitments/join-the-pact/?as_of=2026-06-01", CARD + "?as_of=2026-06-01"),
        ("/", BAR),
        (CARD, CARD),
        (LINE, LINE),
        (BAR, BAR),
    ],
)
def test_page_leads_to_its_oembed(client, page, record, kind, address, shown):
    html = page(address)
    link = re.search(
        rf'type="(?:application|text)/{kind}\+oembed"[^>]*href="([^"]+)"', html
    )[1]
    path = unescape(link).removeprefix(configured.SITE_URL)
    answer = client.get(path)
    assert answer.status_code == 200
    assert f'src="{configured.SITE_URL}{shown}"' in unescape(
        answer.json()["html"] if kind == "json" else answer.content.decode()
    )


@pytest.mark.parametrize("address", ["/data/", "/commitments/join-the-pact/"])
def test_code_to_copy_is_shown_and_not_run(page, record, address):
    html = page(address)
    assert "<code>&lt;iframe src=&quot;" in html
    assert "<code><iframe" not in html
