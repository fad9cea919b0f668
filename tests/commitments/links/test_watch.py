"""Watched sources bring new documents, once each, to the right commitments."""

from collections import Counter
from datetime import date, timedelta

import pytest
from django.core.management import call_command

from commitments import matching, services
from commitments.models import (
    Flag,
    Suggestion,
    WatchedSource,
)
from tests.factories import EvidenceFactory

from .sources import LDC, feed, read_all, source
from .web import article, html

pytestmark = pytest.mark.django_db


def test_a_new_document_reaches_its_commitment(web, run, clock, tariffs, others):
    source()
    web.pages["news.test/feed"] = feed(("Zero tariff extended", "http://news.test/1"))
    web.pages["news.test/1"] = html(LDC * 3)

    assert read_all(run) >= Counter(polled=1, found=1, read=1)

    one = Suggestion.objects.get()
    assert (one.state, one.title) == ("open", "Zero tariff extended")
    assert one.published_on == date(2026, 11, 23)
    best = one.matches.first()
    assert (best.commitment, best.is_best) == (tariffs, True)
    services.flag_commitments(on=clock.now.date(), at=clock.now)
    flag = Flag.objects.open().get(reason="new_evidence")
    assert (flag.commitment, flag.since_on) == (tariffs, one.found_at.date())


def test_what_matches_nothing_waits_unasked(web, run, clock, tariffs, others):
    source()
    web.pages["news.test/feed"] = feed(("Cat show", "http://news.test/1"))
    web.pages["news.test/1"] = html("Many cats were seen at the show in town. " * 5)

    read_all(run)

    assert Suggestion.objects.get().state == "unlikely"
    services.flag_commitments(on=clock.now.date(), at=clock.now)
    assert not Flag.objects.open().filter(reason="new_evidence").exists()


def test_a_document_is_suggested_once_however_written(web, run, tariffs):
    EvidenceFactory(url="https://news.test/known")
    source()
    web.pages["news.test/feed"] = feed(
        ("One", "http://news.test/1"),
        ("One again", "https://www.news.test/1/?utm_source=x#part"),
        ("Known", "http://news.test/known/"),
        ("Script", "javascript:alert(1)"),
        ("Inside", "http://user:word@news.test/"),
        ("Nothing", ""),
    )
    web.pages["news.test/1"] = html(LDC * 3)

    read_all(run)
    read_all(run)

    assert [one.url for one in Suggestion.objects.all()] == ["http://news.test/1"]


def test_the_same_text_is_merged(web, run, tariffs, others):
    source()
    web.pages["news.test/feed"] = feed(
        ("One", "http://news.test/1"), ("Two", "http://news.test/2")
    )
    web.pages["news.test/1"] = web.pages["news.test/2"] = html(LDC * 3)

    read_all(run)

    first, second = Suggestion.objects.order_by("pk")
    assert (first.state, second.state, second.same_as) == ("open", "duplicate", first)


def test_the_text_of_a_kept_copy_is_known(web, run, clock, tariffs):
    known = EvidenceFactory(url="http://other.test/x")
    web.pages["other.test/x"] = html(LDC * 3)
    services.check_links(clock=clock, seconds=20)
    source()
    web.pages["news.test/feed"] = feed(("One", "http://news.test/1"))
    web.pages["news.test/1"] = html(LDC * 3)

    read_all(run)

    one = Suggestion.objects.get()
    assert (one.state, one.evidence) == ("duplicate", known)


def test_a_list_page_is_learned_first_and_then_watched(web, run, tariffs):
    source(kind="list", url="http://news.test/list/")
    page = "<html><a href='/about.html'>About this ministry</a>{}</html>"
    web.pages["news.test/list/"] = page.format("").encode()
    assert read_all(run)["found"] == 0
    more = (
        "<a href='../doc/1.html'>Zero tariff for least developed countries</a>"
        "<a href='../doc/2.html'>Short</a>"
        "<a href='http://elsewhere.test/doc/3.html'>Another site altogether</a>"
        "<a href='mailto:x@news.test'>Write to the ministry</a>"
    )
    web.pages["news.test/list/"] = page.format(more).encode()
    web.pages["news.test/doc/1.html"] = html(LDC * 3)

    assert read_all(run)["found"] == 0
    assert run(hours=25)["found"] == 1
    read_all(run)

    assert Suggestion.objects.get().url == "http://news.test/doc/1.html"


def test_a_source_is_asked_at_its_interval_and_only_for_what_is_new(web, run):
    def page(handler):
        if handler.headers.get("If-None-Match") == '"1"':
            return web.play(handler, (304, {}, b""))
        return web.play(handler, (200, {"ETag": '"1"'}, feed()))

    one = source(every_hours=6)
    web.pages["news.test/feed"] = page

    assert run() == Counter(polled=1)
    assert run(hours=5) == Counter()
    assert run(hours=2) == Counter(polled=1)
    assert web.conditions[-1] == '"1"'
    one.refresh_from_db()
    assert one.outcome == ""


def test_a_source_that_is_off_is_not_asked(web, run):
    source(url="http://off.test/").enabled = False
    WatchedSource.objects.update(enabled=False)

    assert run() == Counter()
    assert not web.asked


BOMB = b"""<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aaaaaaaaaa">
<!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">
<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;">]>
<rss version="2.0"><channel><item><title>&e;</title>
<link>http://news.test/1</link></item></channel></rss>"""


@pytest.mark.parametrize(
    "page",
    [
        404,
        500,
        b"",
        b"\x89PNG\r\n\x1a\n",
        b"\0\xff\xfe" * 99,
        b"<rss><channel><item><title>x",
        html("No feed at all."),
        BOMB,
        (200, {"Content-Encoding": "gzip"}, b"broken"),
    ],
)
def test_a_hostile_source_is_told_and_stops_nothing(web, run, page):
    bad = source()
    good = source(url="http://good.test/feed")
    web.pages["news.test/feed"] = page
    web.pages["good.test/feed"] = feed(("Good", "http://good.test/1"))
    web.pages["good.test/1"] = html(LDC)

    read_all(run)

    bad.refresh_from_db()
    good.refresh_from_db()
    assert good.outcome == ""
    assert Suggestion.objects.filter(url="http://good.test/1").exists()
    assert all(len(one.title) <= 300 for one in Suggestion.objects.all())


def test_a_document_that_cannot_be_read_is_tried_three_times(web, run, tariffs, others):
    source()
    title = "Zero tariff treatment for all least developed countries"
    web.pages["news.test/feed"] = feed((title, "http://news.test/1"))
    web.pages["news.test/1"] = 500

    read_all(run)
    assert Suggestion.objects.get().state == "reading"
    for _ in range(3):
        run(hours=7)

    one = Suggestion.objects.get()
    assert (one.state, one.attempts) == ("open", 3)
    assert "500" in one.failure


def test_a_run_that_is_killed_leaves_its_work_to_the_next(web, run, monkeypatch):
    source()
    web.pages["news.test/feed"] = feed(("One", "http://news.test/1"))
    web.pages["news.test/1"] = html(LDC)
    with monkeypatch.context() as patch:
        patch.setattr("commitments.services.watch.record_poll", killed)
        with pytest.raises(SystemExit):
            run()
    assert not Suggestion.objects.exists()

    run(minutes=3)

    assert Suggestion.objects.count() == 1


def killed(*args, **kwargs):
    raise SystemExit("killed")


def test_the_shipped_sources_come_switched_off_and_stay_as_they_are(db, capsys):
    call_command("add_watched_sources")
    count = WatchedSource.objects.count()
    assert count >= 20
    assert not WatchedSource.objects.filter(enabled=True).exists()
    WatchedSource.objects.filter(pk=WatchedSource.objects.first().pk).update(
        enabled=True, name="Ours"
    )

    call_command("add_watched_sources")

    assert WatchedSource.objects.count() == count
    assert WatchedSource.objects.filter(enabled=True, name="Ours").count() == 1


def test_matching_finds_the_commitments_of_the_catalogue(db, capsys):
    call_command("load_catalogue")
    call_command("measure_matching")

    told = capsys.readouterr().out
    found, documents = matching.recall()
    assert f"recall at 5: {found[5]:.3f}" in told
    assert documents > 100
    assert found[5] >= 0.8
    assert found[1] <= found[5] <= found[10]


def test_chinese_titles_match(tariffs, others):
    found = matching.index().match("国务院关税税则委员会：对最不发达国家实施零关税")

    assert found[0].commitment_id == tariffs.pk


def test_asking_for_the_index_takes_a_fixed_number_of_queries(
    tariffs, others, django_assert_num_queries
):
    with django_assert_num_queries(6):
        matching.index()


def test_the_task_does_both(web, clock, monkeypatch, settings):
    from commitments import tasks

    source()
    web.pages["news.test/feed"] = feed(("One", "http://news.test/1"))
    web.pages["news.test/1"] = article()
    tasks.watch_sources()
    assert Suggestion.objects.exists()

    settings.LINK_CHECKS = False
    WatchedSource.objects.update(next_at=clock.now - timedelta(days=999))
    asked = sum(web.asked.values())
    tasks.watch_sources()
    tasks.check_links()
    assert sum(web.asked.values()) == asked
