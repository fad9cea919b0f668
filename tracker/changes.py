"""What happened: history entries as steps from an old value to a new one.

``parse`` reads the address (the list's own filters, and a few more), ``entries``
finds what it asks for, ``told`` says of each entry what it changed. Pages and
feeds share all three, so that a filter seen on a page can be followed as a feed.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commitments.actors import CATALOGUE, key
from commitments.differences import LABELS, Difference, part_of_the_test
from commitments.fold import as_they_took_effect, confirmed_by
from commitments.models import Commitment, HistoryEntry, HistoryText, State
from commitments.models.commitment import WORDING
from commitments.models.history import HistoryEntryQuerySet
from commitments.statuses import MATERIAL, EntryKind, Position, SignOff
from tracker import browse, finding, languages, reading
from tracker.browse import BadParameter, Question

ORDERS = {
    "happened": gettext_lazy("When it happened"),
    "recorded": gettext_lazy("When we recorded it"),
}
# So many commitments are looked up one by one in the history.
FEW = 100
OWN = ("entry", "material", "order", "before", "commitment")


@dataclass(frozen=True)
class Asked:
    """Which entries a reader wants to see, and in which order."""

    question: Question
    kinds: tuple[str, ...] = ()
    material: bool = False
    order: str = "happened"
    before: tuple[date | None, int] | None = None
    commitment: str = ""

    @property
    def is_narrowed(self) -> bool:
        filters = self.kinds or self.material or self.commitment
        return bool(filters or self.question.is_narrowed)

    def parameters(self, **changed: Any) -> QueryDict:
        """Return this as parameters of an address, with some of it ``changed``."""
        asked = replace(self, **changed)
        query = asked.question.parameters()
        query.setlist("entry", list(asked.kinds))
        if asked.material:
            query["material"] = "true"
        if asked.order != "happened":
            query["order"] = asked.order
        if asked.commitment:
            query["commitment"] = asked.commitment
        if asked.before:
            day, seq = asked.before
            query["before"] = f"{day.isoformat()}.{seq}" if day else str(seq)
        return query


@dataclass(frozen=True)
class Held:
    """What of a commitment's values an entry can change."""

    status: str = ""
    criteria_met: tuple[str, ...] = ()
    position: str = Position.NONE_STATED
    due_on: date | None = None
    due_precision: str = ""
    wording: int | None = None


@dataclass
class Change:
    """One entry, with what held before it and after it."""

    entry: HistoryEntry
    old: Held = field(default_factory=Held)
    new: Held = field(default_factory=Held)
    is_catalogue: bool = False
    is_signed: bool = False
    is_redacted: bool = False
    corrected_by: int | None = None
    title: str = ""
    wording: list[Difference] = field(default_factory=list)

    @property
    def status_moved(self) -> bool:
        return self.old.status != self.new.status

    @property
    def position_moved(self) -> bool:
        return self.old.position != self.new.position

    @property
    def due_moved(self) -> bool:
        old, new = self.old, self.new
        return (old.due_on, old.due_precision) != (new.due_on, new.due_precision)


def parse(query: QueryDict, *, today: date, paged: bool = True) -> Asked:
    """Return what ``query`` asks for. Raises BadParameter."""
    question = browse.parse(query, today=today, also=OWN)
    kinds = tuple(dict.fromkeys(k for k in query.getlist("entry") if k))
    for kind in kinds:
        if kind not in EntryKind.values:
            raise browse.unknown_value("entry", kind, EntryKind.values)
    slug = browse.single(query, "commitment")
    if slug and not Commitment.objects.public().filter(slug=slug).exists():
        message = _("There is no commitment “%(slug)s”.") % {"slug": slug[:80]}
        raise BadParameter("commitment", message)
    order = browse.one_of(query, "order", ORDERS) or "happened"
    before = browse.single(query, "before") if paged else ""
    return Asked(
        question=question,
        kinds=kinds,
        material=bool(browse.yes_or_no(query, "material")),
        order=order,
        before=_before(before, order),
        commitment=slug,
    )


def _before(value: str, order: str) -> tuple[date | None, int] | None:
    if not value:
        return None
    day, _dot, seq = value.rpartition(".")
    try:
        if not (seq.isascii() and seq.isdigit() and len(seq) <= 18):
            raise ValueError
        if order == "recorded" and not day:
            return None, int(seq)
        return date.fromisoformat(day), int(seq)
    except ValueError:
        raise BadParameter(
            "before",
            _("“%(value)s” is no place in this list. Leave “before” out.")
            % {"value": value[:80]},
        ) from None


def entries(asked: Asked) -> HistoryEntryQuerySet:
    """Return the entries asked for, unordered and not paged."""
    question = asked.question
    found = finding.entries_known(question)
    if asked.commitment:
        found = found.filter(commitment__slug=asked.commitment)
    if question.is_narrowed:
        # Also withdrawn and merged ones: a follower must hear of that.
        states = State.objects.at(as_of=question.on, known_at=question.known_at)
        found = _of(found, browse.narrowed(states, question).order_by())
    if asked.kinds:
        found = found.filter(kind__in=asked.kinds)
    if asked.material:
        # Striking out a material entry is material too.
        found = found.filter(
            Q(acts_as__in=MATERIAL)
            | Q(kind=EntryKind.CORRECTION, refers_to__acts_as__in=MATERIAL)
        )
    return found.order_by()


def _of(found: HistoryEntryQuerySet, states: QuerySet[State]) -> HistoryEntryQuerySet:
    """Return the entries of the commitments in ``states``.

    Few are named one by one: not told that they are few, PostgreSQL goes through the
    whole history in its order.
    """
    few = list(states.values_list("commitment", flat=True)[: FEW + 1])
    if len(few) <= FEW:
        return found.filter(commitment__in=few)
    return found.filter(commitment__in=states.values("commitment"))


def ordered(found: HistoryEntryQuerySet, asked: Asked) -> HistoryEntryQuerySet:
    """Return ``found`` newest first, from the place asked for."""
    if asked.order == "recorded":
        if asked.before:
            found = found.filter(seq__lt=asked.before[1])
        return found.order_by("-seq")
    if asked.before:
        day, seq = asked.before
        earlier = Q(effective_on__lt=day) | Q(effective_on=day, seq__lt=seq)
        found = found.filter(earlier)
    return found.order_by("-effective_on", "-seq")


def place_after(entry: HistoryEntry, order: str) -> tuple[date | None, int]:
    """Return the place in the list behind ``entry``."""
    return (None if order == "recorded" else entry.effective_on), entry.seq


def told(shown: Sequence[HistoryEntry], question: Question) -> list[Change]:
    """Return what each entry of ``shown`` changed, by all known on the days asked.

    Two queries, however many entries; titles are those of the day asked about.
    """
    known = _known([entry.commitment_id for entry in shown], question)
    steps: dict[int, tuple[Held, Held]] = {}
    worded: dict[int, int | None] = {}
    for pk, history in known.items():
        found = walk(history, on=question.on)
        steps |= found
        standing = [new for _, new in found.values() if new.wording]
        worded[pk] = standing[-1].wording if standing else None
    every = [entry for history in known.values() for entry in history]
    corrected = {e.refers_to_id: e.seq for e in every if e.kind == EntryKind.CORRECTION}
    redacted = {e.refers_to_id for e in every if e.kind == EntryKind.REDACTION}
    confirmed = confirmed_by(question.on, every)
    changes = []
    for entry in shown:
        old, new = steps[entry.seq]
        is_signed = entry.sign_off == SignOff.SIGNED or entry.seq in confirmed
        changes.append(
            Change(
                entry=entry,
                old=old,
                new=new,
                is_signed=is_signed,
                is_catalogue=entry.actor == key(CATALOGUE) and not is_signed,
                is_redacted=entry.seq in redacted,
                corrected_by=corrected.get(entry.seq),
            )
        )
    _add_wording(changes, worded if question.is_past else {})
    return changes


def _known(pks: list[int], question: Question) -> dict[int, list[HistoryEntry]]:
    """Return all that was known of these commitments, also of later days."""
    found = HistoryEntry.objects.filter(commitment__in=set(pks))
    if question.known_at:
        found = found.recorded_by(question.known_at)
    histories = defaultdict(list)
    for entry in found.order_by("seq"):
        histories[entry.commitment_id].append(entry)
    return histories


def walk(history: list[HistoryEntry], *, on: date) -> dict[int, tuple[Held, Held]]:
    """Return for each entry of one commitment what held before it and after it.

    ``history`` is all that was known of it; what took effect after ``on`` is not told,
    but may correct what is.

    An entry that a later one corrected is told as it read when it was made; a
    correction leads from what the wrong entry said to what stands instead.
    """
    by_seq = {entry.seq: entry for entry in history}
    corrected = {e.refers_to_id for e in history if e.kind == EntryKind.CORRECTION}
    held, steps = Held(), {}
    for entry in as_they_took_effect(history):
        if entry.effective_on > on:
            break
        old, new = held, _after(entry, held)
        wrong = by_seq.get(entry.refers_to_id or 0)
        if entry.kind == EntryKind.CORRECTION and wrong is not None:
            old = _after(wrong, held)
        steps[entry.seq] = old, new
        if entry.seq not in corrected:
            held = new
    return steps


def _after(entry: HistoryEntry, held: Held) -> Held:
    match entry.acts_as:
        case EntryKind.STATUS:
            met = tuple(sorted(entry.criteria_met))
            return replace(held, status=entry.status, criteria_met=met)
        case EntryKind.CLAIM:
            return replace(held, position=entry.position)
        case EntryKind.PUBLISHED:
            return replace(
                held,
                wording=entry.seq,
                due_on=entry.due_on,
                due_precision=entry.due_precision,
            )
        case EntryKind.DEADLINE:
            return replace(held, due_on=entry.due_on, due_precision=entry.due_precision)
        case EntryKind.WORDING:
            return replace(held, wording=entry.seq)
    return held


def _add_wording(changes: list[Change], worded: dict[int, int | None]) -> None:
    """Give each change its title, and one of wording the parts that differ.

    ``worded`` names for each commitment the entry with the wording to be shown.
    """
    moved = [c for c in changes if c.old.wording and c.old.wording != c.new.wording]
    wanted = {seq for c in moved for seq in (c.old.wording, c.new.wording)}
    kept = HistoryText.objects.filter(entry__in=wanted | {*worded.values()} - {None})
    texts = dict(kept.values_list("entry_id", "wording"))
    for change in changes:
        commitment = change.entry.commitment
        then = texts.get(worded.get(commitment.pk) or 0)
        change.title = (
            reading.title(json.loads(then)) if then else languages.name(commitment)
        )
    for change in moved:
        change.wording = differing(
            texts.get(change.old.wording or 0, ""),
            texts.get(change.new.wording or 0, ""),
        )


def differing(old: str, new: str) -> list[Difference]:
    """Return which parts of two kept wordings differ.

    An erased wording (empty) differs in nothing that can be shown.
    """
    if not old or not new:
        return []
    before, after = json.loads(old), json.loads(new)
    parts = [
        Difference(str(LABELS[name]), before.get(name, ""), after.get(name, ""))
        for name in WORDING
    ]
    tests = before.get("criteria", {}), after.get("criteria", {})
    parts += [
        Difference(part_of_the_test(key), tests[0].get(key, ""), tests[1].get(key, ""))
        for key in sorted({*tests[0], *tests[1]})
    ]
    return [part for part in parts if part.old != part.new]
