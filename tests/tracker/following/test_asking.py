"""Asking to follow: the form, the question by mail, and what strangers learn."""

import pytest
from django.core import mail

from tracker.following import follows, sending, wishes
from tracker.models import Follow, Follower, Mail, Wish

from .people import AT, follower, later, link, send, wish

pytestmark = pytest.mark.django_db


def ask(client, address="ann@example.org", code=302, **more):
    answer = client.post("/follow/", {"address": address, **more})
    assert answer.status_code == code, answer.content.decode()
    return answer


@pytest.fixture
def run(monkeypatch):
    """Do what the workers do, at a time, which the pages take for now too."""

    def done(at=AT):
        monkeypatch.setattr("django.utils.timezone.now", lambda: at)
        wishes.take_up(at=at)
        return send(at)

    done()
    return done


@pytest.mark.parametrize(
    "address",
    [
        "/commitments/join-the-pact/",
        "/bodies/mofcom/",
        "/partners/asean/",
        "/topics/trade/",
        "/changes/?pillar=2&material=true",
        "/commitments/?status=under_way&topic=trade",
    ],
)
def test_every_commitment_facet_and_filter_page_leads_to_following(
    page, record, address
):
    assert 'action="/follow/"' in page(address) or 'href="/follow/?' in page(address)


def test_following_takes_a_question_by_mail_and_a_yes_on_a_page(client, record, run):
    ask(client, filters="commitment=join-the-pact", scope="all", cadence="daily")
    (question,) = run()
    assert question.to == ["ann@example.org"]
    assert "1.2 Join the pact" in question.body
    path = link(question, "confirm")

    # Programs that open every link change nothing.
    assert client.get(path).status_code == client.head(path).status_code == 200
    assert not Follow.objects.confirmed().exists()

    waiting = Follow.objects.get()
    answer = client.post(path, {"follow": waiting.pk}, follow=True)

    assert "Confirmed" in answer.content.decode()
    waiting.refresh_from_db()
    assert (waiting.state, waiting.scope, waiting.cadence) == (
        "confirmed",
        "all",
        "daily",
    )


def test_the_same_filters_are_followed_once_however_the_address_is_written(
    client, record, run
):
    for filters in ("status=under_way&pillar=1&sort=due", "?pillar=1&status=under_way"):
        ask(client, filters=filters)
    run()

    assert Follow.objects.get().filters == "pillar=1&status=under_way"


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"address": "nobody"}, "name@example.org"),
        ({"address": ""}, "name@example.org"),
        ({"address": "a@b.org\nBcc: c@d.org"}, "name@example.org"),
        ({"address": "a@b.org,c@d.org"}, "name@example.org"),
        ({"address": '"a b"@example.org'}, "name@example.org"),
        ({"address": "a@[127.0.0.1]"}, "name@example.org"),
        ({"address": "\u0131nfo@example.org"}, "name@example.org"),
        ({"address": "a" * 65 + "@example.org"}, "name@example.org"),
        ({"address": "a@example.org\0"}, "name@example.org"),
        ({"address": "a@b.org", "scope": "x"}, "Choose which changes"),
        ({"address": "a@b.org", "cadence": "x"}, "Choose how often"),
        ({"address": "a@b.org", "filters": "colour=red"}, "no parameter"),
        ({"address": "a@b.org", "filters": "topic=nothing"}, "no value of"),
        ({"address": "a@b.org", "filters": "commitment=no"}, "no commitment"),
    ],
)
def test_what_cannot_be_followed_is_refused_in_words(client, record, given, told):
    answer = ask(client, code=400, **given)

    assert told in answer.content.decode()
    assert not Wish.objects.exists()


def test_an_address_gets_one_question_a_day_however_often_it_is_asked_for(
    client, record, run, settings
):
    settings.TRUSTED_PROXIES = 1
    for n in range(100):
        client.post(
            "/follow/",
            {"address": "victim@example.org", "filters": f"q=word{n}"},
            headers={"X-Forwarded-For": f"203.0.113.{n}"},
        )
    assert len(run()) == 1
    ask(client, "VICTIM@example.org")
    assert run(later(hours=23)) == []

    assert Follow.objects.waiting().count() <= wishes.MOST_WAITING
    ask(client, "victim@example.org")
    assert len(run(later(hours=25))) == 1


def test_who_answers_may_ask_for_the_next_at_once(client, record, run):
    ask(client, filters="topic=trade")
    (question,) = run()
    client.post(link(question, "confirm"), {"follow": Follow.objects.get().pk})

    ask(client, filters="body=mofcom")

    assert len(run(later(minutes=5))) == 1


def test_one_question_covers_all_that_was_asked_for(client, record, run):
    ask(client, filters="topic=trade")
    (question,) = run()
    ask(client, filters="body=mofcom")
    assert run(later(minutes=5)) == []

    shown = client.get(link(question, "confirm")).content.decode()

    assert "Trade" in shown and "Ministry of Commerce" in shown
    _, second = Follow.objects.all()
    client.post(link(question, "confirm"), {"follow": second.pk})
    # What was not chosen is dropped.
    assert Follow.objects.get() == second


def test_whoever_did_not_ask_is_forgotten_at_once(client, record, run):
    ask(client)
    (question,) = run()

    answer = client.post(link(question, "confirm"), {"decline": "1"})

    assert answer.status_code == 200
    assert not Follower.objects.exists()


def test_asking_again_for_what_is_followed_sends_the_link_to_it(client, record, run):
    one = follower("ann@example.org", "topic=trade", cadence="weekly")

    ask(client, "Ann@Example.org", filters="topic=trade", scope="all", cadence="weekly")
    (message,) = run()

    assert one.follows.count() == 1
    assert "Trade" in client.get(link(message, "mine")).content.decode()


def test_the_link_to_ones_follows_is_sent_to_who_follows_and_nobody_else(client, run):
    follower("ann@example.org")

    for address in ("ann@example.org", "eve@example.org"):
        client.post("/follow/mine/", {"address": address})

    assert [message.to for message in run()] == [["ann@example.org"]]
    for _ in range(5):
        client.post("/follow/mine/", {"address": "ann@example.org"})
    assert len(run(later(minutes=1))) == wishes.MOST_LINKS - 1


def test_who_ended_all_still_gets_the_link_that_deletes_the_address(client, run):
    follows.end_all(follower=follower("ann@example.org"), at=AT)

    client.post("/follow/mine/", {"address": "ann@example.org"})
    (message,) = run()
    client.post(link(message, "mine"), {"act": "forget"})

    assert not Follower.objects.exists()


def test_nothing_is_sent_to_our_own_addresses(client, run, settings):
    settings.DEFAULT_FROM_EMAIL = "Tracker <tracker@example.org>"
    settings.UNSUBSCRIBE_ADDRESS = "stop@example.org"
    for address in ("TRACKER@example.org", "stop@example.org"):
        ask(client, address)

    assert run() == []
    assert not Follower.objects.exists()


def test_a_client_may_ask_so_often_and_no_more(client, run):
    for n in range(20):
        ask(client, f"a{n}@example.org")

    answer = ask(client, "a@example.org", code=429)

    assert answer["Retry-After"] == "3600"
    run(later(minutes=61))
    ask(client, "a@example.org")


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
    ],
)
def test_forms_of_other_sites_are_refused(client, headers):
    for place in ("/follow/", "/follow/mine/"):
        answer = client.post(place, {"address": "a@example.org"}, headers=headers)
        assert answer.status_code == 403
    assert not Wish.objects.exists()


def test_a_form_of_ours_needs_no_cookie_and_sets_none(record):
    from django.test import Client

    client = Client(enforce_csrf_checks=True)
    own = {"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}
    for place in ("/follow/", "/follow/mine/"):
        assert client.get(place).cookies == {}
        answer = client.post(place, {"address": "a@example.org"}, headers=own)
        assert (answer.status_code, answer.cookies) == (302, {})
    assert client.get("/commitments/join-the-pact/").cookies == {}


def test_a_wish_that_fails_does_not_hold_up_the_next(monkeypatch):
    taken = wishes._wait_for_confirmation

    def failing(follower, wish, *, at):
        if "bad" in wish.address:
            raise RuntimeError("broken")
        taken(follower, wish, at=at)

    monkeypatch.setattr(wishes, "_wait_for_confirmation", failing)
    for name in ("bad", "good"):
        wishes.to_follow(
            address=f"{name}@example.org",
            filters="",
            scope="all",
            cadence="now",
            language="en-gb",
            at=AT,
        )

    assert wishes.take_up(at=AT) == 1
    assert Follower.objects.get().address == "good@example.org"
    assert Wish.objects.count() == 1


def test_a_chinese_reader_is_asked_in_chinese():
    wish(language="zh-hans")

    (question,) = send()

    assert 'lang="zh-Hans"' in question.alternatives[0][0]


def test_questions_are_sent_once_by_two_workers():
    wish()
    for _ in range(2):
        sending.send_due(clock=lambda: AT)

    assert len(mail.outbox) == 1
    assert Mail.objects.get().state == Mail.State.SENT
