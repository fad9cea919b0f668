"""The pages in English and in Simplified Chinese, from outside."""

import json
import re
from datetime import date
from urllib.parse import quote
from xml.etree import ElementTree

import feedparser
import pytest
from django.conf import settings
from django.urls import reverse
from django.utils import translation
from icalendar import Calendar

from commitments.models import Body, Commitment
from commitments.statuses import Precision, Status
from scripts import messages
from tracker import languages, writing
from tracker.languages import CHINESE, ENGLISH
from tracker.templatetags import words

CHINESE_SIGN = re.compile("[\u4e00-\u9fff]")


@pytest.fixture
def chinese(client):
    """Fetch a page in Chinese: ``chinese(path, code=200)``."""

    def fetched(path, code=200, **query):
        answer = client.get("/zh-hans" + path, query)
        assert answer.status_code == code, path
        return answer.content.decode()

    return fetched


def test_every_text_of_the_code_is_translated_and_compiled():
    """No message is missing, fuzzy, empty or unused; placeholders agree."""
    assert messages.problems() == []


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"string": ""}, "not translated"),
        ({"string": "%(m)s 项"}, "placeholders differ"),
        ({"string": "%(n)s <i>项</i>"}, "elements differ"),
        ({"string": "%(n)s 项", "flags": ["fuzzy"]}, "fuzzy"),
    ],
)
def test_a_translation_that_is_not_whole_is_found(wrong, told):
    message = messages.Message("%(n)s parts", **wrong)
    assert told in " ".join(messages._wrong(message))


def test_a_text_that_was_not_taken_is_found(monkeypatch):
    catalog = messages.taken()
    catalog.add("A text of tomorrow")
    monkeypatch.setattr(messages, "taken", lambda: catalog)
    assert "missing: 'A text of tomorrow'" in messages.problems()


def test_the_language_is_decided_by_the_address_alone(client, record):
    asked = {"HTTP_ACCEPT_LANGUAGE": "zh-CN,zh;q=0.9"}
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    english, chinese = client.get("/", **asked), client.get("/zh-hans/")
    assert '<html lang="en">' in english.content.decode()
    assert english["Content-Language"] == "en"
    assert '<html lang="zh-Hans">' in chinese.content.decode()
    assert chinese["Content-Language"] == "zh-Hans"
    assert "Accept-Language" not in english.get("Vary", "")


def test_the_language_of_one_request_does_not_reach_the_next(client, record):
    client.get("/zh-hans/")
    assert client.get("/nope/").content.decode().count("Page not found")
    assert reverse("home") == "/"


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("/", "/zh-hans/"),
        ("/zh-hans/", "/"),
        ("/changes/?entry=status&pillar=1", "/zh-hans/changes/?entry=status&pillar=1"),
        ("/zh-hans/commitments/?q=%E5%A4%96", "/commitments/?q=%E5%A4%96"),
        ("/zh-hans//example.org/", "/%2Fexample.org/"),
    ],
)
def test_each_page_leads_to_itself_in_the_other_language(client, record, here, there):
    html = client.get(here).content.decode()
    other = "en" if here.startswith("/zh") else "zh-Hans"
    link = f'href="{there.replace("&", "&amp;")}" lang="{other}" hreflang="{other}"'
    assert html.count(link) == 2  # in the header, and in the menu of phones


def test_search_engines_find_each_language_at_its_address(chinese, record):
    html = chinese("/method/")
    assert f'<link rel="canonical" href="{settings.SITE_URL}/zh-hans/method/">' in html
    for tag, path in (
        ("en", "/method/"),
        ("x-default", "/method/"),
        ("zh-Hans", "/zh-hans/method/"),
    ):
        address = f'hreflang="{tag}" href="{settings.SITE_URL}{path}"'
        assert f'<link rel="alternate" {address}>' in html


def test_the_sitemap_lists_each_page_in_both_languages(client, record):
    tree = ElementTree.fromstring(client.get("/sitemap.xml").content)
    space = "{http://www.sitemaps.org/schemas/sitemap/0.9}"
    found = {
        url.find(f"{space}loc").text: {
            link.get("hreflang"): link.get("href")
            for link in url.iter("{http://www.w3.org/1999/xhtml}link")
        }
        for url in tree
    }
    path = record.delivered.get_absolute_url()
    twins = {
        "en": settings.SITE_URL + path,
        "zh-Hans": f"{settings.SITE_URL}/zh-hans{path}",
    }
    assert found[twins["en"]] == found[twins["zh-Hans"]] == twins


def test_robots_leave_the_filters_of_both_languages_alone(client):
    text = client.get("/robots.txt").content.decode()
    assert "Disallow: /commitments/?" in text
    assert "Disallow: /zh-hans/commitments/?" in text


@pytest.mark.parametrize(
    "path",
    ["/api/v1/", "/admin/", "/sitemap.xml", "/robots.txt", "/commitments.csv"],
)
def test_what_machines_and_the_desk_read_has_one_address(client, record, path):
    assert client.get("/zh-hans" + path).status_code == 404


def test_the_api_stays_english(client, record):
    client.get("/zh-hans/")
    slug = record.delivered.slug
    told = client.get(f"/api/v1/commitments/{slug}/").json()
    assert "zh-hans" not in json.dumps(told)
    bad = client.get("/api/v1/commitments/?status=x").json()
    assert not CHINESE_SIGN.search(json.dumps(bad, ensure_ascii=False))


def test_a_title_is_shown_in_chinese_where_the_record_has_one(chinese, record):
    html = chinese(record.moved.get_absolute_url())
    assert "<h1>加入协定</h1>" in html
    assert '<p class="fine" lang="en">Join the pact at once &amp; here</p>' in html
    for page in ("/commitments/", "/changes/", "/bodies/mofcom/"):
        assert ">加入协定</a>" in chinese(page) or " 加入协定</a>" in chinese(page)


def test_a_title_without_chinese_is_english_and_says_so(chinese, record):
    Commitment.objects.filter(pk=record.delivered.pk).update(title_zh="")
    label = '<span lang="en">Cut the list</span><small class="eo">（仅英文）</small>'
    assert f"<h1>{label}</h1>" in chinese(record.delivered.get_absolute_url())
    for page in ("/", "/commitments/", "/changes/"):
        assert label in chinese(page).replace("1.1 Cut", "Cut")


def test_english_pages_say_nothing_of_english(client, record):
    Commitment.objects.update(title_zh="")
    for path in ("/", "/commitments/", record.delivered.get_absolute_url()):
        assert 'class="eo"' not in client.get(path).content.decode()


def test_texts_that_are_english_only_are_labelled_never_blank(chinese, record):
    one = record.delivered
    html = chinese(one.get_absolute_url())
    assert f'<span lang="en">{one.statement}</span><small class="eo">' in html
    assert '"></p>' not in html


def test_bodies_partners_and_topics_have_their_chinese_names(chinese, record):
    Body.objects.filter(slug="mofcom").update(name_zh="商务部")
    html = chinese("/bodies/mofcom/")
    assert "<h1>商务部</h1>" in html
    assert '<p class="fine" lang="en">Ministry of Commerce</p>' in html
    assert "商务部" in chinese("/commitments/")


def test_a_chinese_search_finds_and_marks_the_chinese_title(chinese, client, record):
    html = chinese("/commitments/", q="加入协定")
    assert "<mark>加入协定</mark></a>" in html
    assert "1项承诺" in html
    english = client.get("/commitments/?q=" + quote("加入协定")).content.decode()
    assert "<b>Title (Chinese):</b> <mark>加入协定</mark>" in english
    assert "1 commitment<" in english


def test_a_text_that_is_chinese_already_is_not_called_english():
    with translation.override(CHINESE.code):
        assert words.english("据商务部2026年3月公告") == "据商务部2026年3月公告"
        assert "仅英文" in words.english("The notice (商务部公告) is in force.")


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("/nope/", 404),
        ("/commitments/nope/", 404),
        ("/commitments/?status=x", 400),
        ("/commitments/?as_of=2026-02-30", 400),
        ("/commitments/?colour=red", 400),
        ("/changes/?before=x", 400),
        ("/changes/?q=%00", 400),
        ("/changes/%ff/", 400),
        ("/compare/?from=x", 400),
        ("/embed/nope/", 404),
        ("/embed/status-bar/?theme=x", 400),
        ("/commitments/?q=" + "a" * 300, 400),
    ],
)
def test_errors_are_told_in_chinese(client, record, path, code):
    answer = client.get("/zh-hans" + path)
    html = answer.content.decode()
    assert answer.status_code == code
    assert '<html lang="zh-Hans"' in html
    heading = re.search("<h1>(.*?)</h1>", html)[1]
    assert CHINESE_SIGN.search(heading)


def test_the_feeds_tell_in_chinese_with_the_same_ids(client, record):
    english = feedparser.parse(client.get("/feeds/changes.atom").content)
    chinese = feedparser.parse(client.get("/zh-hans/feeds/changes.atom").content)
    assert chinese.feed.language == "zh-Hans"
    assert [e.id for e in chinese.entries] == [e.id for e in english.entries]
    assert all("/zh-hans/" in entry.link for entry in chinese.entries)
    assert all(CHINESE_SIGN.search(entry.title) for entry in chinese.entries)
    told = client.get("/zh-hans/feeds/changes.json").json()
    assert told["language"] == "zh-Hans"


def test_the_calendar_tells_in_chinese_with_the_same_ids(client, record):
    english = Calendar.from_ical(client.get("/feeds/dates.ics").content)
    chinese = Calendar.from_ical(client.get("/zh-hans/feeds/dates.ics").content)
    assert [e["uid"] for e in chinese.walk("VEVENT")] == [
        e["uid"] for e in english.walk("VEVENT")
    ]
    assert all(CHINESE_SIGN.search(e["summary"]) for e in chinese.walk("VEVENT"))


def test_an_embed_is_asked_for_in_the_language_of_its_page(client, record):
    page = settings.SITE_URL + "/zh-hans" + record.delivered.get_absolute_url()
    told = client.get("/oembed/", {"url": page}).json()
    assert "/zh-hans/embed/" in told["html"]
    html = client.get(f"/zh-hans/embed/{record.delivered.slug}/").content.decode()
    assert '<html lang="zh-Hans"' in html
    assert "已落实" in html


@pytest.mark.parametrize(
    ("precision", "english", "chinese"),
    [
        (Precision.DAY, "24 Nov 2026", "2026年11月24日"),
        (Precision.MONTH, "Nov 2026", "2026年11月"),
        (Precision.QUARTER, "Q4 2026", "2026年第4季度"),
        (Precision.YEAR, "2026", "2026年"),
        (Precision.PLAN_PERIOD, "end of 2026", "2026年底"),
    ],
)
def test_days_are_written_no_finer_than_known(precision, english, chinese):
    day = date(2026, 11, 24)
    assert writing.day(day, precision) == english
    with translation.override(CHINESE.code):
        assert writing.day(day, precision) == chinese
    assert writing.day(day, precision) == english


@pytest.mark.parametrize("status", Status)
def test_each_status_has_a_word_of_its_own_in_chinese(status):
    with translation.override(CHINESE.code):
        labels = [str(one.label) for one in Status]
        assert CHINESE_SIGN.search(str(status.label))
    assert len(set(labels)) == len(labels)


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("/", ENGLISH),
        ("/zh-hans", CHINESE),
        ("/zh-hans/", CHINESE),
        ("/zh-hans/changes/", CHINESE),
        ("/zh-hansel/", ENGLISH),
        ("/api/v1/zh-hans/", ENGLISH),
        ("/ZH-HANS/", ENGLISH),
    ],
)
def test_the_language_of_an_address_is_read_from_its_beginning(path, language):
    assert languages.of_path(path) is language


def test_a_page_keeps_its_number_of_queries_in_chinese(
    client, record, django_assert_max_num_queries
):
    with django_assert_max_num_queries(40) as english:
        client.get("/commitments/")
    with django_assert_max_num_queries(len(english)):
        client.get("/zh-hans/commitments/")
