"""A worker that is killed in the middle of a run loses nothing."""

import os
import subprocess
import sys
import time
from collections import Counter
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from commitments.models import Host, Link, LinkCheck
from commitments.tasks import check_links
from tests.factories import EvidenceFactory

from .web import article, played

HOSTS, EACH = 10, 6
QUEUE = "killed-worker-test"


@pytest.fixture
def slow_web():
    with played() as web:
        web.delay = 0.05
        for host in range(HOSTS):
            for path in range(EACH):
                web.pages[f"h{host}.test/{path}"] = article()
        yield web


def start(web):
    environment = {
        **os.environ,
        "TEST_DATABASE_IN_USE": str(connection.settings_dict["NAME"]),
    }
    return subprocess.Popen(
        [sys.executable, "-m", "tests.commitments.links.worker", str(web.port), QUEUE],
        env=environment,
        start_new_session=True,
    )


def wait_for(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "It did not come about in time."
        time.sleep(0.02)


@pytest.mark.django_db(transaction=True)
def test_nothing_is_lost_and_nothing_asked_more_than_once_more(slow_web):
    for host in range(HOSTS):
        for path in range(EACH):
            EvidenceFactory(url=f"http://h{host}.test/{path}")
    check_links.apply_async(queue=QUEUE)
    first = start(slow_web)
    wait_for(lambda: LinkCheck.objects.count() >= HOSTS)
    first.kill()
    first.wait()
    done = LinkCheck.objects.count()
    assert done < HOSTS * EACH

    # What the dead worker held is free again once its leases end.
    Host.objects.exclude(leased_until=None).update(
        leased_until=timezone.now() - timedelta(seconds=1)
    )
    check_links.apply_async(queue=QUEUE)
    second = start(slow_web)
    try:
        wait_for(lambda: Link.objects.exclude(verdict="ok").count() == 0)
    finally:
        second.terminate()
        second.wait()

    assert Link.objects.filter(verdict="ok").count() == HOSTS * EACH
    asked = Counter(
        {k: n for k, n in slow_web.asked.items() if not k.endswith("robots.txt")}
    )
    assert len(asked) == HOSTS * EACH
    assert max(asked.values()) <= 2
    checks = Counter(LinkCheck.objects.values_list("evidence", flat=True))
    assert set(checks.values()) == {1}
