"""The desk's mails: once for a person and a period, nothing where there is nothing."""

from datetime import date, datetime, timedelta
from smtplib import SMTPServerDisconnected

import pytest
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commitments import services
from commitments.models import Commitment, DeskDigest, Flag
from tests.factories import (
    AT,
    CommitmentFactory,
    ReviewerFactory,
    UserFactory,
    assess,
    propose,
)
from tracker import outbox
from tracker.tasks import send_desk_digests

from . import desk

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def morning(days=0, **given):
    at = AT + days * DAY
    return services.send_desk_digest(on=at.date(), at=at, **given)


def flag(on=AT, **given):
    commitment = CommitmentFactory(**given)
    Flag.objects.create(
        commitment=commitment, reason="stale", since_on=on.date(), opened_at=on
    )
    return commitment


@pytest.fixture
def reviewer():
    return ReviewerFactory()


def test_a_morning_with_nothing_sends_nothing_and_the_next_day_asks_again(reviewer):
    assert morning() == 0
    assert DeskDigest.objects.get().is_empty
    flag(on=AT + timedelta(hours=2), title="Open the sea")

    assert [morning(1), morning(1), morning(2)] == [1, 0, 0]
    assert mail.outbox[0].to == [reviewer.email]


def test_flags_of_missed_mornings_come_once_in_the_next_mail(reviewer):
    flag(title="Seen before")
    morning()
    flag(on=AT + DAY, title="On a missed day")
    assert morning(4) == 1
    told = mail.outbox[1].body
    assert "On a missed day" in told and "Seen before" not in told


def test_text_and_html_tell_what_is_flagged_waiting_and_due(reviewer, settings):
    settings.SITE_URL = "https://tracker.example.org"
    flagged = flag(title="Open the sea & the land")
    due = CommitmentFactory(title="Due on Friday")
    Commitment.objects.filter(pk=due.pk).update(
        status="under_way", due_on=AT.date() + 3 * DAY
    )
    Commitment.objects.filter(pk=flagged.pk).update(review_due_on=AT.date() + 2 * DAY)
    waits = propose(flagged, UserFactory())
    services.receive_tip(message="For the desk alone.", form_key="a", at=AT)

    assert morning() == 1

    text = mail.outbox[0].body
    html, kind = mail.outbox[0].alternatives[0]
    # Plain programs go by the styles in the tags, others know the dark too.
    assert kind == "text/html" and '<p class="site" style="' in html
    assert "prefers-color-scheme: dark" in html
    for section in (
        *("Flagged: Stale", "Waiting for your sign-off", "Waiting", "Tips without"),
        *("Promised for the next seven days", "To be reviewed within seven days"),
    ):
        assert section in text and section in html, section
    assert "Open the sea & the land" in text and "sea &amp; the land" in html
    page = reverse("admin:commitments_proposal_change", args=[waits.pk])
    assert f"https://tracker.example.org{page}" in text and page in html
    assert "For the desk alone" not in text


def test_nobody_is_told_to_sign_off_what_is_their_own(reviewer):
    other = ReviewerFactory()
    propose(CommitmentFactory(), reviewer)
    assert morning() == 1
    assert mail.outbox[0].to == [other.email]


def test_only_reviewers_with_an_address_who_want_it_get_mail(reviewer):
    flag()
    desk.account("ann", "analyst")
    ReviewerFactory(email="")
    ReviewerFactory(is_active=False)
    quiet = ReviewerFactory()
    services.pause_digests(account=quiet, at=AT)
    services.pause_digests(account=quiet, at=AT)
    morning()
    assert [message.to for message in mail.outbox] == [[reviewer.email]]
    services.resume_digests(account=quiet)
    morning()
    assert mail.outbox[-1].to == [quiet.email]


def test_queries_do_not_grow_with_reviewers_or_with_what_waits(reviewer):
    def count(days):
        with CaptureQueriesContext(connection) as queries:
            assert morning(days) > 0
        return len(queries)

    propose(flag(), UserFactory())
    few = count(0)
    for _ in range(8):
        propose(flag(), ReviewerFactory())
    assert count(1) == few
    assert len(mail.outbox) > 9


class HangsUp(EmailBackend):
    """Takes one mail, then is gone."""

    left = 1

    def send_messages(self, messages):
        if type(self).left == 0:
            raise SMTPServerDisconnected("gone")
        type(self).left -= 1
        return super().send_messages(messages)


def test_a_run_that_breaks_half_way_is_gone_on_with_and_doubles_nothing(
    settings, monkeypatch
):
    people = sorted(ReviewerFactory().email for _ in range(3))
    flag()
    usual = settings.EMAIL_BACKEND
    settings.EMAIL_BACKEND = f"{__name__}.HangsUp"
    monkeypatch.setattr(HangsUp, "left", 1)
    with pytest.raises(SMTPServerDisconnected):
        morning()
    settings.EMAIL_BACKEND = usual
    assert morning() == 2
    # Nor hours later, when nobody holds them any more.
    assert morning(0.1) == 0
    assert sorted(message.to[0] for message in mail.outbox) == people


def test_a_run_beside_another_leaves_its_mails_and_takes_those_of_a_dead_one(reviewer):
    flag()
    DeskDigest.objects.create(
        kind="day",
        recipient=reviewer,
        on=AT.date(),
        flags_until=AT,
        leased_until=AT + timedelta(minutes=15),
    )
    assert morning() == 0
    later = AT + timedelta(minutes=16)
    assert services.send_desk_digest(on=AT.date(), at=later) == 1


# --- The week --------------------------------------------------------------------

MONDAY = date(2026, 7, 6)


def week(on):
    at = datetime.combine(on, AT.timetz())
    return services.send_week_digest(on=on, at=at)


def test_mondays_numbers_are_those_of_the_week_before_once_also_when_late(reviewer):
    commitment = CommitmentFactory()
    assess(commitment, status="announced")
    waits = propose(CommitmentFactory(), UserFactory())
    services.reject(
        proposal=waits, comment="No.", by=reviewer, at=AT + 2 * DAY, revision=1
    )
    tip = services.receive_tip(message="x", form_key="a", at=AT - DAY)
    services.decide_tip(
        tip=tip, verdict="declined", answer="No.", by=reviewer, at=AT, seen=1
    )

    sent = [week(MONDAY + n * DAY) for n in (2, 3, 6)]

    assert sent[0] > 0 and sent[1:] == [0, 0]
    text = next(m.body for m in mail.outbox if m.to == [reviewer.email])
    for words in (
        *("The week from 29 June 2026", "Entries recorded: 3", "Tips received: 1"),
        *("Decisions on proposals: 1, median wait 2.0 days", "Reviewed in time: "),
        "Tips answered: 1, median time 1.0 days",
    ):
        assert words in text, words


def test_a_still_week_sends_nothing_and_each_week_is_its_own(reviewer):
    assert week(MONDAY) == 0
    CommitmentFactory()
    assert week(MONDAY) == 0
    assess(Commitment.objects.get(), status="announced", at=AT + 7 * DAY)
    assert week(MONDAY + 7 * DAY) > 0
    assert DeskDigest.objects.filter(kind="week", recipient=reviewer).count() == 2


def test_nothing_is_mailed_while_the_outbox_is_held(reviewer):
    flag()
    outbox.hold(at=AT)
    send_desk_digests()
    assert not DeskDigest.objects.exists()
    outbox.release(at=AT)
    send_desk_digests()
    assert DeskDigest.objects.filter(recipient=reviewer).exists()


def test_a_reviewer_stops_the_mails_from_the_desk(client):
    client.force_login(desk.account("rev", "reviewer"))
    assert b"Stop these mails" in client.get("/admin/").content
    switch = reverse("admin:commitments_digests_switch")
    client.post(switch, {"wanted": "no"})
    assert b"Send them again" in client.get("/admin/").content
    client.post(switch, {"wanted": "yes"})
    assert b"Stop these mails" in client.get("/admin/").content
    assert client.get(switch).status_code == 405
    ann = Client()
    ann.force_login(desk.account("ann", "analyst"))
    assert b"Stop these mails" not in ann.get("/admin/").content
