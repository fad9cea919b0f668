"""Two people at one moment: exactly one entry, every time."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date
from threading import Barrier

import pytest
from django.db import connection

from commitments import services
from commitments.chain import verify
from commitments.models import HistoryEntry
from commitments.rules import RuleBroken
from commitments.statuses import EntryKind
from tests.factories import (
    AT,
    CommitmentFactory,
    EvidenceFactory,
    ReviewerFactory,
    UserFactory,
)


@pytest.fixture
def rounds(transactional_db):
    """How often to try: SQLite lets one writer in at a time anyway."""
    return 100 if connection.vendor == "postgresql" else 10


@pytest.fixture
def people(transactional_db):
    return {
        "author": UserFactory(),
        "first": ReviewerFactory(),
        "second": ReviewerFactory(),
        "evidence": EvidenceFactory(),
    }


def arguments(people, reason="A notice took effect."):
    return {
        "status": "under_way",
        "criteria_met": [],
        "confidence": "medium",
        "reason": reason,
        "evidence": [people["evidence"]],
        "effective_on": date(2026, 3, 1),
        "looked_until": date(2026, 7, 2),
    }


def proposed(people):
    return services.propose(
        commitment=CommitmentFactory(),
        kind=EntryKind.STATUS,
        arguments=arguments(people),
        by=people["author"],
        at=AT,
    )


def at_once(*calls):
    """Run calls in threads that start together; return what each came to."""
    start = Barrier(len(calls))

    def run(call):
        start.wait()
        try:
            return call()
        except RuleBroken as refused:
            return refused.rule
        finally:
            connection.close()

    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(run, calls))


def approving(proposal, by, seen):
    return lambda: services.approve(
        proposal=proposal, by=by, at=AT, revision=1, seen=seen
    )


@pytest.mark.timeout(300)
def test_two_approvals_at_once_make_one_entry(rounds, people):
    for _ in range(rounds):
        proposal = proposed(people)
        seen = proposal.commitment.latest_entry_id

        came = at_once(
            approving(proposal, people["first"], seen),
            approving(proposal, people["second"], seen),
        )

        made = [result for result in came if isinstance(result, HistoryEntry)]
        refused = [result for result in came if isinstance(result, str)]
        assert (len(made), refused) == (1, ["waits_for_a_decision"])
        assert proposal.commitment.history.filter(kind="status").count() == 1
    assert list(verify()) == []


@pytest.mark.timeout(300)
def test_an_approval_beside_an_edit_publishes_what_was_read_or_nothing(rounds, people):
    for _ in range(rounds):
        proposal = proposed(people)
        seen = proposal.commitment.latest_entry_id

        def edit(proposal=proposal):
            return services.revise(
                proposal=proposal,
                arguments=arguments(people, reason="Something else altogether."),
                by=people["author"],
                at=AT,
                revision=1,
            )

        came = at_once(approving(proposal, people["first"], seen), edit)
        if came[0] == "revised_meanwhile":
            assert not proposal.commitment.history.filter(kind="status").exists()
            proposal.refresh_from_db()
            entry = services.approve(
                proposal=proposal, by=people["first"], at=AT, revision=2, seen=seen
            )
            assert entry.text.reason == "Something else altogether."
        else:
            assert came[1] == "waits_for_a_decision"
            assert came[0].text.reason == "A notice took effect."
        assert proposal.commitment.history.filter(kind="status").count() == 1
    assert list(verify()) == []
