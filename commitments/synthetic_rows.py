"""What a made-up record is about: commitments, their names and their documents."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Model

from commitments import chain
from commitments.models import (
    Body,
    Commitment,
    Criterion,
    Evidence,
    Milestone,
    Partner,
    Pillar,
    Plan,
    Responsibility,
    Topic,
)
from commitments.statuses import Precision
from commitments.synthetic_words import ACTS, FIELDS, PLACES

BATCH = 1000
# A pillar numbers its commitments with four digits.
IN_A_PILLAR = 9_999


@dataclass
class Making:
    """One run: what was made so far, and where the chain stands."""

    commitments: int
    seed: int
    start: datetime
    until: date
    seq: int = 0
    head: str = chain.GENESIS
    pillars: list[Pillar] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    partners: list[Partner] = field(default_factory=list)
    topics: list[Topic] = field(default_factory=list)
    documents: list[tuple[int, bool]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    def dice(self, *what: Any) -> random.Random:
        """Return the same chances each time it is asked for the same thing."""
        return random.Random(f"{self.seed}/{what}")  # noqa: S311


def _created(model: type[Model], made: Iterator[Any]) -> list[Any]:
    return model._default_manager.bulk_create(made, batch_size=BATCH)


def frame(making: Making) -> None:
    """Make what commitments hang on: plan, pillars, names, a source."""
    start = making.start.date()
    plan = Plan.objects.create(
        slug="synthetic",
        title="A made-up plan",
        starts_on=date(start.year, 1, 1),
        ends_on=date(start.year + 4, 12, 31),
        coded_on=start,
        evidence_to=start,
    )
    count = max(4, -(-making.commitments // IN_A_PILLAR))
    making.pillars = _created(
        Pillar,
        (
            Pillar(plan=plan, number=n, slug=f"pillar-{n}", title=f"Aspect {n}")
            for n in range(1, count + 1)
        ),
    )
    making.bodies = _created(
        Body,
        (
            Body(
                slug=f"body-{n}",
                name=f"Ministry of {en.capitalize()}",
                name_zh=f"{zh}部",
                short_name=f"MO{n}",
                kind=Body.Kind.MINISTRY,
            )
            for n, (en, zh) in enumerate(FIELDS)
        ),
    )
    making.partners = _created(
        Partner,
        (
            Partner(slug=f"place-{n}", name=en, name_zh=zh, kind=Partner.Kind.REGION)
            for n, (en, zh) in enumerate(PLACES)
        ),
    )
    making.topics = _created(
        Topic,
        (
            Topic(slug=f"topic-{n}", name=en.capitalize(), name_zh=zh)
            for n, (en, zh) in enumerate(FIELDS)
        ),
    )


def documents(making: Making, numbers: range) -> None:
    """Make two documents for each commitment."""
    made = (_document(making, n) for n in range(2 * numbers.start, 2 * numbers.stop))
    rows = _created(Evidence, made)
    making.documents += [(row.pk, row.official) for row in rows]


def kept_of(number: int) -> dict[str, str]:
    """Return what an entry keeps of a document."""
    return {
        "slug": f"document-{number}",
        "url": f"https://documents.example/{number}",
        "nature": "action",
    }


def _document(making: Making, number: int) -> Evidence:
    dice = making.dice("document", number)
    (act, act_zh), (what, what_zh) = dice.choice(ACTS), dice.choice(FIELDS)
    place, place_zh = dice.choice(PLACES)
    return Evidence(
        **kept_of(number),
        title=f"Notice {number}: {act} {what} in {place}",
        title_original=f"关于在{place_zh}{act_zh}{what_zh}的通知（{number}号）",
        publisher=f"Office of {what}",
        published_on=making.start.date() + timedelta(days=number % 300),
        occurred_on=making.start.date() + timedelta(days=number % 300),
        language="zh",
        type=dice.choice(("regulation", "notice", "news", "statistics")),
        official=dice.random() < 0.6,
        reliability="high",
        summary=f"It says how to {act} {what} in {place}, and from when on. It names "
        f"{dice.randrange(2, 40)} measures and the office that answers for each.",
    )


def drafts(making: Making, numbers: range) -> None:
    """Make drafts with their tests, names, milestones and documents."""
    made_up = _created(Commitment, (_draft(making, n) for n in numbers))
    making.rows += [row.pk for row in made_up]
    made: dict[type[Model], list[Any]] = {}
    for number, row in zip(numbers, made_up, strict=True):
        for related in _related(making, number, row):
            made.setdefault(type(related), []).append(related)
    for model, found in made.items():
        _created(model, iter(found))


def _draft(making: Making, number: int) -> Commitment:
    dice = making.dice("commitment", number)
    (act, act_zh), (what, what_zh) = dice.choice(ACTS), dice.choice(FIELDS)
    place, place_zh = dice.choice(PLACES)
    pillar, place_in_it = divmod(number, -(-making.commitments // len(making.pillars)))
    stated = making.start.date() - timedelta(days=7)
    due = stated + timedelta(days=dice.randrange(120, 1700))
    dated = dice.random() < 0.7
    draft = Commitment(
        slug=f"commitment-{number}",
        ref=f"{pillar + 1}.{place_in_it + 1}",
        pillar=making.pillars[pillar],
        title=f"{act.capitalize()} {what} in {place} ({number})",
        title_zh=f"在{place_zh}{act_zh}{what_zh}（{number}）",
        statement=f"The plan says it will {act} {what} in {place}, step by step, and "
        f"give the offices in charge what they need for it.",
        reading=f"It takes a legal act that does so for the whole of {place}; a trial "
        f"in one part of it is a step, and no more.",
        kind=dice.choice(Commitment.Kind.values),
        specificity=dice.choice(Commitment.Specificity.values),
        stated_on=stated,
        original_due_on=due if dated else None,
        original_due_precision=Precision.DAY if dated else "",
    )
    draft.place()
    return draft


def _related(making: Making, number: int, row: Commitment) -> Iterator[Model]:
    dice = making.dice("related", number)
    for key in "ab":
        text = f"Part {key}: a legal act is in force, and its text is published."
        yield Criterion(commitment=row, key=key, text=text)
    for position, body in enumerate(dice.sample(making.bodies, dice.choice((1, 2)))):
        yield Responsibility(commitment=row, body=body, position=position + 1)
    for partner in dice.sample(making.partners, dice.choice((0, 1, 1))):
        yield Commitment.partners.through(commitment=row, partner=partner)
    for topic in dice.sample(making.topics, dice.choice((1, 2))):
        yield Commitment.topics.through(commitment=row, topic=topic)
    for document in pool_of(making, number):
        yield Evidence.commitments.through(
            commitment=row, evidence_id=making.documents[document][0]
        )
    if number % 4 == 0:
        due = making.until + timedelta(days=dice.randrange(10, 700))
        yield Milestone(
            commitment=row, key="rules", title="Rules published", due_on=due,
            due_precision=Precision.DAY,
        )  # fmt: skip


def pool_of(making: Making, number: int) -> list[int]:
    """Return the documents that a commitment rests on: its own, and others'."""
    dice = making.dice("pool", number)
    own = [2 * number, 2 * number + 1]
    # Of those made by now: later ones are not in the database yet.
    return list(dict.fromkeys([*own, *(dice.randrange(own[-1] + 1) for _ in "12")]))
