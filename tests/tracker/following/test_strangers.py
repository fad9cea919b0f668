"""What strangers learn of who follows: nothing, by no page and no amount of asking."""

import pytest
from django.core import mail
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tracker.following import follows, sending, tokens, wishes
from tracker.following.tokens import Purpose
from tracker.models import Follower, Wish

from .people import AT, follower, wish

pytestmark = pytest.mark.django_db

NAMES = ("known", "KNOWN", "asked", "ended", "unknown")
# Of one request, not of what was asked.
OWN = ("X-Request-ID", "Date")


@pytest.fixture
def people(record):
    """Who follows, who was asked and did not answer, and who follows no more."""
    follower("known@example.org")
    wish("asked@example.org")
    follows.end_all(follower=follower("ended@example.org"), at=AT)
    sending.send_due(clock=lambda: AT)
    mail.outbox.clear()


def seen(answer):
    """All that a browser gets to see of an answer."""
    headers = {k: v for k, v in answer.headers.items() if k not in OWN}
    return (
        answer.status_code,
        answer.content,
        tuple(sorted(headers.items())),
        str(answer.cookies),
    )


@pytest.mark.parametrize("place", ["/follow/", "/follow/mine/", "/zh-hans/follow/"])
def test_the_answer_and_the_work_are_the_same_whoever_is_asked_for(
    client, people, place
):
    answers, work = set(), set()
    for name in NAMES:
        with CaptureQueriesContext(connection) as queries:
            answer = client.post(place, {"address": f"{name}@example.org"})
        shown = client.get(answer["Location"])
        answers.add((seen(answer), seen(shown)))
        # The statements without what is written: nothing is looked up.
        work.add(tuple(q["sql"].split("VALUES")[0][:60] for q in queries))

    assert len(answers) == len(work) == 1
    assert not any("tracker_follow" in sql for one in work for sql in one)


def test_each_try_is_counted_alike_and_refused_alike(client, people):
    for name in NAMES * 4:
        client.post("/follow/", {"address": f"{name}@example.org"})

    refused = {
        seen(client.post("/follow/", {"address": f"{name}@example.org"}))
        for name in NAMES
    }

    assert len(refused) == 1 and {one[0] for one in refused} == {429}
    assert Wish.objects.count() == len(NAMES) * 4


def test_a_wrong_address_is_refused_alike_whoever_has_a_like_one(client, people):
    told = set()
    for name in NAMES:
        status, content, *_ = seen(
            client.post("/follow/", {"address": f"{name}@@example.org"})
        )
        told.add((status, content.replace(f"{name}@".encode(), b"NAME@")))

    assert len(told) == 1 and told.pop()[0] == 400


def test_mail_tells_the_address_alone_and_asks_strangers_once(client, people):
    for _ in range(3):
        for name in NAMES:
            client.post("/follow/", {"address": f"{name}@example.org"})
    wishes.take_up(at=AT)
    sending.send_due(clock=lambda: AT)

    told = [(message.to, message.cc, message.bcc) for message in mail.outbox]
    assert all(len(to) == 1 and not cc and not bcc for to, cc, bcc in told)
    # Who was asked today already is not asked again.
    assert not [to for to, _, _ in told if to == ["asked@example.org"]]
    assert len(told) == len({str(to) for to, _, _ in told})


def test_a_link_of_a_deleted_address_says_no_more_than_that(client, people):
    one = Follower.objects.get(address="known@example.org")
    token = tokens.made(Purpose.STOP, one, at=AT)
    one.delete()

    # Its holder had the mail; who guesses gets the answer to a forged one.
    answer = client.get(f"/follow/stop/{token}/")
    assert answer.status_code == 200 and b"known@" not in answer.content
    assert client.get(f"/follow/stop/{token[:-2]}xx/").status_code == 404
