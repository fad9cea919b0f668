"""Watched sources bring new documents, once each, to the right commitments."""

from collections import Counter
from datetime import date, timedelta

import pytest
from django.core.management import call_command

from commitments import matching, services
from commitments.models import (
    Evidence,
    Flag,
    HistoryEntry,
    Suggestion,
    WatchedSource,
)
from tests.commitments import desk
from tests.factories import CommitmentFactory, EvidenceFactory

from .test_links import Clock
from .web import article, html

pytestmark = pytest.mark.django_db
LDC = (
    "The Customs Tariff Commission decided that the zero tariff treatment of 100 % of "
    "tariff lines for least developed countries is extended to further countries. "
)


@pytest.fixture
def clock(now):
    return Clock(now)


@pytest.fixture
def run(web, clock):
    def run(**span):
        clock.forward(**span)
        return Counter(services.watch_sources(clock=clock, seconds=20))

    return run


@pytest.fixture
def tariffs(db):
    return CommitmentFactory(
        title="Zero tariff treatment for all least developed countries",
        title_zh="给予最不发达国家零关税待遇",
        statement="Goods of 100 % of tariff lines from least developed countries.",
    )


@pytest.fixture
def others(db):
    return [CommitmentFactory(title=f"Open sector {n} of services") for n in range(9)]


def source(kind="feed", url="http://news.test/feed", **given):
    return WatchedSource.objects.create(
        name="News", kind=kind, url=url, enabled=True, **given
    )


def feed(*items):
    entries = "".join(
        f"<item><title>{title}</title><link>{url}</link>"
        f"<pubDate>Mon, 23 Nov 2026 08:00:00 GMT</pubDate></item>"
        for title, url in items
    )
    return (
        f'<?xml version="1.0"?><rss version="2.0"><channel><title>N</title>{entries}'
        "</channel></rss>"
    ).encode()


def read_all(run):
    """Polling, robots and reading each take a turn of their host."""
    total = Counter()
    for _ in range(6):
        total += run(seconds=30)
    return total


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


# --- Deciding --------------------------------------------------------------------


@pytest.fixture
def analyst(client, db):
    client.force_login(desk.account("ann", "analyst"))
    return client


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


@pytest.mark.parametrize("url", ["", "x", "javascript:alert(1)", "http://u:p@a.test/"])
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


# --- The shipped list, and matching ------------------------------------------------


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


def test_a_suggestion_never_shows_to_readers(client, found):
    marker = "Zero tariff extended"
    for path in ("/", "/commitments/", "/changes/", "/api/v1/evidence/"):
        assert marker not in client.get(path).content.decode()


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
