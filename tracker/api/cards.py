"""Cards: the public JSON of each commitment, stored as it reads today.

Objects and serializers are what an answer costs, so what they give is written down when
a commitment changes, in the same transaction (``commitments.shown``), and read back as
it is. The serializers stay the one source: a row without a good card is answered by
them. What follows from the day (schedule, freshness) is in a card too, which therefore
holds for a span of days. ``check_record`` compares every card with the serializers.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from datetime import date, timedelta
from functools import lru_cache
from itertools import islice
from typing import Any

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Prefetch, QuerySet
from django.utils import timezone

from commitments import chain, shown, signals, statuses
from commitments.models import Commitment, HistoryEntry, Passage, Responsibility, State
from commitments.models.state import FOREVER
from tracker.api import record_serializers
from tracker.models import Card

# SQLite takes no more than some thousand keys at a time, and a commitment has many entries.
BATCH = 100
DAY = timedelta(days=1)
# What decides how a card reads, beside the record.
SHAPED_BY = (
    *("commitments/models/*.py", "commitments/statuses.py", "tracker/reading.py"),
    *("tracker/api/cards.py", "tracker/api/record_serializers.py"),
)
# A program of another release may have written a card, or an entry without its card.
GOOD = (
    f"FROM {Card._meta.db_table} card "
    f"JOIN {Commitment._meta.db_table} commitment ON commitment.id = card.commitment_id "
    "WHERE card.shape = %s AND card.since <= %s AND card.until > %s "
    "AND card.entry = commitment.latest_entry_id"
)


def connect() -> None:
    """Write cards with every change, from now on, and have them checked."""
    signals.shown.connect(_on_shown, dispatch_uid="tracker.cards")
    if differing not in shown.CHECKS:
        shown.CHECKS.append(differing)


def _on_shown(*, pks: Collection[int], **kwargs: Any) -> None:
    for batch in _batches(pks):
        write(batch, on=timezone.localdate())


@lru_cache(maxsize=1)
def shape() -> str:
    """Return what is the same for all cards that this program would write alike."""
    digest = hashlib.sha256()
    paths = {p for pattern in SHAPED_BY for p in settings.BASE_DIR.glob(pattern)}
    for path in sorted(paths):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


# --- Reading ---------------------------------------------------------------------


def _good(what: str, where: str, on: date, *given: Any) -> list[tuple]:
    """Return columns of those cards that say what this program would say today.

    By plain SQL: here Django takes longer to write a query than a database to answer.
    """
    day = on.isoformat()
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {what} {GOOD} {where}", [shape(), day, day, *given])
        return cursor.fetchall()


def texts(pks: Collection[int], *, on: date) -> list[bytes]:
    """Return the rows of published commitments as JSON, in the order of ``pks``.

    One query where every card is good; the others are made by the serializers.
    """
    if not pks:
        return []
    among = f"AND card.commitment_id IN ({', '.join(['%s'] * len(pks))})"
    found = _good("card.commitment_id, card.row", among, on, *pks)
    told = {pk: row.encode() for pk, row in found}
    if missing := [pk for pk in pks if pk not in told]:
        told |= {card.pk: card.row.encode() for card in _made(missing, on=on)}
    return [told[pk] for pk in pks]


def every(pks: Iterable[int], *, on: date) -> Iterator[bytes]:
    """Yield the rows of any number of published commitments, some at a time."""
    for batch in _batches(pks):
        yield from texts(batch, on=on)


def whole(slug: str, *, on: date) -> bytes | None:
    """Return the answer about one commitment as JSON, if there is a good card of it."""
    named = "AND commitment.slug = %s AND commitment.merged_into_id IS NULL"
    found = _good("card.whole", named, on, slug)
    return found[0][0].encode() if found else None


# --- Writing ---------------------------------------------------------------------


def write(pks: Collection[int], *, on: date) -> None:
    """Write the cards of some commitments anew, in the caller's transaction.

    A fixed number of queries.
    """
    Card.objects.filter(pk__in=pks).delete()
    Card.objects.bulk_create(_made(pks, on=on))


def fill(*, on: date) -> int:
    """Write the cards that are missing or no longer good; return how many.

    After an upgrade, and for those of which the days are over. A batch at a time, so
    that nobody waits long for the lock. Safe to run beside itself.
    """
    has_one = {pk for (pk,) in _good("card.commitment_id", "", on)}
    public = Commitment.objects.public().order_by("pk").values_list("pk", flat=True)
    missing = [pk for pk in public if pk not in has_one]
    for batch in _batches(missing):
        with transaction.atomic():
            chain.lock()
            write(batch, on=on)
    return len(missing)


def differing() -> Iterator[str]:
    """Yield which cards say something else than the serializers would."""
    on = timezone.localdate()
    for batch in _batches(Card.objects.order_by("pk").values_list("pk", flat=True)):
        made = {card.pk: (card.row, card.whole) for card in _made(batch, on=on)}
        between = "AND card.commitment_id BETWEEN %s AND %s"
        columns = "card.commitment_id, card.row, card.whole"
        for pk, *told in _good(columns, between, on, batch[0], batch[-1]):
            if made.get(pk) != tuple(told):
                yield f"commitment {pk}: its card differs from the record"


def _batches(pks: Iterable[int]) -> Iterator[list[int]]:
    waiting = iter(pks)
    while batch := list(islice(waiting, BATCH)):
        yield batch


def _made(pks: Collection[int], *, on: date) -> Iterator[Card]:
    """Yield the cards of those commitments that readers may see."""
    states = with_all(State.objects.at(as_of=on)).public().filter(commitment__in=pks)
    entries: dict[int, list[HistoryEntry]] = defaultdict(list)
    past = HistoryEntry.objects.filter(commitment__in=pks, effective_on__lte=on)
    for entry in past.chained():
        entries[entry.commitment_id].append(entry)
    context: dict[str, Any] = {"on": on, "is_past": False}
    # Made once: its fields cost as much as what they tell of one commitment.
    detail = record_serializers.StateDetailSerializer(context=context)
    in_row = record_serializers.StateSerializer.Meta.fields
    for state in states:
        context["history"] = entries[state.commitment_id]
        whole = detail.to_representation(state)
        yield Card(
            commitment_id=state.commitment_id,
            entry=state.commitment.latest_entry_id,
            shape=shape(),
            since=on,
            until=until(state, on=on),
            row=_text({name: whole[name] for name in in_row}),
            whole=_text(whole),
        )


def _text(told: dict[str, Any]) -> str:
    return orjson.dumps(told, default=str).decode()


def until(state: State, *, on: date) -> date:
    """Return the first day after ``on`` on which the day alone changes an answer."""
    # What is past changes no more; the calendar has no day after its last.
    due = state.due_on if state.due_on and on <= state.due_on < FOREVER else None
    steps: list[date | None] = [
        due and due - statuses.DUE_SOON,
        due and due + DAY,
        state.review_due_on,
        state.stale_after and state.stale_after + DAY,
        state.last_material_on
        and state.last_material_on + statuses.INACTIVE_AFTER + DAY,
    ]
    return min((day for day in steps if day and day > on), default=FOREVER)


def with_names(rows: QuerySet[State]) -> QuerySet[State]:
    """Return states with what a row shows beside them, in a fixed number of queries."""
    bodies = Responsibility.objects.select_related("body")
    return rows.select_related("commitment__pillar").prefetch_related(
        Prefetch("commitment__responsibilities", bodies),
        "commitment__partners",
        "commitment__topics",
    )


def with_all(rows: QuerySet[State]) -> QuerySet[State]:
    """Return states with what an answer about one shows beside it, but its history."""
    passages = Passage.objects.select_related("source")
    named = with_names(rows).select_related("status_entry__text")
    return named.prefetch_related(
        Prefetch("commitment__passages", passages),
        "commitment__indicators",
        "commitment__criteria",
        "commitment__milestones",
    )
