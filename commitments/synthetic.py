"""A made-up record of any size, to measure and to try the tracker with.

The same seed and last day give the same record, to the byte of every digest. It is
written in batches, past the services, which take one entry at a time; what follows
from the entries is computed by the same functions, so ``verify_history`` holds.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import Model, prefetch_related_objects

from commitments import actors, chain, search
from commitments.fold import fold
from commitments.models import (
    Body,
    Citation,
    Commitment,
    Criterion,
    DataVersion,
    Evidence,
    HistoryEntry,
    HistoryText,
    Milestone,
    Partner,
    Pillar,
    Plan,
    Responsibility,
    State,
    Topic,
)
from commitments.models.state import StateFields
from commitments.services.record import rows, succeeding
from commitments.statuses import EntryKind, Position, Precision, SignOff, Status
from commitments.synthetic_words import ACTS, FIELDS, PLACES

AUTHOR = actors.Machine("synthetic")
BATCH = 1000
# A pillar numbers its commitments with four digits.
IN_A_PILLAR = 9_999
# From the first publication to the last entry, and between two rounds of entries.
SPAN, ROUND = timedelta(days=330), timedelta(days=60)

# What happens to a commitment once it is published.
Step = tuple[EntryKind, dict[str, Any]]
ANNOUNCED: Step = (EntryKind.STATUS, {"status": Status.ANNOUNCED})
UNDER_WAY: Step = (EntryKind.STATUS, {"status": Status.UNDER_WAY})
PARTLY: Step = (
    EntryKind.STATUS,
    {"status": Status.PARTLY_DELIVERED, "criteria_met": ["a"]},
)
DELIVERED: Step = (
    EntryKind.STATUS,
    {"status": Status.DELIVERED, "criteria_met": ["a", "b"]},
)
NOTHING: Step = (EntryKind.STATUS, {"status": Status.NO_EVIDENCE})
LOOK: Step = (EntryKind.REVIEW, {})
DOCUMENT: Step = (EntryKind.EVIDENCE, {})
SAID_DONE: Step = (EntryKind.CLAIM, {"position": Position.DECLARED_COMPLETE})
SAID_ON: Step = (EntryKind.CLAIM, {"position": Position.IN_IMPLEMENTATION})
PATHS: tuple[tuple[Step, ...], ...] = (
    (ANNOUNCED, LOOK, UNDER_WAY, DOCUMENT),
    (UNDER_WAY, SAID_ON, PARTLY, LOOK),
    (ANNOUNCED, UNDER_WAY, PARTLY, SAID_DONE, DELIVERED),
    (NOTHING, LOOK, ANNOUNCED),
    (UNDER_WAY, SAID_DONE, LOOK, LOOK),
)
ROUNDS = 1 + max(map(len, PATHS))
MOST = IN_A_PILLAR * 99


class NotEmpty(Exception):
    """The database holds a record already; made-up rows never join a real one."""


@dataclass
class _Making:
    """One run: what was made so far, and where the chain stands."""

    commitments: int
    seed: int
    until: date
    tell: Callable[[str], object]
    seq: int = 0
    head: str = chain.GENESIS
    pillars: list[Pillar] = field(default_factory=list)
    bodies: list[Body] = field(default_factory=list)
    partners: list[Partner] = field(default_factory=list)
    topics: list[Topic] = field(default_factory=list)
    documents: list[tuple[int, bool]] = field(default_factory=list)
    rows: list[int] = field(default_factory=list)

    @property
    def start(self) -> datetime:
        return datetime.combine(self.until, time(8), tzinfo=UTC) - SPAN

    def dice(self, *what: Any) -> random.Random:
        """Return the same chances each time it is asked for the same thing."""
        return random.Random(f"{self.seed}/{what}")  # noqa: S311


def make(
    *, commitments: int, seed: int, until: date, tell: Callable[[str], object] = str
) -> None:
    """Fill an empty database with a record of so many commitments.

    ``until`` is the day of its last entries, ``tell`` is handed what is being done.
    Raises NotEmpty where there is a record, ValueError for a number out of range.
    """
    if not 1 <= commitments <= MOST:
        raise ValueError(f"Give a number of commitments from 1 to {MOST}.")
    making = _Making(commitments, seed, until, tell)
    with transaction.atomic():
        chain.lock()
        for model in (Plan, Commitment, Evidence, HistoryEntry):
            if model._default_manager.exists():
                raise NotEmpty(
                    "This database holds a record already. Made-up commitments never "
                    "join a real one: name an empty database by DATABASE_URL."
                )
        _frame(making)
        for first in range(0, commitments, BATCH):
            numbers = range(first, min(first + BATCH, commitments))
            _documents(making, numbers)
            _commitments(making, numbers)
        tell(f"{commitments} commitments, {len(making.documents)} documents")
        for turn in range(ROUNDS):
            for first in range(0, commitments, BATCH):
                numbers = range(first, min(first + BATCH, commitments))
                _entries(making, turn, numbers)
            tell(f"{making.seq} entries")
        for first in range(0, commitments, BATCH):
            _project(making.rows[first : first + BATCH])
            search.refresh(making.rows[first : first + BATCH])
        DataVersion.bump()
    with connection.cursor() as cursor:
        # Without counts of its rows a database plans badly.
        cursor.execute("ANALYZE")


def _created(model: type[Model], made: Iterator[Any]) -> list[Any]:
    return model._default_manager.bulk_create(made, batch_size=BATCH)


def _frame(making: _Making) -> None:
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


def _documents(making: _Making, numbers: range) -> None:
    """Make two documents for each commitment."""
    made = (_document(making, n) for n in range(2 * numbers.start, 2 * numbers.stop))
    rows = _created(Evidence, made)
    making.documents += [(row.pk, row.official) for row in rows]


def _named(number: int) -> dict[str, str]:
    """Return what an entry keeps of a document."""
    return {
        "slug": f"document-{number}",
        "url": f"https://documents.example/{number}",
        "nature": "action",
    }


def _document(making: _Making, number: int) -> Evidence:
    dice = making.dice("document", number)
    (act, act_zh), (what, what_zh) = dice.choice(ACTS), dice.choice(FIELDS)
    place, place_zh = dice.choice(PLACES)
    return Evidence(
        **_named(number),
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


def _commitments(making: _Making, numbers: range) -> None:
    """Make drafts with their tests, names, milestones and documents."""
    drafts = _created(Commitment, (_draft(making, n) for n in numbers))
    making.rows += [row.pk for row in drafts]
    made: dict[type[Model], list[Any]] = {}
    for number, row in zip(numbers, drafts, strict=True):
        for related in _related(making, number, row):
            made.setdefault(type(related), []).append(related)
    for model, found in made.items():
        _created(model, iter(found))


def _draft(making: _Making, number: int) -> Commitment:
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


def _related(making: _Making, number: int, row: Commitment) -> Iterator[Model]:
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
    for document in _pool(making, number):
        yield Evidence.commitments.through(
            commitment=row, evidence_id=making.documents[document][0]
        )
    if number % 4 == 0:
        due = making.until + timedelta(days=dice.randrange(10, 700))
        yield Milestone(
            commitment=row, key="rules", title="Rules published", due_on=due,
            due_precision=Precision.DAY,
        )  # fmt: skip


def _pool(making: _Making, number: int) -> list[int]:
    """Return the documents that a commitment rests on: its own, and others'."""
    dice = making.dice("pool", number)
    own = [2 * number, 2 * number + 1]
    # Of those made by now: later ones are not in the database yet.
    return list(dict.fromkeys([*own, *(dice.randrange(own[-1] + 1) for _ in "12")]))


def _entries(making: _Making, turn: int, numbers: range) -> None:
    """Append one entry to each commitment whose path goes so far."""
    drafts = Commitment.objects.prefetch_related("criteria", "responsibilities__body")
    found = drafts.in_bulk([making.rows[n] for n in numbers])
    entries, texts, citations = [], [], []
    for number in numbers:
        path = making.dice("path", number).choice(PATHS)
        if turn > len(path):
            continue
        row = found[making.rows[number]]
        entry, text, cited = _entry(making, turn, number, row, path)
        entries.append(entry)
        texts.append(text)
        citations += cited
    HistoryEntry.objects.bulk_create(entries, batch_size=BATCH)
    HistoryText.objects.bulk_create(texts, batch_size=BATCH)
    Citation.objects.bulk_create(citations, batch_size=BATCH)


def _entry(
    making: _Making, turn: int, number: int, row: Commitment, path: tuple[Step, ...]
) -> tuple[HistoryEntry, HistoryText, list[Citation]]:
    """Return the next entry of the chain, of one commitment."""
    dice = making.dice("entry", number, turn)
    kind, values = path[turn - 1] if turn else (EntryKind.PUBLISHED, {})
    spread = (ROUND - timedelta(days=10)) * number / making.commitments
    at = making.start + turn * ROUND + spread
    texts = {"author_name": AUTHOR.name}
    if kind == EntryKind.PUBLISHED:
        worded = {n: getattr(row, n) for n in ("title", "title_zh")}
        worded |= {n: getattr(row, n) for n in ("statement", "reading")}
        criteria = {part.key: part.text for part in row.criteria.all()}
        texts["wording"] = chain.canonical({**worded, "criteria": criteria}).decode()
        values = {
            "due_on": row.original_due_on,
            "due_precision": row.original_due_precision,
        }
    else:
        texts["reason"] = _reason(dice)
    if kind == EntryKind.CLAIM:
        values = {**values, "body": row.responsibilities.all()[0].body}
    if kind in (EntryKind.STATUS, EntryKind.REVIEW):
        values = {**values, "looked_until": at.date() - timedelta(days=1)}
    if kind == EntryKind.STATUS:
        values = {**values, "confidence": dice.choice(("low", "medium", "high"))}
    salts = {name: f"{dice.getrandbits(128):032x}" for name in texts}
    making.seq += 1
    entry = HistoryEntry(
        seq=making.seq,
        commitment=row,
        kind=kind,
        acts_as=kind,
        effective_on=at.date() - timedelta(days=3) if turn else row.stated_on,
        precision=Precision.DAY,
        recorded_at=at,
        actor=actors.key(AUTHOR),
        sign_off=SignOff.UNSIGNED,
        method_version=settings.METHOD_VERSION,
        format=chain.FORMAT,
        leaves={
            name: chain.leaf(field=name, text=text, salt=salts[name])
            for name, text in texts.items()
        },
        prev_digest=making.head,
        **values,
    )
    citations, cited = [], []
    pool = _pool(making, number)
    for document in dice.sample(pool, min(2, len(pool))) if turn else ():
        (pk, official), named = making.documents[document], _named(document)
        cited.append([*named.values(), official, ""])
        del named["slug"]
        citations.append(
            Citation(entry=entry, evidence_id=pk, official=official, **named)
        )
    content = chain.content(entry, cited)
    entry.digest = making.head = chain.digest(content, prev_digest=entry.prev_digest)
    salted = {f"{name}_salt": salt for name, salt in salts.items()}
    return entry, HistoryText(entry=entry, **texts, **salted), citations


def _reason(dice: random.Random) -> str:
    (act, act_zh), (what, what_zh) = dice.choice(ACTS), dice.choice(FIELDS)
    place, _ = dice.choice(PLACES)
    return (
        f"The notice says that {place} is to {act} {what} (“{act_zh}{what_zh}”). It "
        "took effect on the day of its publication; the parts of the test were read "
        "against its text."
    )


def _project(pks: list[int]) -> None:
    """Write the states and current values of a batch, as its entries make them."""
    found = list(Commitment.objects.filter(pk__in=pks))
    prefetch_related_objects(found, "history__citations", "history__milestone")
    made: list[State] = []
    for row in found:
        entries = list(row.history.all())
        standing: dict[date, State] = {}
        for count, entry in enumerate(entries, start=1):
            spells = fold(entries[:count], own_interval=row.own_interval)
            ended, added = succeeding(standing, rows(spells))
            for state in ended:
                state.known_until = entry.seq
                del standing[state.effective_from]
            for values in added:
                state = State(commitment=row, known_from=entry.seq, **values)
                standing[state.effective_from] = state
                made.append(state)
        for name, value in spells[-1][1].as_dict().items():
            setattr(row, name, value)
        row.latest_entry_id = entries[-1].seq
    State.objects.bulk_create(made, batch_size=BATCH)
    names = {"latest_entry", *(field.name for field in StateFields._meta.fields)}
    # One statement for the batch: updates row by row take many times as long.
    Commitment.objects.bulk_create(
        found, update_conflicts=True, unique_fields=["pk"], update_fields=names
    )
