"""Who hears of what: each change once for each person, matched without a query each."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commitments import services
from commitments.models import HistoryEntry, Topic
from tests.factories import EvidenceFactory, UserFactory, two_people
from tracker.following import digests, follows
from tracker.models import Issue, Mail, Telling

from .people import AT, change, follow, follower, html, later, send, tell

pytestmark = pytest.mark.django_db


def heard(messages):
    return sorted(message.to[0].split("@")[0] for message in messages)


def told_to():
    """Return who is told of which entries, by all mails there are."""
    rows = Mail.objects.exclude(letter__content={}).select_related("letter", "follower")
    return sorted(
        (mail.follower.address.split("@")[0], seq)
        for mail in rows
        for seq in mail.letter.content.get("events", [])
    )


def look(commitment, at=AT):
    """Record that somebody looked, and nothing had changed."""
    return services.review(
        commitment=commitment,
        reason="Looked.",
        looked_until=at.date(),
        effective_on=at.date(),
        by=UserFactory(),
        at=at,
    )


def last():
    return HistoryEntry.objects.order_by("-seq").first()


def test_a_change_is_told_to_those_whose_filters_match_and_to_no_one_else(record):
    for name, filters in {
        "own": "commitment=join-the-pact",
        "other": "commitment=cut-the-list",
        "topic": "topic=trade",
        "pillar": "pillar=1",
        "elsewhere": "pillar=2",
        "not": "topic=-trade",
        "all": "",
        "words": "q=pact",
        "kind": "entry=status",
        "reviews": "entry=review",
        "was": "status=under_way",
        "becomes": "status=partly_delivered",
        "never": "status=delivered",
    }.items():
        follower(f"{name}@example.org", filters)

    change(record.moved, status="partly_delivered", criteria_met=["a"])
    tell()

    assert heard(send()) == sorted(
        ["own", "topic", "pillar", "all", "words", "kind", "was", "becomes"]
    )


def test_what_changed_nothing_in_the_world_is_told_to_who_wants_it_all(record):
    follower("material@example.org", scope="material")
    follower("all@example.org", scope="all")

    look(record.moved)
    tell()

    assert heard(send()) == ["all"]


def test_corrections_and_withdrawals_are_told_as_such_to_everybody(record):
    follower("material@example.org", scope="material")
    wrong = change(record.moved, status="partly_delivered", criteria_met=["a"])
    services.correct(
        entry=wrong,
        status="under_way",
        criteria_met=[],
        reason="It was a draft.",
        **two_people(),
        at=later(minutes=1),
    )
    services.withdraw(
        commitment=record.gap,
        reason="It was never said.",
        by=UserFactory(),
        at=later(minutes=2),
    )
    tell(later(minutes=3))

    change_, correction, withdrawal = send(later(minutes=4))
    assert "This is a correction" in correction.body
    assert "Partly delivered → Under way" in correction.body
    assert "It was a draft." in html(correction)
    assert "We no longer track this commitment" in withdrawal.body
    assert "This is a correction" not in change_.body


def test_nobody_hears_of_what_was_recorded_before_they_confirmed(record):
    change(record.moved)
    follower(at=later(minutes=1))

    tell(later(minutes=2))

    assert send(later(minutes=3)) == []


def test_two_follows_that_match_make_one_mail(record):
    follower("ann@example.org", "commitment=join-the-pact", "topic=trade")
    change(record.moved)
    tell()
    tell()

    (message,) = send()
    # It says why, for both.
    assert "Trade" in message.body.split("because")[1]
    assert "Join the pact" in message.body.split("because")[1]


def test_a_day_is_told_once_and_empty_days_are_not_told(record):
    follower("daily@example.org", cadence="daily")
    follower("nothing@example.org", "commitment=cut-the-list", cadence="daily")
    change(record.moved)
    change(record.gap, status="under_way")

    for _ in range(3):
        digests.build_due(at=later(days=1))
    (message,) = send(later(days=1))

    assert message.to == ["daily@example.org"]
    assert "2 changes, 24 Nov 2026" in message.subject
    assert message.body.index("1.2 Join") < message.body.index("2.1 ")
    digests.build_due(at=later(days=2))
    assert send(later(days=2)) == []


def test_a_week_is_told_on_monday(record):
    follower("weekly@example.org", cadence="weekly")
    change(record.moved)

    assert digests.build(cadence="weekly", period="2026-W48", at=later(days=3)) == 0
    assert digests.build_due(at=later(days=6)) == 1
    (message,) = send(later(days=6))
    assert "23 Nov 2026 – 29 Nov 2026" in message.subject


def test_days_without_a_scheduler_are_told_in_the_next_digest(record):
    follower(cadence="daily")
    digests.build_due(at=AT)
    change(record.moved)
    change(record.gap, at=later(days=3), status="under_way")

    assert digests.build_due(at=later(days=4)) == 1
    (message,) = send(later(days=4))
    assert message.subject.startswith("2 changes")


def test_no_digest_is_made_of_a_period_before_one_that_was_made(record):
    follower(cadence="daily")
    change(record.moved)
    digests.build(cadence="daily", period="2026-11-24", at=later(days=2))

    assert digests.build(cadence="daily", period="2026-11-23", at=later(days=2)) == 0
    assert Issue.objects.filter(cadence="daily").count() == 1
    with pytest.raises(ValueError, match="Invalid isoformat"):
        digests.build(cadence="daily", period="yesterday", at=AT)


def test_one_person_hears_of_a_change_once_through_all_their_follows(record):
    """At once, daily and weekly follows that overlap never tell the same."""
    follower("ann@example.org", "commitment=join-the-pact", cadence="now")
    follower("ann@example.org", "topic=trade", cadence="daily")
    follower("ann@example.org", "", cadence="weekly")
    change(record.moved)
    change(record.gap, status="under_way")
    change(record.delivered, status="reversed", criteria_met=[])
    tell()
    digests.build_due(at=later(days=6))

    seqs = [seq for _, seq in told_to()]
    assert len(seqs) == len(set(seqs)) == 3


@pytest.mark.parametrize(
    ("before", "after"),
    [("now", "daily"), ("daily", "now"), ("weekly", "daily"), ("daily", "weekly")],
)
def test_changing_how_often_tells_nothing_twice_and_loses_nothing(
    record, before, after
):
    follower(cadence=before)
    for number in range(4):
        look(record.moved, at=later(minutes=number))
        if number == 1:
            follows.change(
                follow=follow(), scope="all", cadence=after, at=later(minutes=1)
            )
        if number == 2:
            tell(later(minutes=2))
    tell(later(minutes=9))
    digests.build_due(at=later(days=6))

    seqs = [seq for _, seq in told_to()]
    assert sorted(seqs) == list(range(last().seq - 3, last().seq + 1))


def test_what_was_ended_tells_nothing_any_more(record):
    one = follower("ann@example.org", "topic=trade", cadence="daily")
    follower("ann@example.org", "body=mofcom", cadence="daily")
    change(record.moved)
    for held in one.follows.confirmed():
        follows.end(follow=held, at=AT)

    digests.build_due(at=later(days=1))

    assert send(later(days=1)) == []


def test_a_filter_that_cannot_be_read_any_more_holds_up_nobody(record, caplog):
    Topic.objects.create(slug="gone-topic", name="Gone")
    follower("ann@example.org", "topic=gone-topic")
    follower("eve@example.org")
    Topic.objects.get(slug="gone-topic").delete()
    change(record.moved)

    tell()

    assert heard(send()) == ["eve"]
    assert "cannot be read any more" in caplog.text


def test_what_was_erased_is_taken_out_of_what_waits_to_be_sent(record):
    follower("eve@example.org", cadence="now")
    entry = change(record.moved, reason="Mr Secret said so.")
    tell()
    assert "Secret" in Telling.objects.get().text

    services.redact(
        entry=entry,
        fields=["reason"],
        reason="By order.",
        by=UserFactory(),
        at=later(minutes=1),
    )
    tell(later(minutes=1))

    sent = send(later(minutes=2))
    assert len(sent) == 2
    assert not any("Secret" in message.body + html(message) for message in sent)


def test_queries_depend_on_distinct_filters_not_on_followers_or_changes(record):
    def crowd(prefix, size):
        for n in range(size):
            filters = ("topic=trade", "body=mofcom", "")[n % 3]
            cadence = ("now", "daily")[n % 2]
            follower(f"{prefix}{n}@example.org", filters, cadence=cadence)

    def counted(work):
        with CaptureQueriesContext(connection) as queries:
            assert work() > 0
        return len(queries)

    crowd("a", 6)
    look(record.moved, at=later(minutes=1))
    tell(later(minutes=1))
    digests.build_due(at=AT)
    look(record.moved, at=later(minutes=1))
    few = counted(lambda: tell(later(minutes=2)))
    few_digests = counted(lambda: digests.build_due(at=later(days=1)))
    # As many as SQLite takes in one statement.
    crowd("b", 18)
    for n in range(5):
        look(record.moved, at=later(days=1, minutes=n))

    assert counted(lambda: tell(later(days=1, hours=1))) == few
    assert counted(lambda: digests.build_due(at=later(days=2))) == few_digests


def test_sending_asks_no_more_for_many_mails_of_one_letter(record):
    follower("a@example.org")
    change(record.moved)
    tell()
    with CaptureQueriesContext(connection) as one:
        send()
    for n in range(10):
        follower(f"b{n}@example.org")
    look(record.moved, at=later(minutes=1))
    tell(later(minutes=1))
    with CaptureQueriesContext(connection) as many:
        assert len(send(later(minutes=2))) == 11

    # Each mail is marked before and after it is handed over, and nothing is read anew.
    assert len(many) - len(one) <= 10 * 5


def test_evidence_reason_and_the_step_stand_in_both_parts(record):
    follower("ann@example.org", "commitment=join-the-pact")
    document = EvidenceFactory(
        official=True, title="Notice 7 & more", url="https://example.org/notice?a=1&b=2"
    )
    change(
        record.moved,
        status="partly_delivered",
        criteria_met=["a"],
        reason="Part a is in force.",
        evidence=[document],
    )
    tell()
    (message,) = send()

    text, rich = message.body, html(message)
    step = "Delivery status: Under way → Partly delivered"
    assert message.subject == f"1.2 Join the pact at once & here: {step}"
    assert "Under way → Partly delivered" in text
    assert "Why: Part a is in force." in text
    assert "Notice 7 & more" in text
    # On a line of its own, so that no program breaks it.
    assert "https://example.org/notice?a=1&b=2" in map(str.strip, text.splitlines())
    assert "Part a is in force." in rich and "Notice 7 &amp; more" in rich
    assert f"#entry-{last().seq}" in text and f"#entry-{last().seq}" in rich
