"""Cards: what is stored of a commitment is what the serializers would say, always."""

from datetime import date, timedelta

import orjson
import pytest
from django.core.management import call_command
from django.urls import reverse
from django.utils import timezone

from commitments import services
from commitments.check import check_record
from commitments.models import Commitment, Passage, State
from tests.factories import CommitmentFactory, UserFactory, assess
from tests.tracker import record as records
from tracker.api import cards, record_serializers
from tracker.models import Card

pytestmark = pytest.mark.django_db


def computed(get, path):
    """Return an answer as it is without any card."""
    Card.objects.all().delete()
    return get(path)


@pytest.mark.parametrize(
    "path",
    [
        "commitments/",
        "commitments/?limit=2&sort=due",
        "commitments/?q=pact&status=under_way",
        "commitments/?body=mofcom&pillar=2&schedule=-no_date",
        "commitments/join-the-pact/",
        "commitments/gone/",
    ],
)
def test_with_and_without_cards_answers_are_the_same_to_the_byte(record, get, path):
    assert Card.objects.count() == 6

    with_cards = get(path)

    assert with_cards.content == computed(get, path).content


def test_a_page_of_cards_takes_few_queries(record, get, django_assert_num_queries):
    # The version, the page, its cards.
    with django_assert_num_queries(3):
        get("commitments/")
    with django_assert_num_queries(2):
        get("commitments/join-the-pact/")


def test_every_sort_leads_through_all_rows_with_and_without_cards(record, get):
    for sort in ("ref", "status", "changed", "due", "review"):
        for shaped in ("", "&fields=slug"):
            path, slugs = f"commitments/?limit=1&sort={sort}{shaped}", []
            while path:
                page = get(path).json()
                slugs += [row["slug"] for row in page["results"]]
                path = page["next"] and page["next"].partition("/api/v1/")[2]
            assert len(slugs) == len(set(slugs)) == 4, (sort, shaped)


def test_an_entry_is_told_by_the_next_answer(record, get):
    assess(record.gap, status="under_way", effective_on=date(2026, 3, 1))

    rows = {row["slug"]: row for row in get("commitments/").json()["results"]}

    assert rows[record.gap.slug]["status"] == "under_way"
    assert get("commitments/build-a-zone/").json()["history"][-1]["status"]
    assert list(check_record()) == []


def test_what_the_desk_edits_is_told_by_the_next_answer(record, get, admin_client):
    passage = Passage.objects.get(ref="4.3.10")
    address = reverse("admin:commitments_passage_change", args=[passage.pk])
    typed = {"ref": "4.3.11", "position": 1, "role": "commitment", "summary": "Open."}

    answer = admin_client.post(
        address, {**typed, "source": passage.source_id, "seen_change": 0}
    )

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert get("commitments/join-the-pact/").json()["passages"] == ["4.3.11"]
    assert list(check_record()) == []


@pytest.mark.owner
def test_a_change_past_the_services_is_found_by_the_check(record):
    Commitment.objects.filter(pk=record.gap.pk).update(kind="zone")

    assert list(check_record()) == [
        f"commitment {record.gap.pk}: its card differs from the record"
    ]

    call_command("refresh_cards")

    assert Card.objects.count() == 6
    assert list(check_record()) == []

    Card.objects.all().delete()
    call_command("migrate", verbosity=0)

    assert Card.objects.count() == 6
    assert list(check_record()) == []


def test_a_card_of_another_program_or_of_an_earlier_entry_is_not_used(record, get):
    right = get("commitments/").content
    Card.objects.update(row="{}", whole="{}", shape="another")

    assert get("commitments/").content == right
    assert cards.fill(on=timezone.localdate()) == 6

    Card.objects.update(row="{}", whole="{}", entry=1)

    assert get("commitments/").content == right
    assert get("commitments/build-a-zone/").json()["slug"] == "build-a-zone"


def test_a_draft_has_no_card_and_one_that_is_rolled_back_none_of_it(record):
    before = dict(Card.objects.values_list("pk", "row"))
    with pytest.raises(services.StaleForm):
        assess(record.gap, seen=0)

    assert dict(Card.objects.values_list("pk", "row")) == before
    assert set(before) == set(Commitment.objects.public().values_list("pk", flat=True))


def test_a_card_holds_until_the_first_day_that_changes_it(record):
    """Each day of two years: while a card holds, the serializer says the same."""
    start = date(2026, 9, 3)
    states = list(cards.with_names(State.objects.at(as_of=start)))
    for state in states:
        day = start
        while day < start + timedelta(days=730):
            until = cards.until(state, on=day)
            assert until > day
            told = row(state, on=day)
            for step in range((min(until, start + timedelta(days=730)) - day).days):
                assert row(state, on=day + timedelta(days=step)) == told
            day = until


def row(state, *, on):
    """Return what of a row follows from the day."""
    context = {"on": on, "is_past": False}
    made = record_serializers.StateSerializer(context=context)
    return [
        made.get_schedule(state),
        made.get_freshness(state),
        made.get_inactive(state),
    ]


def test_when_its_days_are_over_a_card_is_not_used_and_the_upkeep_renews_it(
    record, get
):
    today = timezone.localdate()
    one = Card.objects.get(pk=record.moved.pk)
    Card.objects.filter(pk=one.pk).update(
        since=today - timedelta(days=9), until=today, row='{"slug":"old"}'
    )

    slugs = [row["slug"] for row in get("commitments/").json()["results"]]
    assert "old" not in slugs and record.moved.slug in slugs

    assert cards.fill(on=today) == 1
    assert Card.objects.get(pk=one.pk).row == one.row


def test_lines_of_json_come_from_cards_and_say_what_the_list_says(record, get):
    lines = b"".join(get("commitments/?format=jsonl").streaming_content).splitlines()

    assert [orjson.loads(line) for line in lines] == get("commitments/").json()[
        "results"
    ]


def test_published_anew_it_has_a_card(db):
    one = CommitmentFactory(title="Open the port")

    card = Card.objects.get(pk=one.pk)

    assert orjson.loads(card.row)["title"] == "Open the port"
    assert card.entry == one.latest_entry_id
    services.withdraw(
        commitment=one,
        reason="It was never said.",
        by=UserFactory(),
        at=records.moment(9, 1),
    )
    assert orjson.loads(Card.objects.get(pk=one.pk).row)["standing"] == "withdrawn"
