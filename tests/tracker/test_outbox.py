"""What is to be told is written with what happened, once, byte for byte."""

from io import StringIO

import orjson
import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from commitments import services, signals
from commitments.models import HistoryEntry
from commitments.services.recording import one_recording
from tests.factories import (
    AT,
    CommitmentFactory,
    DraftFactory,
    EvidenceFactory,
    ReviewerFactory,
    UserFactory,
    assess,
)
from tests.tracker import record
from tracker import outbox
from tracker.models import Channel, Event

pytestmark = pytest.mark.django_db


def bodies():
    return list(Event.objects.values_list("body", flat=True))


def redact(entry, fields):
    return services.redact(
        entry=entry, fields=fields, reason="By order.", by=UserFactory(), at=AT
    )


def test_each_public_entry_has_one_event_that_reads_as_the_api_tells_it(client):
    record.small()

    told = client.get("/api/v1/changes/?limit=500").content

    assert Event.objects.count() == HistoryEntry.objects.count() > 10
    assert all(body.encode() in told for body in bodies())
    results = orjson.loads(told)["results"]
    assert [orjson.loads(body) for body in bodies()] == results
    for event, change in zip(Event.objects.all(), results, strict=True):
        assert (event.seq, event.type) == (change["seq"], change["type"])
        assert event.commitment.slug == change["commitment"]


def test_an_event_reads_the_same_whatever_comes_later():
    commitment = CommitmentFactory()
    first = bodies()

    assess(commitment, status="under_way")

    assert bodies()[:1] == first
    assert orjson.loads(bodies()[1])["old"]["status"] == ""


def test_a_draft_tells_nothing():
    DraftFactory()

    assert not Event.objects.exists()


def test_what_is_rolled_back_leaves_no_event():
    commitment = CommitmentFactory()

    with transaction.atomic():
        assess(commitment)
        transaction.set_rollback(True)

    assert Event.objects.count() == 1


def test_a_rehearsal_leaves_no_event_and_tells_nobody():
    commitment, heard = CommitmentFactory(), []
    hear = lambda entries, **kwargs: heard.append(list(entries))
    signals.recorded.connect(hear)
    try:
        with services.rehearsal():
            assess(commitment)
    finally:
        signals.recorded.disconnect(hear)

    assert heard == []
    assert Event.objects.count() == 1


def test_a_failing_receiver_takes_the_recording_with_it(monkeypatch):
    commitment = CommitmentFactory()
    before = HistoryEntry.objects.count()

    def fail(entries):
        raise RuntimeError("No room.")

    monkeypatch.setattr(outbox, "write", fail)
    with pytest.raises(RuntimeError):
        assess(commitment)

    assert HistoryEntry.objects.count() == before


def test_a_recording_of_many_entries_writes_their_events_at_once():
    commitments = [CommitmentFactory() for _ in range(6)]

    def queries(some):
        with (
            CaptureQueriesContext(
                connection,
            ) as captured,
            one_recording(),
        ):
            for commitment in some:
                assess(commitment)
        return [q["sql"] for q in captured if "tracker_event" in q["sql"]]

    assert len(queries(commitments[:2])) == len(queries(commitments[2:])) == 1
    assert Event.objects.count() == 12


def test_an_entry_taken_back_inside_a_recording_tells_nothing():
    one, other = CommitmentFactory(), CommitmentFactory()

    with one_recording():
        assess(one)
        with pytest.raises(ZeroDivisionError), one_recording():
            assess(other)
            1 / 0  # noqa: B018

    assert Event.objects.filter(commitment=one).count() == 2
    assert Event.objects.filter(commitment=other).count() == 1


def test_an_erased_reason_leaves_the_outbox_too():
    commitment = CommitmentFactory()
    wrong = assess(commitment, reason="It names Mr Secret.")
    assess(commitment, status="announced", reason="A plan.")

    redact(wrong, ["reason"])

    assert not [body for body in bodies() if "Secret" in body]
    assert Event.objects.count() == 4


def test_an_erased_wording_leaves_every_event_that_repeats_it():
    commitment = CommitmentFactory()
    services.amend_wording(
        commitment=commitment,
        changes={"reading": "It was said by Mr Secret."},
        reason="The source was published in full.",
        evidence=[EvidenceFactory()],
        effective_on=AT.date(),
        by=UserFactory(),
        approver=ReviewerFactory(),
        at=AT,
    )
    amended = HistoryEntry.objects.last()
    assess(commitment)
    assert len([body for body in bodies() if "Secret" in body]) == 2

    services.amend_wording(
        commitment=commitment,
        changes={"reading": "It was said by an official."},
        reason="Names nobody.",
        evidence=[EvidenceFactory()],
        effective_on=AT.date(),
        by=UserFactory(),
        approver=ReviewerFactory(),
        at=AT,
    )
    redact(amended, ["wording"])

    assert not [body for body in bodies() if "Secret" in body]


def test_events_are_handed_to_a_channel_once_and_in_order(now):
    for _ in range(5):
        CommitmentFactory()
    handed = []

    def spread(events):
        handed.extend(event.seq for event in events)

    counts = [
        outbox.fan_out(Channel.WEBHOOKS, spread, at=now, most=3) for _ in range(3)
    ]

    assert counts == [3, 2, 0]
    assert handed == sorted(HistoryEntry.objects.values_list("seq", flat=True))
    assert Event.objects.waiting(Channel.MAILS).count() == 5


def test_a_channel_that_fails_gets_the_same_events_again(now):
    CommitmentFactory()

    def fail(events):
        raise RuntimeError("No room.")

    with pytest.raises(RuntimeError):
        outbox.fan_out(Channel.MAILS, fail, at=now)

    assert outbox.fan_out(Channel.MAILS, lambda events: None, at=now) == 1


def test_while_the_outbox_is_held_nothing_is_handed_out(now):
    outbox.hold(at=now)
    outbox.hold(at=now)
    CommitmentFactory()

    assert outbox.fan_out(Channel.MAILS, lambda events: None, at=now) == 0
    assert outbox.release(at=now) == 1
    assert outbox.fan_out(Channel.MAILS, lambda events: None, at=now) == 1
    assert outbox.release(at=now) == 0


def test_what_waited_can_be_let_go(now):
    CommitmentFactory()
    outbox.hold(at=now)

    outbox.release(at=now, discard=True)
    CommitmentFactory()

    for channel in Channel:
        assert Event.objects.waiting(channel).count() == 1


def test_commands_hold_and_release():
    def said(*command):
        out = StringIO()
        call_command(*command, stdout=out)
        return out.getvalue()

    assert "Nothing was held." in said("release_outbox")
    assert "Held since" in said("hold_outbox")
    assert outbox.is_held()
    assert "let go" in said("release_outbox", "--discard")
    assert not outbox.is_held()


def test_administrators_see_the_outbox_and_change_nothing(admin_client, now):
    CommitmentFactory()
    outbox.hold(at=now)

    for model in ("event", "hold"):
        page = admin_client.get(f"/admin/tracker/{model}/")
        assert page.status_code == 200
        pk = page.context["cl"].result_list[0].pk
        assert (
            admin_client.get(f"/admin/tracker/{model}/{pk}/change/").status_code == 200
        )
        assert admin_client.get(f"/admin/tracker/{model}/add/").status_code == 403
