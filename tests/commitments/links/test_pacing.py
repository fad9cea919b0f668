"""Hosts are asked politely, and none holds the others up."""

import time
from datetime import timedelta

import pytest
from django.utils import timezone

from commitments import services

from .web import TEXT, article, document, html, link

pytestmark = pytest.mark.django_db


def test_robots_rules_are_kept(web, check):
    open_one, closed = document("open"), document("closed/x")
    web.pages["a.test/robots.txt"] = (
        b"User-agent: *\nDisallow: /closed/\nCrawl-delay: 1\n"
    )
    web.pages["a.test/open"] = web.pages["a.test/closed/x"] = article()

    counts = services.check_links(clock=timezone.now, seconds=20)

    assert counts == {"ok": 1, "blocked": 1}
    assert link(open_one).verdict == "ok"
    assert "robots" in link(closed).detail
    assert web.asked["a.test/closed/x"] == 0
    assert web.asked["a.test/robots.txt"] == 1


def test_retry_after_is_honoured(web, check, clock):
    evidence = document()
    web.pages["a.test/x"] = (429, {"Retry-After": "86000"}, b"")

    check()

    assert link(evidence).due_at >= clock.now + timedelta(seconds=86000)
    assert link(evidence).host.next_at == clock.now + timedelta(seconds=86000)


def test_one_request_at_a_time_to_a_host_and_many_hosts_at_once(web, check):
    web.delay = 0.05
    for host in range(8):
        for path in range(4):
            document(path, host=f"h{host}.test")
            web.pages[f"h{host}.test/{path}"] = article()

    assert check() == {"ok": 32}

    each = [n for host, n in web.most_at_once.items() if host != "all"]
    assert each == [1] * 8
    assert web.most_at_once["all"] > 3


def test_a_slow_host_holds_nobody_up(web, clock):
    document(host="slow.test")
    for n in range(20):
        document(n, host="quick.test")
        web.pages[f"quick.test/{n}"] = html(TEXT)
    done = []

    def slow(handler):
        for _ in range(200):
            time.sleep(0.1)
            done.append(1)
            if web.asked["quick.test/19"]:
                break
        web.play(handler, article())

    web.pages["slow.test/x"] = slow

    assert services.check_links(clock=clock, seconds=60) == {"ok": 21}
    assert len(done) < 200
