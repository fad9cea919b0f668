"""The review queue, worked from outside."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from commitments import services
from commitments.models import Assignment, Flag, Snooze
from commitments.rules import RuleBroken

from . import desk

pytestmark = pytest.mark.django_db
QUEUE = "/admin/commitments/flag/queue/"


@pytest.fixture(autouse=True)
def that_day():
    with time_machine.travel(desk.AT + timedelta(days=10), tick=False):
        yield


@pytest.fixture
def analyst():
    return desk.signed_in("ann", "analyst")


@pytest.fixture
def reviewer():
    return desk.signed_in("rev", "reviewer")


def flagged(ref, *reasons, days=5, opened_at=desk.AT):
    commitment = desk.assessed(ref)
    for number, reason in enumerate(reasons or ("stale",)):
        Flag.objects.create(
            commitment=commitment,
            reason=reason,
            since_on=desk.AT.date() - timedelta(days=days + number),
            opened_at=opened_at,
        )
    return commitment


def refs(client, **query):
    response = client.get(QUEUE, query)
    assert response.status_code == 200
    return [row["commitment"].ref for row in response.context["rows"]]


def act(client, commitment, name, **data):
    address = reverse("admin:commitments_queue_row", args=[commitment.pk, name])
    return client.post(address, data)


def test_one_row_per_commitment_with_all_its_flags_oldest_first(analyst):
    flagged("1.1", "stale", "overdue", days=3)
    flagged("1.2", "thin_evidence", days=9)
    desk.assessed("1.3")

    page = analyst.get(QUEUE)

    assert refs(analyst) == ["1.2", "1.1"]
    assert "2 commitments need a look" in page.content.decode()
    assert len(page.context["rows"][1]["commitment"].open_flags) == 2


def test_filters_and_their_counts(analyst, reviewer):
    first = flagged("1.1", "stale")
    flagged("1.2", "stale", "overdue")
    first.responsibilities.create(body=desk.body())
    act(reviewer, first, "claim")

    assert refs(analyst, reason="overdue") == ["1.2"]
    assert refs(analyst, body="mofcom") == ["1.1"]
    assert refs(analyst, pillar="one", assignee="nobody") == ["1.2"]
    assert refs(reviewer, assignee="me") == ["1.1"]
    assert refs(analyst, assignee="rev") == ["1.1"]
    assert refs(analyst, pillar="no-such") == []
    for name, choices in analyst.get(QUEUE).context["choices"].items():
        for choice in choices:
            assert len(refs(analyst, **{name: choice.value})) == choice.count


def test_a_claim_keeps_others_off_for_48_hours(analyst, reviewer):
    commitment = flagged("1.1")
    assert act(analyst, commitment, "claim").status_code == 302

    refused = act(desk.signed_in("bo", "analyst"), commitment, "claim")
    assert refused.status_code == 422
    assert "ann works on this until 2026-06-13 12:00" in refused.content.decode()
    with time_machine.travel(desk.AT + timedelta(days=12, minutes=1)):
        assert (
            act(desk.signed_in("bo", "analyst"), commitment, "claim").status_code == 302
        )

    held = Assignment.objects.get(ended_at=None)
    assert held.assignee.username == "bo"
    assert Assignment.objects.count() == 2


def test_reviewers_assign_and_analysts_do_not(analyst, reviewer):
    commitment = flagged("1.1")
    bo = desk.account("bo", "analyst")
    outsider = desk.account("out")

    refused = act(analyst, commitment, "assign", assignee=bo.pk)
    assert "Only reviewers give work" in refused.content.decode()
    assert act(reviewer, commitment, "assign", assignee=outsider.pk).status_code == 422
    assert act(reviewer, commitment, "assign", assignee=bo.pk).status_code == 302

    assert Assignment.objects.get().assignee == bo


def test_only_its_assignee_or_a_reviewer_gives_a_row_back(analyst, reviewer):
    commitment = flagged("1.1")
    act(analyst, commitment, "claim")

    refused = act(desk.signed_in("bo", "analyst"), commitment, "release")
    assert "Ask them" in refused.content.decode()
    assert act(reviewer, commitment, "release").status_code == 302
    assert refs(analyst, assignee="nobody") == ["1.1"]


def test_still_accurate_records_a_review(analyst):
    commitment = flagged("1.1")
    seen = commitment.latest_entry_id

    empty = act(analyst, commitment, "accurate", seen=seen, reason="")
    done = act(analyst, commitment, "accurate", seen=seen, reason="Read the site.")

    assert empty.status_code == 422
    assert done.status_code == 302
    entry = commitment.history.latest("seq")
    assert (entry.kind, entry.text.reason) == ("review", "Read the site.")
    assert str(entry.looked_until) == "2026-06-11"


def test_still_accurate_on_a_changed_commitment_is_told_and_keeps_the_note(analyst):
    commitment = flagged("1.1")
    seen = commitment.latest_entry_id
    services.attach_evidence(
        commitment=commitment,
        evidence=[desk.document("other")],
        reason="More.",
        by=desk.account("bo", "analyst"),
        at=desk.AT,
    )

    told = act(analyst, commitment, "accurate", seen=seen, reason="Read it all.")
    page = told.content.decode()
    form = next(r["accurate"] for r in told.context["rows"])

    assert "Evidence by bo" in page
    assert 'value="Read it all."' in page
    again = act(
        analyst, commitment, "accurate", seen=form["seen"].value(), reason="Read it."
    )
    assert again.status_code == 302


def test_a_reason_goes_with_the_entry_that_ends_it(analyst):
    commitment = flagged("1.1", "review_due")
    seen = commitment.latest_entry_id

    act(analyst, commitment, "accurate", seen=seen, reason="Read the site.")
    assert not commitment.flags.open().filter(reason="review_due").exists()

    # A colleague had the row open still.
    commitment.flags.open().update(closed_at=desk.AT)
    late = act(
        desk.signed_in("bo", "analyst"),
        commitment,
        "accurate",
        seen=seen,
        reason="An hour.",
    )
    assert "not among these rows any more" in late.content.decode()
    assert "You had typed: “An hour.”" in late.content.decode()


def test_a_snooze_hides_the_row_until_then_and_all_can_read_why(analyst, reviewer):
    commitment = flagged("1.1")

    late = act(analyst, commitment, "snooze", until="2026-09-01", reason="Later.")
    silent = act(analyst, commitment, "snooze", until="2026-06-20", reason="")
    put_off = act(
        analyst, commitment, "snooze", until="2026-06-20", reason="A hearing."
    )

    assert "not after 2026-07-11" in late.content.decode()
    assert silent.status_code == 422
    assert put_off.status_code == 302
    assert refs(reviewer) == []
    assert refs(reviewer, snoozed="yes") == ["1.1"]
    page = reviewer.get(QUEUE, {"snoozed": "yes"}).content.decode()
    assert "A hearing." in page
    with time_machine.travel(desk.AT + timedelta(days=20)):
        # A session ends within a day.
        assert refs(desk.signed_in("later", "reviewer")) == ["1.1"]


def test_a_new_reason_brings_a_snoozed_row_back(analyst):
    commitment = flagged("1.1")
    act(analyst, commitment, "snooze", until="2026-06-20", reason="A hearing.")
    Flag.objects.create(
        commitment=commitment,
        reason="overdue",
        since_on=desk.AT.date(),
        opened_at=desk.AT + timedelta(days=11),
    )

    assert refs(analyst) == ["1.1"]
    assert not Snooze.objects.in_force(on=desk.AT.date()).exists()


def test_a_snooze_can_be_ended(analyst):
    commitment = flagged("1.1")
    act(analyst, commitment, "snooze", until="2026-06-20", reason="A hearing.")
    act(analyst, commitment, "wake")

    assert refs(analyst) == ["1.1"]


def test_after_an_act_one_goes_on_at_the_next_row(analyst):
    first, second = flagged("1.1", days=9), flagged("1.2", days=3)

    claimed = act(analyst, first, "claim", after=second.pk)
    put_off = act(
        analyst, first, "snooze", after=second.pk, until="2026-06-20", reason="Later."
    )

    assert claimed.url.endswith(f"#row-{first.pk}")
    assert put_off.url.endswith(f"#row-{second.pk}")


def test_ticked_rows_are_claimed_together(analyst):
    rows = [flagged(f"1.{n}") for n in range(1, 4)]
    act(desk.signed_in("bo", "analyst"), rows[0], "claim")
    address = reverse("admin:commitments_claim")

    page = analyst.post(address, {"pk": [c.pk for c in rows]}, follow=True)
    none = analyst.post(address, {"pk": ["x"]}, follow=True)

    assert "bo works on this" in page.content.decode()
    assert Assignment.objects.filter(assignee__username="ann").count() == 2
    assert "Tick the rows" in none.content.decode()


def test_withdrawn_commitments_and_closed_flags_do_not_wait(analyst, reviewer):
    gone, closed = flagged("1.1"), flagged("1.2")
    services.withdraw(
        commitment=gone, reason="Out.", by=desk.account("rev", "reviewer"), at=desk.AT
    )
    closed.flags.update(closed_at=desk.AT)

    assert refs(analyst) == []
    assert act(analyst, gone, "claim").status_code == 422


@pytest.mark.parametrize("group", [None, "administrator"])
def test_others_have_no_business_in_the_queue(group):
    commitment = flagged("1.1")
    client = desk.signed_in("someone", group)

    assert client.get(QUEUE).status_code == 403
    assert act(client, commitment, "claim").status_code == 403


def test_the_queue_takes_no_query_per_row(analyst):
    def count():
        with CaptureQueriesContext(connection) as queries:
            refs(analyst)
        return len(queries)

    flagged("1.1")
    count()
    before = count()
    for number in range(2, 8):
        flagged(f"1.{number}", "stale", "overdue")
    assert count() == before


def test_the_database_keeps_one_claim_and_one_snooze_at_a_time():
    commitment, bo = flagged("1.1"), desk.account("bo", "analyst")
    services.claim(commitment=commitment, by=bo, at=desk.AT)

    with pytest.raises(IntegrityError), transaction.atomic():
        Assignment.objects.create(
            commitment=commitment,
            assignee=bo,
            at=desk.AT,
            until=desk.AT + timedelta(hours=1),
        )


@pytest.mark.django_db(transaction=True)
def test_of_two_claims_at_once_one_wins():
    commitment = flagged("1.1")
    people = [desk.account(name, "analyst") for name in ("ann", "bo")]
    rounds = 20 if connection.vendor == "postgresql" else 3
    for _ in range(rounds):
        start = Barrier(2)

        def run(person, start=start):
            start.wait()
            try:
                return services.claim(commitment=commitment, by=person, at=desk.AT)
            except RuleBroken as refused:
                return refused.rule
            finally:
                connection.close()

        with ThreadPoolExecutor(2) as pool:
            came = list(pool.map(run, people))
        won = [c for c in came if isinstance(c, Assignment)]
        assert len(won) == 1 and "claimed_by_another" in came
        services.release(commitment=commitment, by=won[0].assignee, at=desk.AT)
