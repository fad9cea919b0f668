"""Signed links: what each opens, for how long, and what guessing brings."""

import secrets
from datetime import timedelta

import pytest
from django.core import signing
from django.test import Client
from django.utils.crypto import constant_time_compare

from tracker.following import tokens
from tracker.following.tokens import Expired, Forged, Purpose
from tracker.models import Follow, Follower, Knock, Mail

from .people import AT, change, follow, follower, later, link, send, tell, wish

pytestmark = pytest.mark.django_db


@pytest.fixture
def now(monkeypatch):
    """Set the time at which pages are asked."""

    def at(moment):
        monkeypatch.setattr("django.utils.timezone.now", lambda: moment)

    at(AT)
    return at


def path(one, purpose, at=AT):
    return f"/follow/{purpose.value[0]}/{tokens.made(purpose, one, at=at)}/"


@pytest.mark.parametrize("purpose", Purpose)
def test_pages_behind_a_link_are_kept_nowhere_and_set_no_cookie(client, now, purpose):
    one = follower()

    answer = client.get(path(one, purpose))

    assert answer.status_code == 200
    assert answer["Cache-Control"] == "no-store, private"
    assert answer["Referrer-Policy"] == "same-origin"
    assert answer["X-Robots-Tag"].startswith("noindex")
    assert b'content="noindex"' in answer.content
    assert answer.cookies == {}
    assert "ann@example.org" not in answer.content.decode()


@pytest.mark.parametrize(
    ("purpose", "span"),
    [(Purpose.CONFIRM, timedelta(days=3)), (Purpose.MINE, timedelta(days=7))],
)
def test_a_link_holds_for_its_time(client, now, purpose, span):
    address = path(follower(), purpose)

    now(AT + span - timedelta(minutes=1))
    assert client.get(address).status_code == 200
    now(AT + span)
    assert client.get(address).status_code == 410
    assert client.post(address, {"act": "forget", "decline": "1"}).status_code == 410
    assert Follower.objects.exists()


def test_a_link_that_ends_all_mail_holds_as_long_as_there_is_any(client, now):
    address = path(follower(), Purpose.STOP)
    now(AT + timedelta(days=2000))

    assert client.post(address).status_code == 200
    assert not Follow.objects.confirmed().exists()


def test_a_link_of_one_kind_opens_no_other():
    one = follower()

    for made in Purpose:
        for used in Purpose:
            token = tokens.made(made, one, at=AT)
            if made is used:
                assert tokens.follower(used, token, at=AT) == one
            else:
                with pytest.raises(Forged):
                    tokens.follower(used, token, at=AT)


def test_a_hundred_thousand_guesses_open_nothing():
    token = tokens.made(Purpose.MINE, follower(), at=AT)
    name, made_at, signature = token.split(".")
    opened = 0
    for _ in range(50_000):
        guess = secrets.token_urlsafe(32)
        # Whoever knows all but the signature; and whoever knows all but the key.
        for one in (f"{name}.{made_at}.{guess}", f"{guess[:22]}.{made_at}.{signature}"):
            try:
                tokens.follower(Purpose.MINE, one, at=AT)
                opened += 1
            except Forged:
                pass
    assert opened == 0


def test_a_guess_is_compared_in_constant_time_and_looks_nothing_up(
    monkeypatch, django_assert_num_queries
):
    compared = []

    def compare(one, other):
        compared.append((len(one), len(other)))
        return constant_time_compare(one, other)

    monkeypatch.setattr(signing, "constant_time_compare", compare)
    token = tokens.made(Purpose.MINE, follower(), at=AT)
    name, made_at, signature = token.split(".")
    near = signature[:-1] + ("A" if signature[-1] != "A" else "B")

    with django_assert_num_queries(0):
        for key, guess in ((name, near), (name, "x" * 43), ("n" * 22, signature)):
            with pytest.raises(Forged):
                tokens.follower(Purpose.MINE, f"{key}.{made_at}.{guess}", at=AT)

    # The whole of each, however much of it is right and whoever it names.
    assert compared == [(43, 43)] * 3


def test_links_outlive_a_change_of_the_key(client, now, settings):
    one = follower()
    addresses = [path(one, purpose) for purpose in Purpose]
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY, "an earlier one"]
    settings.SECRET_KEY = "another key"
    assert [client.get(address).status_code for address in addresses] == [200] * 3

    new = path(one, Purpose.STOP)
    settings.SECRET_KEY_FALLBACKS = ["an earlier one"]
    assert [client.get(address).status_code for address in addresses] == [404] * 3
    # What is made after the change is signed by the new key alone.
    assert client.get(new).status_code == 200


@pytest.mark.parametrize(
    "token", ["x", ".", "..", "a.b", "%00", "é.1.x", "a" * 5000, "..%2f", "a.1.b.c"]
)
def test_a_forged_link_is_told_so(client, now, token):
    assert client.get(f"/follow/mine/{token}/").status_code in (400, 404)


def test_a_link_made_longer_lasting_by_hand_is_forged():
    name, made_at, signature = tokens.made(Purpose.MINE, follower(), at=AT).split(".")
    later = f"{int(made_at, 16) + 10**6:x}"

    with pytest.raises(Forged):
        tokens.follower(Purpose.MINE, f"{name}.{later}.{signature}", at=AT)


def test_a_link_from_the_time_to_come_is_not_taken():
    token = tokens.made(Purpose.MINE, follower(), at=later(days=1))

    with pytest.raises(Expired):
        tokens.follower(Purpose.MINE, token, at=AT)


def test_guessing_is_slowed_down_but_ending_mail_never_is(client, now):
    one = follower()
    for _ in range(30):
        assert client.get("/follow/mine/a.b.c/").status_code == 404

    assert client.get(path(one, Purpose.MINE)).status_code == 429
    assert client.get("/follow/stop/a.b.c/").status_code == 429
    assert client.post(path(one, Purpose.STOP)).status_code == 200
    # Network addresses are not kept.
    assert not Knock.objects.filter(client__contains="127.0.0.1").exists()
    now(later(minutes=11))
    assert client.get(path(one, Purpose.MINE)).status_code == 200


def test_one_click_ends_all_without_cookie_or_token_of_a_form(record, now):
    one = follower("ann@example.org", "topic=trade", "commitment=join-the-pact")
    client = Client(enforce_csrf_checks=True)

    answer = client.post(
        path(one, Purpose.STOP),
        {"List-Unsubscribe": "One-Click"},
        headers={"Origin": "https://mail.example", "Sec-Fetch-Site": "cross-site"},
    )

    assert (answer.status_code, answer.cookies) == (200, {})
    assert not Follow.objects.confirmed().exists()
    # Mail programs ask twice at times.
    again = client.post(path(one, Purpose.STOP), {"List-Unsubscribe": "One-Click"})
    assert again.status_code == 200


def test_opening_the_link_ends_nothing(client, record, now):
    one = follower("ann@example.org", "topic=trade")

    for _ in range(3):
        client.get(path(one, Purpose.STOP))
        client.head(path(one, Purpose.STOP))

    assert Follow.objects.confirmed().count() == 1


def test_one_click_of_another_kind_of_link_does_not_let_other_sites_in(client, now):
    one = follower()

    answer = client.post(
        path(one, Purpose.MINE),
        {"List-Unsubscribe": "One-Click", "act": "forget"},
        headers={"Sec-Fetch-Site": "cross-site"},
    )

    assert answer.status_code == 403
    assert Follower.objects.exists()


def test_what_waits_to_be_sent_is_dropped_with_the_follow(client, record, now):
    one = follower("ann@example.org", "commitment=join-the-pact", "topic=trade")
    follower("eve@example.org", "commitment=join-the-pact")
    change(record.moved)
    tell()

    client.post(path(one, Purpose.STOP))

    assert [message.to for message in send()] == [["eve@example.org"]]


def test_choices_are_changed_and_follows_ended_on_ones_own_page(client, record, now):
    one = follower("ann@example.org", "topic=trade", "body=mofcom")
    mine = path(one, Purpose.MINE)
    first = follow("topic=trade")

    client.post(
        mine,
        {"act": "change", "follow": first.pk, "scope": "material", "cadence": "weekly"},
    )
    changed = follow("topic=trade")
    assert (changed.scope, changed.cadence) == ("material", "weekly")

    client.post(mine, {"act": "end", "follow": changed.pk})
    assert [f.filters for f in one.follows.confirmed()] == ["body=mofcom"]

    client.post(mine, {"act": "speak", "language": "zh-hans"})
    one.refresh_from_db()
    assert one.language == "zh-hans"

    client.post(mine, {"act": "end-all"})
    one.refresh_from_db()
    assert not one.follows.confirmed().exists()
    assert one.ended_at == AT


def test_nobody_touches_what_another_follows(client, record, now):
    one = follower("ann@example.org", "topic=trade")
    follower("eve@example.org", "body=mofcom")
    hers = follow("body=mofcom")

    for act in ("end", "change"):
        answer = client.post(
            path(one, Purpose.MINE),
            {"act": act, "follow": hers.pk, "scope": "all", "cadence": "daily"},
        )
        assert answer.status_code == 400
    for junk in ("", "x", "9" * 30, "-1", "١"):
        answer = client.post(path(one, Purpose.MINE), {"act": "end", "follow": junk})
        assert answer.status_code == 400

    hers.refresh_from_db()
    assert (hers.state, hers.cadence) == ("confirmed", "now")


def test_an_address_is_deleted_at_once_where_its_owner_says_so(client, record, now):
    one = follower("ann@example.org", "commitment=join-the-pact")
    change(record.moved)
    tell()
    mine = path(one, Purpose.MINE)

    answer = client.post(mine, {"act": "forget"})

    assert "deleted" in answer.content.decode()
    assert not Follower.objects.exists() and not Mail.objects.exists()
    assert "deleted" in client.get(mine).content.decode()
    assert send() == []


def test_the_link_of_a_mail_leads_to_ones_own_page(client, record, now):
    follower("ann@example.org", "commitment=join-the-pact")
    change(record.moved)
    tell()
    (message,) = send()

    assert "Join the pact" in client.get(link(message, "mine")).content.decode()
    assert client.get(link(message, "stop")).status_code == 200


def test_confirming_twice_changes_nothing(client, now):
    wish()
    (question,) = send()
    waiting = Follow.objects.get()
    for _ in range(2):
        client.post(link(question, "confirm"), {"follow": [waiting.pk, "x"]})

    assert Follow.objects.confirmed().count() == 1
    assert "Nothing waits" in client.get(link(question, "confirm")).content.decode()


def test_confirming_nothing_is_told_so_and_keeps_what_waits(client, now):
    wish()
    (question,) = send()

    answer = client.post(link(question, "confirm"), {})

    assert answer.status_code == 400
    assert "Nothing was confirmed" in answer.content.decode()
    assert Follow.objects.waiting().count() == 1
