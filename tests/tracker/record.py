"""A small record with something of each kind, for tests of the public pages."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

from commitments import services, shown
from commitments.models import Indicator, Partner, Source, Topic
from tests.factories import (
    BodyFactory,
    CommitmentFactory,
    EvidenceFactory,
    PillarFactory,
    PlanFactory,
    UserFactory,
    assess,
    two_people,
)

TODAY = date(2026, 11, 24)


def moment(month: int, day: int, hour: int = 9) -> datetime:
    return datetime(2026, month, day, hour, tzinfo=UTC)


@dataclass
class Record:
    """What was made, by the part it plays."""

    delivered: Any
    moved: Any
    gap: Any
    untrackable: Any
    withdrawn: Any
    merged: Any
    wrong: Any = None
    correction: Any = None
    body: Any = None
    partner: Any = None
    topic: Any = None
    indicator: Any = None
    source: Any = None
    all: list[Any] = field(default_factory=list)


def small() -> Record:
    """Return a record in which every kind of entry occurs."""
    PlanFactory(coded_on=date(2026, 7, 3))
    second = PillarFactory(number=2)
    one = Record(
        delivered=CommitmentFactory(
            slug="cut-the-list", ref="1.1", title="Cut the list"
        ),
        moved=CommitmentFactory(
            slug="join-the-pact",
            ref="1.2",
            title="Join the pact now & here",
            title_zh="加入协定",
            original_due_on=date(2027, 3, 1),
            original_due_precision="day",
        ),
        gap=CommitmentFactory(slug="build-a-zone", ref="2.1", pillar=second),
        untrackable=CommitmentFactory(
            slug="be-open",
            ref="2.2",
            pillar=second,
            criteria=[],
            trackable=False,
            untrackable_reason="Names no act at all.",
        ),
        withdrawn=CommitmentFactory(slug="gone", ref="1.3"),
        merged=CommitmentFactory(slug="joined", ref="1.4"),
    )
    one.all = [one.delivered, one.moved, one.gap, one.untrackable]
    _related(one)
    _history(one)
    return one


def _related(one: Record) -> None:
    one.body = BodyFactory(slug="mofcom", name="Ministry of Commerce", name_zh="商务部")
    one.partner = Partner.objects.create(
        slug="asean", name="ASEAN", kind="organisation"
    )
    one.topic = Topic.objects.create(slug="trade", name="Trade")
    one.source = Source.objects.create(
        slug="speech", title="The speech", kind="speech", language="zh"
    )
    passage = one.source.passages.create(
        ref="4.3.10", position=1, role="commitment", summary="It will open."
    )
    for commitment in (one.moved, one.gap, one.untrackable, one.withdrawn):
        commitment.bodies.add(one.body)
        commitment.partners.add(one.partner)
        commitment.topics.add(one.topic)
        commitment.passages.add(passage)
    one.moved.milestones.create(
        key="request",
        title="Request filed",
        due_on=date(2027, 1, 31),
        due_precision="month",
    )
    one.indicator = Indicator.objects.create(
        slug="tariff",
        name="Average tariff",
        unit="per cent",
        direction="down",
        comparator="exactly",
        baseline="7.3000",
        baseline_on=date(2025, 12, 31),
        baseline_precision="day",
        baseline_passage=passage,
    )
    one.indicator.commitments.add(one.moved)
    one.indicator.observations.create(
        observed_on=date(2026, 6, 30),
        precision="day",
        value="6.9",
        evidence=EvidenceFactory(slug="ev-2026-06-30-tariff", title="Tariff report"),
    )


def _history(one: Record) -> None:
    official = EvidenceFactory(official=True, type="notice", title="Notice 12")
    assess(
        one.delivered,
        status="delivered",
        criteria_met=["a", "b"],
        evidence=[official],
        effective_on=date(2026, 5, 1),
        at=moment(7, 4),
    )
    assess(
        one.moved, status="announced", effective_on=date(2026, 1, 10), at=moment(7, 4)
    )
    one.wrong = assess(
        one.moved,
        status="partly_delivered",
        criteria_met=["a"],
        reason="We misread the notice.",
        effective_on=date(2026, 3, 1),
        at=moment(7, 5),
    )
    one.correction = services.correct(
        entry=one.wrong,
        status="under_way",
        criteria_met=[],
        reason="The notice was a draft.",
        **two_people(),
        at=moment(8, 1),
    )
    services.record_claim(
        commitment=one.gap,
        position="declared_complete",
        body=one.body,
        effective_on=date(2026, 6, 1),
        evidence=[EvidenceFactory(official=True)],
        reason="The minister said it is done.",
        **two_people(),
        at=moment(7, 6),
    )
    assess(one.gap, status="announced", effective_on=date(2026, 2, 1), at=moment(7, 7))
    services.amend_wording(
        commitment=one.moved,
        changes={"title": "Join the pact at once & here"},
        reason="The source was published in full.",
        evidence=[EvidenceFactory()],
        effective_on=date(2026, 8, 1),
        **two_people(),
        at=moment(8, 2),
    )
    services.withdraw(
        commitment=one.withdrawn,
        reason="It was never said.",
        by=UserFactory(),
        at=moment(9, 1),
    )
    services.merge(
        commitment=one.merged,
        into=one.moved,
        reason="They are one.",
        by=UserFactory(),
        at=moment(9, 2),
    )
    # Names and numbers were tied to them past the services.
    every = (*one.all, one.withdrawn, one.merged)
    shown.refresh(commitment.pk for commitment in every)
    for commitment in every:
        commitment.refresh_from_db()
