"""A program of somebody else's, written against the client made from the contract.

``tracker_client`` is made by a test, which has this file's types checked and runs it.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator

from tracker_client import AuthenticatedClient, Client
from tracker_client.api.changes import changes_list
from tracker_client.api.commitments import commitments_list, commitments_retrieve
from tracker_client.api.proposals import proposals_create
from tracker_client.models.confidence import Confidence
from tracker_client.models.delivery_status import DeliveryStatus
from tracker_client.models.problem import Problem
from tracker_client.models.proposal import Proposal
from tracker_client.models.proposal_kind_enum import ProposalKindEnum
from tracker_client.models.proposed import Proposed
from tracker_client.models.state import State
from tracker_client.models.state_detail import StateDetail
from tracker_client.types import UNSET, Unset


def pages(client: Client, limit: int) -> Iterator[list[State]]:
    """Yield the commitments page by page."""
    cursor: str | Unset = UNSET
    while True:
        page = commitments_list.sync(client=client, limit=limit, cursor=cursor)
        if page is None or isinstance(page, Problem):
            raise ValueError(page)
        yield page.results
        if page.next_ is None:
            return
        cursor = page.next_.partition("cursor=")[2].partition("&")[0]


def one(client: Client, slug: str) -> StateDetail | Problem | None:
    return commitments_retrieve.sync(client=client, slug=slug)


def then(client: Client, slug: str, day: datetime.date) -> str:
    """Return the delivery status that stood on a day."""
    found = commitments_retrieve.sync(client=client, slug=slug, as_of=day)
    if not isinstance(found, StateDetail):
        raise TypeError(found)
    return found.status or ""


def refused(client: Client) -> Problem:
    """Ask for a day ahead; return what is said of it."""
    answer = commitments_list.sync(client=client, as_of=datetime.date(2999, 1, 1))
    if not isinstance(answer, Problem):
        raise TypeError(answer)
    return answer


def numbers(client: Client) -> list[int]:
    """Return the numbers of all changes, read two at a time."""
    found: list[int] = []
    after = 0
    while True:
        answer = changes_list.sync(client=client, after=after, limit=2)
        if answer is None or isinstance(answer, Problem):
            raise ValueError(answer)
        found += [change.seq for change in answer.results]
        after = answer.last
        if not answer.more:
            return found


def propose(
    client: AuthenticatedClient, slug: str, evidence: str
) -> Proposed | Problem | None:
    draft = Proposal(
        commitment=slug,
        kind=ProposalKindEnum.STATUS,
        reason="A notice took effect.",
        evidence=[evidence],
        effective_on=datetime.date(2026, 9, 1),
        status=DeliveryStatus.ANNOUNCED,
        criteria_met=[],
        confidence=Confidence.MEDIUM,
        looked_until=datetime.date(2026, 9, 2),
    )
    return proposals_create.sync(client=client, body=draft, idempotency_key="job-1")
