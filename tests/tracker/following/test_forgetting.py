"""What is known of a follower goes when its time is over."""

from datetime import timedelta

import pytest
from django.core.management import call_command

from tracker.following import follows, forgetting, knocking, tokens
from tracker.models import Follow, Follower, Knock, Letter, Mail

from .people import AT, follower, later, publish, send, tell, wish

pytestmark = pytest.mark.django_db


def test_an_address_goes_thirty_days_after_its_last_follow_ended():
    one = follower("ann@example.org", "", "entry=status")
    first, second = one.follows.confirmed()
    follows.end(follow=first, at=AT)
    forgetting.forget(at=later(days=40))
    assert Follower.objects.exists()

    follows.end(follow=second, at=later(days=40))
    forgetting.forget(at=later(days=70))
    assert Follower.objects.exists()
    for _ in range(2):
        forgetting.forget(at=later(days=70, minutes=1))
    assert not Follower.objects.exists() and not Follow.objects.exists()


def test_who_follows_again_is_kept():
    one = follower()
    follows.end_all(follower=one, at=AT)
    follower(at=later(days=29))

    forgetting.forget(at=later(days=60))

    assert Follower.objects.exists()


def test_who_never_confirmed_is_forgotten_in_three_days():
    wish()
    forgetting.forget(at=later(days=2, hours=23))
    assert Follower.objects.exists()

    forgetting.forget(at=later(days=3, minutes=1))
    assert not Follower.objects.exists() and not Mail.objects.exists()


def test_what_was_never_confirmed_goes_and_what_was_stays():
    follower("ann@example.org", "entry=status")
    wish("ann@example.org", "entry=claim", at=later(days=1))

    forgetting.forget(at=later(days=5))

    assert [f.filters for f in Follow.objects.all()] == ["entry=status"]


def test_mails_are_kept_for_thirty_days_and_waiting_ones_until_they_go():
    follower()
    publish()
    tell()
    send()
    publish(later(days=1))
    tell(later(days=1))

    forgetting.forget(at=later(days=31, hours=1))

    assert [mail.state for mail in Mail.objects.all()] == ["waiting"]
    assert Letter.objects.count() == 1


def test_tries_are_forgotten_in_a_day():
    knocking.note("203.0.113.9", "wish", at=AT)
    forgetting.forget(at=AT + timedelta(days=1, minutes=1))

    assert not Knock.objects.exists()


def test_a_forgotten_address_is_written_to_no_more_and_may_come_back():
    one = follower()
    token = tokens.made(tokens.Purpose.STOP, one, at=AT)
    call_command("forget_follower", "ANN@example.org")
    assert not Follower.objects.exists()
    assert tokens.follower(tokens.Purpose.STOP, token, at=AT) is None

    again = follower()
    assert again.key != one.key
