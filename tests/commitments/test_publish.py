"""Publication: what a draft has to be, and what it fixes for good."""

from datetime import date, timedelta

import pytest

from commitments import actors, services
from commitments.models import HistoryEntry
from tests.factories import AT, DraftFactory, UserFactory, assess

from .test_services import broken

pytestmark = pytest.mark.django_db


def test_what_is_made_tomorrow_is_not_published_today():
    draft = DraftFactory(stated_on=AT.date() + timedelta(days=1))
    given = {"commitment": draft, "by": actors.CATALOGUE}

    assert broken(services.publish, **given, at=AT) == "stated_by_today"
    assert not HistoryEntry.objects.exists()
    services.publish(**given, at=AT + timedelta(days=1))


def test_a_draft_takes_no_entries_and_is_published_once():
    draft = DraftFactory()
    refused = broken(assess, commitment=draft)
    services.publish(commitment=draft, by=actors.CATALOGUE, at=AT)

    assert refused == "only_published_commitments"
    assert (
        broken(services.publish, commitment=draft, by=actors.CATALOGUE, at=AT)
        == "published_once"
    )


@pytest.mark.parametrize(
    ("facts", "rule"),
    [
        ({"original_due_precision": ""}, "date_and_precision"),
        ({"original_due_on": None}, "date_and_precision"),
        (
            {"original_due_on": date.max, "original_due_precision": "day"},
            "due_on_a_day",
        ),
    ],
)
def test_publication_fixes_no_day_that_no_reader_could_ask_for(facts, rule):
    draft = DraftFactory(**facts)

    assert broken(services.publish, commitment=draft, by=UserFactory(), at=AT) == rule


def test_a_coarse_date_of_a_draft_has_passed_when_its_period_has():
    draft = DraftFactory(
        original_due_on=date(2027, 2, 1), original_due_precision="quarter"
    )
    draft.milestones.create(
        key="signed", title="Signed", due_on=date(2026, 8, 1), due_precision="month"
    )
    draft.milestones.create(key="day", title="A day", due_on=date(2026, 8, 1))

    services.publish(commitment=draft, by=UserFactory(), at=AT)

    draft.refresh_from_db()
    assert (draft.original_due_on, draft.due_on) == (date(2027, 3, 31),) * 2
    steps = dict(draft.milestones.values_list("key", "due_on"))
    assert steps == {"signed": date(2026, 8, 31), "day": date(2026, 8, 1)}
