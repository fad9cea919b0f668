"""What differs between two days: by commitment, and as counts that add up."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db.models import Count
from django.http import QueryDict
from django.utils.translation import gettext as _

from commitments.differences import Difference
from commitments.models import HistoryText, Pillar, State
from commitments.statuses import EntryKind, Position, Status
from tracker import browse, finding, languages, reading
from tracker.browse import BadParameter, Question
from tracker.changes import differing

# How far back the page looks where nothing is asked.
A_QUARTER = timedelta(days=91)


@dataclass(frozen=True)
class Pair:
    """One commitment on the two days; None where it was not listed."""

    old: reading.Row | None
    new: reading.Row | None

    @property
    def row(self) -> reading.Row:
        """The row to name it by: the later one, where there is one."""
        found = self.new or self.old
        assert found is not None  # noqa: S101 - a pair has at least one side
        return found

    @property
    def statuses(self) -> tuple[str, str]:
        """Both statuses, of a commitment listed on both days."""
        return _status(self.old), _status(self.new)

    @property
    def moved(self) -> bool:
        return bool(self.old and self.new) and self.statuses[0] != self.statuses[1]


def _status(row: reading.Row | None) -> str:
    return row.state.status if row else ""


@dataclass
class Tally:
    """Counts of one pillar, or of all. Both of these always hold:

    ``stayed + moved + left == sum(before)`` and ``stayed + moved + came ==
    sum(after)``.
    """

    name: str
    number: int | None = None
    stayed: int = 0
    moved: int = 0
    came: int = 0
    left: int = 0
    before: Counter[str] = field(default_factory=Counter)
    after: Counter[str] = field(default_factory=Counter)

    def add(self, pair: Pair) -> None:
        if pair.old:
            self.before[pair.old.state.status] += 1
        if pair.new:
            self.after[pair.new.state.status] += 1
        if pair.old is None:
            self.came += 1
        elif pair.new is None:
            self.left += 1
        elif pair.moved:
            self.moved += 1
        else:
            self.stayed += 1

    @property
    def total_before(self) -> int:
        return sum(self.before.values())

    @property
    def total_after(self) -> int:
        return sum(self.after.values())

    def lines(self) -> list[tuple[str, int, int, int]]:
        """Return (status, before, after, difference) for each status seen."""
        seen = [s for s in ("", *Status.values) if self.before[s] or self.after[s]]
        return [
            (s, self.before[s], self.after[s], self.after[s] - self.before[s])
            for s in seen
        ]


@dataclass(frozen=True)
class Comparison:
    first: date
    last: date
    pairs: list[Pair]
    pillars: list[Tally]
    whole: Tally
    wordings: list[tuple[reading.Row, list[Difference]]]
    entries: list[tuple[str, int]]

    @property
    def moved(self) -> list[Pair]:
        return [pair for pair in self.pairs if pair.moved]

    @property
    def came(self) -> list[Pair]:
        return [pair for pair in self.pairs if pair.old is None]

    @property
    def left(self) -> list[Pair]:
        return [pair for pair in self.pairs if pair.new is None]

    @property
    def positions(self) -> list[tuple[reading.Row, str, str]]:
        """Return whose official position differs, as (row, old, new)."""
        return [
            (
                pair.row,
                str(Position(pair.old.state.official_position).label),
                str(Position(pair.new.state.official_position).label),
            )
            for pair in self.pairs
            if pair.old
            and pair.new
            and pair.old.state.official_position != pair.new.state.official_position
        ]

    @property
    def dates(self) -> list[tuple[reading.Row, State, State]]:
        """Return whose promised date differs, as (row, state before, after)."""
        return [
            (pair.row, pair.old.state, pair.new.state)
            for pair in self.pairs
            if pair.old and pair.new and _due(pair.old.state) != _due(pair.new.state)
        ]


def _due(state: State) -> tuple[Any, str]:
    return state.due_on, state.due_precision


def a_quarter_before(day: date) -> date:
    """Return the day a quarter back, or the first day there is."""
    return max(date.min + A_QUARTER, day) - A_QUARTER


def parse(query: QueryDict, *, today: date) -> tuple[date, Question]:
    """Return the earlier day, and the question of the later one.

    ``from`` and ``to`` are the days; without them, a quarter back and today.
    Raises BadParameter.
    """
    for name in query:
        if name not in ("from", "to", "known_at"):
            raise BadParameter(
                name,
                _("There is no parameter “%(name)s”. Known: %(known)s.")
                % {"name": name[:80], "known": "from, to, known_at"},
                ["from", "to", "known_at"],
            )
    last = browse.day_of(query, "to", today=today)
    known_at = browse.day_of(query, "known_at", today=today)
    first = browse.day_of(query, "from", today=today)
    question = Question(today=today, as_of=last, known_at=known_at)
    if first is None:
        first = a_quarter_before(question.on)
    if first > question.on:
        raise BadParameter(
            "from",
            _("“from” (%(first)s) lies after “to” (%(last)s). Swap them.")
            % {"first": first.isoformat(), "last": question.on.isoformat()},
        )
    return first, question


def compare(first: date, question: Question) -> Comparison:
    """Return what differs between ``first`` and the day of ``question``.

    Both days are answered with the same knowledge (``known_at``). Only what can be
    tracked is counted, as on every page.
    """
    earlier = Question(today=question.today, as_of=first, known_at=question.known_at)
    # Titles of both days, so both are read as past ones.
    later = Question(question.today, as_of=question.on, known_at=question.known_at)
    old, new = _scored(earlier), _scored(later)
    rows = {**old, **new}
    order = sorted(rows, key=lambda pk: rows[pk].commitment.ref_order)
    pairs = [Pair(old.get(pk), new.get(pk)) for pk in order]
    whole = Tally(_("All pillars"))
    tallies = {p.pk: Tally(languages.name(p), p.number) for p in Pillar.objects.all()}
    for pair in pairs:
        whole.add(pair)
        tallies[pair.row.commitment.pillar_id].add(pair)
    return Comparison(
        first=first,
        last=question.on,
        pairs=pairs,
        pillars=list(tallies.values()),
        whole=whole,
        wordings=_wordings(pairs),
        entries=_entries(first, question),
    )


def _scored(question: Question) -> dict[int, reading.Row]:
    found = reading.rows(browse.at(question), question)
    return {row.commitment.pk: row for row in found if row.is_scored}


def _wordings(
    pairs: Iterable[Pair],
) -> list[tuple[reading.Row, list[Difference]]]:
    moved = [
        (pair.row, pair.old.state.wording_entry_id, pair.new.state.wording_entry_id)
        for pair in pairs
        if pair.old
        and pair.new
        and pair.old.state.wording_entry_id != pair.new.state.wording_entry_id
    ]
    wanted = {seq for _, *both in moved for seq in both if seq}
    texts = dict(
        HistoryText.objects.filter(entry__in=wanted).values_list("entry_id", "wording")
    )
    found = [
        (row, differing(texts.get(a or 0, ""), texts.get(b or 0, "")))
        for row, a, b in moved
    ]
    return [(row, parts) for row, parts in found if parts]


def _entries(first: date, question: Question) -> list[tuple[str, int]]:
    """Return how many entries of each kind took effect in between."""
    found = finding.entries_known(question).filter(effective_on__gt=first)
    counts = dict(found.order_by().values_list("kind").annotate(n=Count("pk")))
    return [(str(k.label), counts[k.value]) for k in EntryKind if k.value in counts]
