"""Handing mails over: each once, whatever the server says and wherever it breaks off."""

import smtplib
from datetime import timedelta

import pytest

from tracker import outbox
from tracker.following import digests, sending
from tracker.models import Follow, Mail

from .people import AT, follower, later, publish, send, tell, wish

pytestmark = pytest.mark.django_db

State = Mail.State


@pytest.fixture
def told():
    """One mail that waits, of one change, to one follower."""
    follower()
    publish()
    tell()
    return Mail.objects.get(state=State.WAITING)


class Server:
    """A mail server that answers as told, instead of Django's backend."""

    def __init__(self, *answers, handed_over=False):
        self.answers, self.handed_over = list(answers), handed_over
        self.opened, self.taken = 0, []

    def open(self):
        self.opened += 1

    def close(self):
        pass

    def send_messages(self, messages):
        answer = self.answers.pop(0) if self.answers else None
        if answer is not None:
            raise answer
        self.taken += messages


@pytest.fixture
def server(monkeypatch):
    def used(*answers, **more):
        one = Server(*answers, **more)
        monkeypatch.setattr(sending, "get_connection", lambda: one)
        return one

    return used


def refused(code):
    return smtplib.SMTPRecipientsRefused({"ann@example.org": (code, b"no")})


@pytest.mark.parametrize(
    ("error", "handed_over", "state"),
    [
        (refused(450), False, State.WAITING),
        (refused(550), False, State.REFUSED),
        (smtplib.SMTPSenderRefused(451, b"later", "us@x.org"), False, State.WAITING),
        (smtplib.SMTPSenderRefused(550, b"no", "us@x.org"), False, State.WAITING),
        (smtplib.SMTPDataError(452, b"full"), True, State.WAITING),
        (smtplib.SMTPDataError(554, b"spam"), True, State.REFUSED),
        (smtplib.SMTPServerDisconnected("gone"), False, State.WAITING),
        (smtplib.SMTPServerDisconnected("gone"), True, State.UNCERTAIN),
        (TimeoutError("slow"), False, State.WAITING),
        (TimeoutError("slow"), True, State.UNCERTAIN),
        (ConnectionResetError("reset"), True, State.UNCERTAIN),
        (RuntimeError("what?"), True, State.UNCERTAIN),
    ],
)
def test_only_what_the_server_certainly_did_not_take_is_tried_again(
    told, server, error, handed_over, state
):
    used = server(error, handed_over=handed_over)

    sending.send_due(clock=lambda: AT)
    told.refresh_from_db()
    assert (told.state, told.tries) == (state, 1)
    assert type(error).__name__ in told.error

    sending.send_due(clock=lambda: later(days=1))
    assert len(used.taken) == (1 if state == State.WAITING else 0)


def test_a_provider_that_answers_4xx_did_not_take_it(told, server):
    error = RuntimeError("bad request")
    error.status_code = 429
    server(error, handed_over=True)

    sending.send_due(clock=lambda: AT)

    told.refresh_from_db()
    assert told.state == State.WAITING


def test_tries_are_further_apart_each_time_and_end(told, server):
    server(*[refused(450)] * 100)
    at, pauses = AT, []
    while told.state == State.WAITING:
        sending.send_due(clock=lambda: at)  # noqa: B023 - asked at once
        told.refresh_from_db()
        pauses.append(told.next_at - at)
        at = told.next_at

    assert told.state == State.FAILED
    assert timedelta(seconds=90) < pauses[0] < timedelta(minutes=3)
    assert max(pauses) <= sending.LONGEST_PAUSE * 1.2
    assert timedelta(days=3) < at - AT < timedelta(days=4)
    assert 10 < told.tries < 40


def test_a_server_that_cannot_be_reached_costs_no_try(told, server, monkeypatch):
    used = server()
    monkeypatch.setattr(used, "open", lambda: (_ for _ in ()).throw(OSError("refused")))
    sending.send_due(clock=lambda: AT)
    told.refresh_from_db()
    assert (told.state, told.tries, told.holder) == (State.WAITING, 0, "")

    used = server()
    sending.send_due(clock=lambda: AT)
    assert len(used.taken) == 1


def test_a_worker_that_died_in_the_act_leaves_an_uncertain_mail(told, server):
    class Killed(BaseException):
        pass

    used = server(Killed())
    with pytest.raises(Killed):
        sending.send_due(clock=lambda: AT)
    told.refresh_from_db()
    assert told.state == State.SENDING

    # While its lease runs it may still be alive.
    sending.send_due(clock=lambda: later(minutes=9))
    told.refresh_from_db()
    assert told.state == State.SENDING
    sending.send_due(clock=lambda: later(minutes=11))
    told.refresh_from_db()
    assert (told.state, used.taken) == (State.UNCERTAIN, [])

    # An operator may send it after all, under the name it had.
    assert sending.release(mails=[told], at=later(hours=1)) == 1
    sending.send_due(clock=lambda: later(hours=1))
    (message,) = used.taken
    assert told.message_key.hex in message.extra_headers["Message-ID"]


def test_a_worker_that_died_before_the_act_loses_nothing(told):
    taken = Mail.objects.due(at=AT).take(at=AT, lease=sending.LEASE, most=50)
    assert taken == [told]

    assert send(later(minutes=9)) == []
    assert len(send(later(minutes=11))) == 1


def test_a_lease_that_ran_out_is_not_acted_on(told):
    (mine,) = Mail.objects.due(at=AT).take(at=AT, lease=sending.LEASE, most=50)

    assert not sending._begin(mine, at=later(minutes=10))
    (theirs,) = Mail.objects.due(at=later(minutes=11)).take(
        at=later(minutes=11), lease=sending.LEASE, most=50
    )
    assert not sending._begin(mine, at=later(minutes=12))
    assert sending._begin(theirs, at=later(minutes=12))
    assert not sending._begin(theirs, at=later(minutes=12))


def test_an_address_that_refuses_time_and_again_is_left_alone(server):
    one = follower()
    server(*[refused(550)] * 9)
    for _ in range(sending.MOST_REFUSALS):
        assert Follow.objects.confirmed().exists()
        publish()
        tell()
        sending.send_due(clock=lambda: AT)
        if one.mails.filter(state=State.REFUSED).count() >= sending.MOST_REFUSALS:
            break

    held = one.follows.get()
    assert (held.state, held.ending) == ("ended", "refused")


def test_a_mail_that_arrives_forgives_refusals_before_it(server):
    one = follower()
    server(refused(550), refused(550))
    for _ in range(3):
        publish()
    tell()
    sending.send_due(clock=lambda: AT)

    one.refresh_from_db()
    assert one.refusals == 0
    assert one.follows.confirmed().exists()


def test_a_mail_that_cannot_be_written_holds_up_no_other(told, monkeypatch):
    follower("eve@example.org")
    publish()
    tell()
    composed = sending.letters.composed

    def failing(one, *args, **kwargs):
        if one.pk == told.pk:
            raise RuntimeError("no such template")
        return composed(one, *args, **kwargs)

    monkeypatch.setattr(sending.letters, "composed", failing)

    assert len(send()) == 2
    told.refresh_from_db()
    assert (told.state, told.tries) == (State.FAILED, 0)
    assert "no such template" in told.error


def test_whoever_ended_everything_meanwhile_is_not_written_to(told):
    Follow.objects.all().update(state="ended", ended_at=AT, until_seq=9)

    assert send() == []
    told.refresh_from_db()
    assert told.state == State.DROPPED


def test_headers_say_what_it_is_and_how_to_end_it(told, settings):
    settings.SITE_URL = "https://tracker.example.org"
    settings.UNSUBSCRIBE_ADDRESS = "stop@example.org"
    (message,) = send()
    headers = message.message()

    assert headers["List-Unsubscribe"].startswith(
        "<https://tracker.example.org/follow/stop/"
    )
    assert headers["List-Unsubscribe"].endswith(
        ">, <mailto:stop@example.org?subject=unsubscribe>"
    )
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert headers["Auto-Submitted"] == "auto-generated"
    assert headers["Precedence"] == "bulk"
    assert headers["List-ID"] == "<changes.tracker.example.org>"
    assert message.from_email == settings.DEFAULT_FROM_EMAIL
    assert len(message.to) == 1 and not message.cc and not message.bcc


def test_one_click_is_offered_over_https_alone(told, settings):
    settings.SITE_URL = "http://127.0.0.1:8000"
    (message,) = send()

    assert "List-Unsubscribe-Post" not in message.message()
    assert "List-Unsubscribe" in message.message()


def test_a_title_with_line_breaks_puts_no_header_in():
    follower()
    publish(title="Open\r\nBcc: everybody@example.org\n\nthe list")
    tell()
    (message,) = send()

    assert message.recipients() == ["ann@example.org"]
    assert "\n" not in message.subject and message.message()["Bcc"] is None


# --- After a restore from backup ---------------------------------------------------


def test_nothing_leaves_while_the_outbox_is_held_but_what_readers_ask_for(told):
    outbox.hold(at=later(minutes=1))

    assert send(later(minutes=2)) == []
    assert digests.build_due(at=later(days=6)) == 0
    wish("new@example.org", at=later(minutes=3))
    assert [m.to for m in send(later(minutes=4))] == [["new@example.org"]]

    outbox.release(at=later(minutes=5))
    assert [m.to for m in send(later(minutes=6))] == [["ann@example.org"]]


def test_what_an_operator_lets_go_is_never_sent(told):
    follower("day@example.org", cadence="daily", at=AT)
    publish()
    outbox.hold(at=later(minutes=1))
    outbox.release(at=later(minutes=2), discard=True)

    assert tell(later(minutes=3)) == 0
    assert send(later(minutes=3)) == []
    assert digests.build_due(at=later(days=6)) == 0
    # What comes after that is told again.
    publish(later(days=6))
    tell(later(days=6))
    assert len(send(later(days=6))) == 1
    assert digests.build_due(at=later(days=7)) == 1
