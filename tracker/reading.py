"""What the pages show of states and entries: plain values, ready for a template.

Every function takes the day (``on``) or the question; the number of queries never
depends on the number of commitments.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _

from commitments.actors import CATALOGUE, key
from commitments.differences import Difference, between
from commitments.fold import as_they_took_effect, confirmed_by
from commitments.models import Commitment, HistoryEntry, Milestone, State
from commitments.models.state import NO_ENTRY_YET, last_entry_by
from commitments.statuses import EntryKind, Freshness, Schedule, SignOff
from tracker import languages
from tracker.browse import Question
from tracker.languages import ENGLISH, EnglishOnly

# What long lists show of a state and its commitment: half of all there is.
SHOWN = (
    "status",
    "status_since",
    "status_precision",
    "official_position",
    "due_on",
    "due_precision",
    "reviewed_on",
    "review_due_on",
    "sources",
    "milestones_met",
    "wording_entry__text__wording",
    "commitment__slug",
    "commitment__ref",
    "commitment__ref_order",
    "commitment__kind",
    "commitment__title",
    "commitment__title_zh",
    "commitment__statement",
    "commitment__reading",
    "commitment__trackable",
    "commitment__untrackable_reason",
    "commitment__pillar__number",
    "commitment__pillar__title",
    "commitment__pillar__title_zh",
)
# Rows that a file holds in memory at a time.
CHUNK = 200


@dataclass(frozen=True)
class Row:
    """One commitment as it stood on the day asked about, in the words of that day."""

    state: State
    commitment: Commitment
    title: str
    text: dict[str, Any]
    schedule: Schedule
    freshness: Freshness
    days_since_review: int | None
    days_late: int | None

    @property
    def is_scored(self) -> bool:
        return self.commitment.trackable

    @property
    def review_is_late(self) -> bool:
        return self.freshness != Freshness.CURRENT


@dataclass(frozen=True)
class Change:
    """A step from one delivery status to another."""

    day: date
    row: Row
    old: str
    new: str
    entry_id: int


@dataclass(frozen=True)
class Coming:
    """A date ahead: a commitment's own, or that of a milestone."""

    day: date
    precision: str
    row: Row
    what: str

    def days(self, on: date) -> int:
        return (self.day - on).days


@dataclass
class Told:
    """One history entry as readers see it."""

    entry: HistoryEntry
    old_status: str = ""
    is_catalogue: bool = False
    is_signed: bool = False
    corrected_by: HistoryEntry | None = None
    is_redacted: bool = False
    evidence: list[Any] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)


def wording(state: State) -> dict[str, Any]:
    """Return title, statement, reading and test as they were worded then."""
    entry = state.wording_entry
    kept: dict[str, Any] = {}
    if entry is not None and hasattr(entry, "text") and entry.text.wording:
        kept = json.loads(entry.text.wording)
    return {**_worded_now(state.commitment), **kept}


def _worded_now(commitment: Commitment) -> dict[str, Any]:
    names = ("title", "title_zh", "statement", "reading")
    return {name: getattr(commitment, name) for name in names}


def title(text: dict[str, Any]) -> str:
    """Return the title of a wording, in the current language."""
    return languages.choose(text["title"], text.get("title_zh", ""))


@languages.remembered
def _addresses() -> str:
    return reverse("commitment", args=["SLUG"])


def address(one: Commitment) -> str:
    """Return where the page of a commitment is: its ``get_absolute_url``, for many."""
    return _addresses().replace("SLUG", one.slug)


def row(state: State, *, on: date, text: dict[str, Any] | None = None) -> Row:
    """Return a state with all that follows from the day it is looked at.

    ``text`` is its wording then, where that may differ from today's.
    """
    text = text or _worded_now(state.commitment)
    seen, due = state.reviewed_on, state.review_due_on
    return Row(
        state=state,
        commitment=state.commitment,
        title=title(text),
        text=text,
        schedule=state.schedule(on=on),
        freshness=state.freshness(on=on),
        # On a past day, later looks have reached beyond it.
        days_since_review=max(0, (on - seen).days) if seen else None,
        days_late=(on - due).days if due and due <= on else None,
    )


def rows(states: QuerySet[State], question: Question) -> list[Row]:
    """Return ``states`` as rows, in the words of the day asked about."""
    if not question.is_past:
        return [row(state, on=question.on) for state in states]
    worded = states.select_related("wording_entry__text")
    return [row(s, on=question.on, text=wording(s)) for s in worded]


def each(states: QuerySet[State], question: Question) -> Iterator[Row]:
    """Yield the same rows one by one, with few in memory: for files of any length."""
    if not question.is_past:
        for state in states.iterator(CHUNK):
            yield row(state, on=question.on)
        return
    for s in states.select_related("wording_entry__text").iterator(CHUNK):
        yield row(s, on=question.on, text=wording(s))


def known(question: Question) -> QuerySet[State]:
    """Return all that was known on the day asked about, for every earlier day."""
    past = State.objects.filter(effective_from__lte=question.on)
    if question.known_at is None:
        return past.filter(known_until=NO_ENTRY_YET)
    return past.known_by(last_entry_by(question.known_at))


def spells(
    question: Question, *, of: Collection[int] | None = None
) -> dict[int, list[tuple[date, str, int | None]]]:
    """Return for each commitment its statuses as (first day, status, entry).

    ``of`` are the keys of those wanted; None: of all.
    """
    states = known(question)
    return _spells(states if of is None else states.filter(commitment__in=of))


def spells_of(
    commitment: Commitment, question: Question
) -> list[tuple[date, str, int | None]]:
    """Return the spells of one commitment."""
    return _spells(known(question).filter(commitment=commitment))[commitment.pk]


def _spells(
    states: QuerySet[State],
) -> dict[int, list[tuple[date, str, int | None]]]:
    told: dict[int, list[tuple[date, str, int | None]]] = defaultdict(list)
    steps = states.order_by("commitment_id", "effective_from")
    for pk, day, status, entry in steps.values_list(
        "commitment_id", "effective_from", "status", "status_entry_id"
    ):
        if not told[pk] or told[pk][-1][1] != status:
            told[pk].append((day, status, entry))
    return told


def drawn(steps: Iterable[tuple[date, str, int | None]]) -> list[tuple[date, str]]:
    """Return spells without their entries, as the charts take them."""
    return [(day, status) for day, status, _ in steps]


def changes(
    found: list[Row],
    told: dict[int, list[tuple[date, str, int | None]]],
    *,
    limit: int,
) -> list[Change]:
    """Return the latest changes of status among ``found``, newest first."""
    every = []
    for one in found:
        old = ""
        for day, new, entry in told.get(one.commitment.pk, []):
            if new and entry:
                every.append(Change(day, one, old, new, entry))
            old = new
    every.sort(key=lambda change: (change.day, change.entry_id), reverse=True)
    return every[:limit]


def coming(found: list[Row], *, on: date, limit: int) -> list[Coming]:
    """Return the next dates of commitments and of milestones not yet met."""
    open_rows = {
        one.commitment.pk: one for one in found if one.state.status != "delivered"
    }
    dates = [
        Coming(one.state.due_on, one.state.due_precision, one, _("Promised date"))
        for one in open_rows.values()
        if one.state.due_on and one.state.due_on >= on
    ]
    for step in Milestone.objects.filter(due_on__gte=on).order_by("due_on"):
        owner = open_rows.get(step.commitment_id)
        if owner and step.due_on and step.key not in owner.state.milestones_met:
            dates.append(
                Coming(step.due_on, step.due_precision, owner, step_title(step))
            )
    dates.sort(key=lambda one: (one.day, one.row.commitment.ref_order))
    return dates[:limit]


def step_title(step: Milestone) -> str:
    """Return the title of a milestone, which the record has in English only."""
    if languages.current() is ENGLISH:
        return step.title
    return EnglishOnly(step.title)


def history(commitment: Commitment, question: Question) -> list[Told]:
    """Return the entries known on the days asked about, newest first.

    Which of them stand follows from all that was known, also of later days.
    """
    entries = commitment.history.whole()
    if question.known_at:
        entries = entries.recorded_by(question.known_at)
    known_entries = list(entries)
    corrections = {
        e.refers_to_id: e for e in known_entries if e.kind == EntryKind.CORRECTION
    }
    redacted = {e.refers_to_id for e in known_entries if e.kind == EntryKind.REDACTION}
    confirmed = confirmed_by(question.on, known_entries)
    told, status = [], ""
    worded: HistoryEntry | None = None
    for entry in as_they_took_effect(known_entries):
        if entry.effective_on > question.on:
            break
        is_signed = entry.sign_off == SignOff.SIGNED or entry.pk in confirmed
        told.append(
            Told(
                entry=entry,
                old_status=status if entry.status and status != entry.status else "",
                is_catalogue=entry.actor == key(CATALOGUE) and not is_signed,
                is_signed=is_signed,
                corrected_by=corrections.get(entry.pk),
                is_redacted=entry.pk in redacted,
                evidence=[c.evidence for c in entry.citations.all()],
            )
        )
        if entry.text.wording:
            if worded is not None:
                told[-1].differences = between(entry, worded)
            worded = entry
        if entry.status and entry.pk not in corrections:
            status = entry.status
    told.sort(key=lambda one: (one.entry.effective_on, one.entry.seq), reverse=True)
    return told
