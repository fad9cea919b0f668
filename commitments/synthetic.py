"""A made-up record of any size, to measure and to try the tracker with.

The same seed and last day give the same record, to the byte of every digest. It is
written in batches, past the services, which take one entry at a time; what follows
from the entries is computed by the same functions, so ``verify_history`` holds.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.db.models import prefetch_related_objects

from commitments import actors, chain, shown, signals
from commitments.fold import fold
from commitments.models import (
    Citation,
    Commitment,
    DataVersion,
    Evidence,
    HistoryEntry,
    HistoryText,
    Plan,
    State,
)
from commitments.models.commitment import WORDING
from commitments.models.state import StateFields
from commitments.services.record import rows, succeeding
from commitments.statuses import EntryKind, Position, Precision, SignOff, Status
from commitments.synthetic_rows import (
    BATCH,
    IN_A_PILLAR,
    Making,
    documents,
    drafts,
    frame,
    kept_of,
    pool_of,
)
from commitments.synthetic_words import ACTS, FIELDS, PLACES

AUTHOR = actors.Machine("synthetic")
# Between two rounds of entries; those of one round are spread over fewer days.
ROUND, SPREAD = timedelta(days=60), timedelta(days=50)

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
# Entries told of at a time, as if they had been recorded together.
TOLD = 400


class NotEmpty(Exception):
    """The database holds a record already; made-up rows never join a real one."""


def make(
    *, commitments: int, seed: int, until: date, tell: Callable[[str], object] = str
) -> None:
    """Fill an empty database with a record of so many commitments.

    ``until`` is the day of its last entries, ``tell`` is handed what is being done.
    Raises NotEmpty where there is a record, ValueError for a number out of range.
    """
    if not 1 <= commitments <= MOST:
        raise ValueError(f"Give a number of commitments from 1 to {MOST}.")
    end = datetime.combine(until, time(8), tzinfo=UTC)
    start = end - (ROUNDS - 1) * ROUND - SPREAD
    making = Making(commitments, seed, start, until)
    with transaction.atomic():
        chain.lock()
        for model in (Plan, Commitment, Evidence, HistoryEntry):
            if model._default_manager.exists():
                raise NotEmpty(
                    "This database holds a record already. Made-up commitments never "
                    "join a real one: name an empty database by DATABASE_URL."
                )
        frame(making)
        for first in range(0, commitments, BATCH):
            numbers = range(first, min(first + BATCH, commitments))
            documents(making, numbers)
            drafts(making, numbers)
        tell(f"{commitments} commitments, {len(making.documents)} documents")
        for turn in range(ROUNDS):
            for first in range(0, commitments, BATCH):
                numbers = range(first, min(first + BATCH, commitments))
                _entries(making, turn, numbers)
            tell(f"{making.seq} entries")
        for first in range(0, commitments, BATCH):
            _project(making.rows[first : first + BATCH])
            shown.refresh(making.rows[first : first + BATCH])
        for first in range(1, making.seq + 1, TOLD):
            told = HistoryEntry.objects.filter(seq__gte=first, seq__lt=first + TOLD)
            signals.recorded.send(HistoryEntry, entries=told.chained())
        DataVersion.bump()
    with connection.cursor() as cursor:
        # Without counts of its rows a database plans badly.
        cursor.execute("ANALYZE")


def _entries(making: Making, turn: int, numbers: range) -> None:
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
    making: Making, turn: int, number: int, row: Commitment, path: tuple[Step, ...]
) -> tuple[HistoryEntry, HistoryText, list[Citation]]:
    """Return the next entry of the chain, of one commitment."""
    dice = making.dice("entry", number, turn)
    kind, values = path[turn - 1] if turn else (EntryKind.PUBLISHED, {})
    at = making.start + turn * ROUND + SPREAD * number / making.commitments
    texts = {"author_name": AUTHOR.name}
    if kind == EntryKind.PUBLISHED:
        worded = {field: getattr(row, field) for field in WORDING}
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
    pool = pool_of(making, number)
    for document in dice.sample(pool, min(2, len(pool))) if turn else ():
        (pk, official), named = making.documents[document], kept_of(document)
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
