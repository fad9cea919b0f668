from datetime import UTC, date, datetime, timedelta

import pytest
from django.core.management import CommandError, call_command

from commitments import services
from commitments.models import Flag
from commitments.statuses import first_day_too_old
from tests.factories import (
    AT,
    BodyFactory,
    CommitmentFactory,
    EvidenceFactory,
    UserFactory,
    assess,
    two_people,
)

pytestmark = pytest.mark.django_db

TWO = {"official": True}


def solid(**given):
    """A commitment whose status rests on two sources, one of them official."""
    commitment = CommitmentFactory(**given)
    assess(commitment, evidence=[EvidenceFactory(), EvidenceFactory(**TWO)])
    return commitment


def scan(on):
    services.flag_commitments(on=on, at=datetime.combine(on, AT.timetz()))
    return {(f.reason, f.since_on) for f in Flag.objects.open()}


@pytest.mark.parametrize(
    ("on", "reasons"),
    [
        (date(2026, 9, 29), set()),
        (date(2026, 9, 30), {("review_due", date(2026, 9, 30))}),
        (
            date(2026, 12, 30),
            {
                ("review_due", date(2026, 9, 30)),
                ("stale", date(2026, 12, 30)),
                ("inactive", date(2026, 11, 27)),
            },
        ),
    ],
)
def test_reasons_open_on_their_day(on, reasons):
    solid()

    assert scan(on) == reasons


def test_a_date_due_soon_then_overdue():
    solid(original_due_on=date(2026, 9, 10), original_due_precision="day")

    soon = {reason for reason, _ in scan(date(2026, 7, 20))}
    late = {reason for reason, _ in scan(date(2026, 9, 11))}

    assert "due_soon" in soon and "overdue" not in soon
    assert "overdue" in late and "due_soon" not in late


def test_a_claim_ahead_of_the_evidence_and_thin_evidence():
    commitment = CommitmentFactory()
    assess(commitment)
    services.record_claim(
        commitment=commitment,
        position="declared_complete",
        body=BodyFactory(),
        reason="It says so.",
        evidence=[EvidenceFactory()],
        effective_on=date(2026, 6, 1),
        **two_people(),
        at=AT,
    )

    assert {reason for reason, _ in scan(AT.date())} == {"claim_gap", "thin_evidence"}


def test_never_reviewed_and_untrackable():
    CommitmentFactory()
    CommitmentFactory(trackable=False, untrackable_reason="Framing.", criteria=[])

    assert [reason for reason, _ in scan(AT.date())] == ["never_reviewed"]


def test_a_second_scan_changes_nothing_and_a_review_closes():
    commitment, on = solid(), date(2026, 10, 5)
    scan(on)
    first = list(Flag.objects.values())
    again = services.flag_commitments(on=on, at=AT)
    assert again == {"opened": 0, "closed": 0}
    assert list(Flag.objects.values()) == first

    services.review(
        commitment=commitment,
        reason="Looked again.",
        looked_until=on,
        effective_on=on,
        by=UserFactory(),
        at=datetime(2026, 10, 5, tzinfo=UTC),
    )

    assert scan(on) == set()
    assert Flag.objects.get().closed_at is not None


def test_the_scan_takes_as_many_queries_for_many_as_for_few(
    django_assert_max_num_queries,
):
    for _ in range(6):
        solid()

    with django_assert_max_num_queries(50):
        services.flag_commitments(on=date(2027, 3, 24), at=AT)


def test_the_command_takes_a_day_and_refuses_what_is_none(capsys):
    solid()

    call_command("flag_commitments", on="2027-03-24")
    assert "3 opened, 0 closed" in capsys.readouterr().out
    with pytest.raises(Exception, match="give a day that exists"):
        call_command("flag_commitments", on="2027-02-30")
    with pytest.raises(CommandError, match="Give a later day"):
        call_command("flag_commitments", on="0001-01-01")


@pytest.mark.parametrize(
    ("given", "day"),
    [
        ({}, date(2026, 9, 29)),
        ({"status": "delivered"}, date(2026, 12, 28)),
        ({"due_on": date(2026, 10, 1)}, date(2026, 7, 31)),
        ({"due_on": date(2026, 12, 31)}, date(2026, 9, 2)),
        ({"due_on": date(2026, 6, 1)}, date(2026, 9, 29)),
        ({"position_since": date(2026, 7, 20)}, date(2026, 7, 31)),
        ({"position_since": date(2026, 6, 1)}, date(2026, 9, 29)),
        ({"own_interval": timedelta(days=7)}, date(2026, 7, 8)),
    ],
)
def test_the_first_day_on_which_a_look_is_too_old(given, day):
    values = {
        "status": "under_way",
        "due_on": None,
        "position_since": None,
        "own_interval": None,
        **given,
    }

    assert first_day_too_old(date(2026, 7, 1), **values) == day
