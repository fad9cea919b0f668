"""Links are looked at, and each verdict is told apart from the others."""

import errno
from datetime import timedelta

import pytest
from django.db import DatabaseError, DataError, transaction

from commitments import archive, services
from commitments.models import Capture, DataVersion, Evidence, Flag, Link, LinkCheck
from tests.factories import CommitmentFactory, assess

from .web import article, document, html, link

pytestmark = pytest.mark.django_db


def test_a_new_document_is_looked_at_and_a_copy_is_kept(web, check, clock):
    evidence = document()
    web.pages["a.test/x"] = (200, {"ETag": '"1"', "X-Kept": "yes"}, article())

    assert check() == {"ok": 1}

    found = link(evidence)
    copy = evidence.captures.get()
    assert (found.verdict, found.verdict_since) == ("ok", clock.now.date())
    assert (found.baseline, found.latest) == (copy, copy)
    assert copy.sha256 == archive.sha256(article())
    assert (copy.kind, copy.size, copy.status) == ("html", len(article()), 200)
    assert "zero tariff" in copy.text
    assert archive.document(copy) == article()
    check_row = evidence.link_checks.get()
    assert (check_row.verdict, check_row.capture) == ("ok", copy)
    assert not list(archive.verify())


def test_an_answer_that_cannot_be_written_stops_no_other(web, check, monkeypatch):
    hosts = [f"{letter}.test" for letter in "abcdef"]
    documents = [document(host=host) for host in hosts]
    web.pages |= {f"{host}/x": article() for host in hosts}
    create = Capture.objects.create

    def poisoned(**values):
        if values["evidence_id"] == documents[2].pk:
            raise DataError("value too long")
        return create(**values)

    monkeypatch.setattr(Capture.objects, "create", poisoned)

    assert check() == {"ok": 5, "unreachable": 1}

    assert "could not be kept" in link(documents[2]).detail
    assert check() == {}
    monkeypatch.undo()
    assert check(days=1) == {"ok": 6}


def test_a_full_disk_says_nothing_about_a_link(web, check, clock, monkeypatch):
    evidence = document()
    web.pages["a.test/x"] = article()

    def full(*args, **kwargs):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(archive, "keep_answer", full)
        with pytest.raises(OSError, match="No space"):
            check()

    assert link(evidence).verdict == ""
    # The host was taken for the look that came to nothing.
    clock.forward(hours=1)
    assert check() == {"ok": 1}


def test_a_second_look_asks_only_whether_it_changed(web, check):
    def page(handler):
        if handler.headers.get("If-None-Match") == '"1"':
            return web.play(handler, (304, {}, b""))
        return web.play(handler, (200, {"ETag": '"1"'}, article()))

    evidence = document()
    web.pages["a.test/x"] = page
    check()

    assert check(days=20) == {"ok": 1}

    assert web.conditions[-1] == '"1"'
    assert evidence.captures.count() == 1
    assert evidence.link_checks.first().status == 304


def test_nothing_is_looked_at_before_it_is_due(web, check):
    document()
    web.pages["a.test/x"] = article()
    check()
    asked = sum(web.asked.values())

    assert check() == {}
    assert sum(web.asked.values()) == asked


def test_menus_dates_and_counters_make_no_change(web, check):
    evidence = document()
    web.pages["a.test/x"] = article("\nPublished 24 November 2026. Read 17 times")
    check()
    web.pages["a.test/x"] = article(
        "\nPublished 25 November 2026. Read 18 times", menu="Other menu"
    )

    assert check(days=20) == {"ok": 1}
    assert evidence.captures.count() == 1


CHANGED = "\nThe measure is suspended until further notice by the Commission today."


def test_a_change_is_kept_and_flagged_until_a_person_takes_it(web, check, clock):
    evidence = document()
    commitment = CommitmentFactory()
    assess(commitment, evidence=[evidence])
    web.pages["a.test/x"] = article()
    check()
    web.pages["a.test/x"] = article(CHANGED)

    assert check(days=20) == {"changed": 1}

    services.flag_commitments(on=clock.now.date(), at=clock.now)
    flags = Flag.objects.open().filter(reason="evidence_changed")
    assert flags.get().since_on == clock.now.date()
    first, second = evidence.captures.order_by("taken_at")
    assert (link(evidence).baseline, link(evidence).latest) == (first, second)
    assert check(days=20) == {"changed": 1}
    assert evidence.captures.count() == 2

    services.accept_change(evidence=evidence, at=clock.now)
    services.flag_commitments(on=clock.now.date(), at=clock.now)
    assert not flags.exists()
    assert check(days=20) == {"ok": 1}


def test_a_change_that_is_taken_back_clears_itself(web, check):
    evidence = document()
    web.pages["a.test/x"] = article()
    check()
    web.pages["a.test/x"] = article(CHANGED)
    check(days=20)
    web.pages["a.test/x"] = article()

    assert check(days=20) == {"ok": 1}
    assert evidence.captures.count() == 3
    assert link(evidence).baseline == link(evidence).latest


def test_a_permanent_redirect_is_moved_and_a_passing_one_is_not(web, check):
    moved, passing, spelling = document("1"), document("2"), document("3")
    web.pages["a.test/1"] = (301, {"Location": "http://b.test/new"}, b"")
    web.pages["a.test/2"] = (302, {"Location": "http://b.test/new"}, b"")
    web.pages["a.test/3"] = (301, {"Location": "http://www.a.test/3/"}, b"")
    web.pages["b.test/new"] = web.pages["www.a.test/3/"] = article()

    check()

    assert (link(moved).verdict, link(moved).moved_to) == (
        "moved",
        "http://b.test/new",
    )
    assert link(passing).verdict == link(spelling).verdict == "ok"
    assert moved.captures.count() == 1


@pytest.mark.parametrize(
    "page",
    [
        html("The page you want could not be found.", title="404"),
        html("您访问的页面不存在", title="提示"),
        html("抱歉，找不到该页面。"),
    ],
)
def test_a_page_that_says_it_is_not_there_is_a_soft_404(web, check, page):
    evidence = document("deep/page.html")
    web.pages["a.test/deep/page.html"] = page

    assert check() == {"soft_404": 1}
    assert not evidence.captures.exists()
    assert Evidence.objects.get().unreadable_since == link(evidence).verdict_since


def test_a_redirect_to_the_front_page_is_a_soft_404(web, check):
    document("deep/page.html")
    web.pages["a.test/deep/page.html"] = (302, {"Location": "/"}, b"")
    web.pages["a.test/"] = article()

    assert check() == {"soft_404": 1}


@pytest.mark.parametrize(
    "page",
    [
        403,
        451,
        412,
        (503, {"cf-mitigated": "challenge"}, html("Just a moment...")),
        html(
            "Just a moment... Enable JavaScript and cookies", title="Just a moment..."
        ),
        html("请完成安全验证后继续访问"),
        b"<html><script>document.cookie='a=1';location.reload()</script></html>",
    ],
)
def test_a_refusal_is_blocked_and_never_gone(web, check, page):
    document()
    web.pages["a.test/x"] = page

    verdicts = [check(days=5) for _ in range(5)]

    assert verdicts == [{"blocked": 1}] * 5
    assert Evidence.objects.get().unreadable_since is None


@pytest.mark.parametrize("page", [500, 502, 503])
def test_a_failing_server_is_unreachable_and_never_gone(web, check, page):
    document()
    web.pages["a.test/x"] = page

    assert [check(days=5) for _ in range(5)] == [{"unreachable": 1}] * 5


def test_silence_is_flagged_after_a_week_where_no_copy_is_kept(web, check, clock):
    kept, lost = document("1"), document("2", host="b.nowhere")
    for evidence in (kept, lost):
        assess(CommitmentFactory(), evidence=[evidence])
    web.pages["a.test/1"] = article()
    check()
    web.pages["a.test/1"] = 500
    check(days=1)
    flags = Flag.objects.open().filter(reason="evidence_broken")

    services.flag_commitments(on=clock.now.date(), at=clock.now)
    assert not flags.exists()
    clock.forward(days=7)
    services.flag_commitments(on=clock.now.date(), at=clock.now)

    assert [f.commitment for f in flags] == [lost.commitments.get()]


def test_gone_needs_three_answers_three_days_apart(web, check, clock):
    evidence = document()
    assess(CommitmentFactory(), evidence=[evidence])
    web.pages["a.test/x"] = article()
    check()
    web.pages["a.test/x"] = 404

    found = [check(days=n) for n in (1, 1, 1, 1, 3)]

    assert [next(iter(one)) for one in found] == [*["not_found"] * 4, "gone"]
    services.flag_commitments(on=clock.now.date(), at=clock.now)
    assert Flag.objects.open().filter(reason="evidence_broken").exists()
    # A copy is kept: it can still be read.
    assert Evidence.objects.get().unreadable_since is None
    web.pages["a.test/x"] = 500
    assert check(days=30) == {"gone": 1}
    web.pages["a.test/x"] = article()
    assert check(days=30) == {"ok": 1}
    services.flag_commitments(on=clock.now.date(), at=clock.now)
    assert not Flag.objects.open().filter(reason="evidence_broken").exists()


def test_silence_between_does_not_count_as_not_found(web, check):
    evidence = document()
    for page in (404, 500, 404, 403):
        web.pages["a.test/x"] = page
        check(days=4)
    assert link(evidence).verdict == "blocked"
    assert link(evidence).misses == 2

    web.pages["a.test/x"] = 404
    assert check(days=4) == {"gone": 1}


def test_a_page_that_comes_back_begins_to_count_anew(web, check):
    for page in (404, 404, article(), 404, 404):
        document() if not Evidence.objects.exists() else None
        web.pages["a.test/x"] = page
        check(days=4)

    assert Link.objects.get().verdict == "not_found"


def test_an_unforeseen_failure_stops_no_other_link(web, check, monkeypatch, caplog):
    bad, good = document("bad"), document("good", host="b.test")
    web.pages["a.test/bad"] = web.pages["b.test/good"] = article()
    conditions = services.links._conditions

    def failing(link):
        if link.evidence_id == bad.pk:
            raise RuntimeError("unforeseen")
        return conditions(link)

    monkeypatch.setattr(services.links, "_conditions", failing)

    check()

    assert (link(bad).verdict, link(good).verdict) == ("unreachable", "ok")
    assert "unforeseen" in caplog.text


def test_an_address_put_right_begins_anew(web, check):
    evidence = document()
    web.pages["a.test/x"] = 404
    check()
    evidence.url = "http://b.test/y"
    evidence.save()
    web.pages["b.test/y"] = article()

    assert check() == {"ok": 1}
    assert (link(evidence).url, link(evidence).misses) == ("http://b.test/y", 0)


def test_links_behind_recent_changes_are_looked_at_sooner(web, check, clock):
    recent, quiet = document("1"), document("2")
    assess(CommitmentFactory(), evidence=[recent], at=clock.now)
    web.pages["a.test/1"] = web.pages["a.test/2"] = article()

    check()

    assert link(recent).due_at - clock.now < timedelta(days=4)
    assert link(quiet).due_at - clock.now >= timedelta(days=14)


def test_content_is_known_by_its_bytes(web, check):
    evidence = document()
    png = b"\x89PNG\r\n\x1a\n" + b"\0" * 50
    web.pages["a.test/x"] = (200, {"Content-Type": "text/html"}, png)

    check()
    assert evidence.captures.get().kind == "png"
    web.pages["a.test/x"] = png + b"1"
    assert check(days=20) == {"changed": 1}


def test_what_readers_see_has_a_new_version(web, check):
    document()
    web.pages["a.test/x"] = article()
    before = DataVersion.current()

    check()

    assert DataVersion.current() > before


def test_checks_and_copies_are_never_rewritten(web, check):
    document()
    web.pages["a.test/x"] = article()
    check()

    for model, change in (
        (Capture, {"sha256": "0" * 64}),
        (LinkCheck, {"verdict": "gone"}),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.update(**change)
        with pytest.raises(DatabaseError), transaction.atomic():
            model.objects.all()._raw_delete("default")


def test_a_status_cites_the_copy_that_stood_behind_it(web, check):
    evidence = document()
    web.pages["a.test/x"] = article()
    check()

    entry = assess(CommitmentFactory(), evidence=[evidence])

    assert entry.citations.get().copy_sha256 == evidence.captures.get().sha256
