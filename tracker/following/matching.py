"""Which entries a follow tells of: each entry is held against each distinct filter once.

An entry matches a filter where its commitment did before the entry or does after it:
who follows what is under way hears also that something ceased to be.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from commitments.models import HistoryEntry, State
from commitments.statuses import MATERIAL, EntryKind
from tracker import browse
from tracker.browse import BadParameter
from tracker.models.follower import Scope

from . import filters as followed

logger = logging.getLogger(__name__)

# No steps in the world, but whoever follows wants to know what is tracked, and what not.
TOLD_ALWAYS = (
    *MATERIAL,
    EntryKind.PUBLISHED,
    EntryKind.WITHDRAWN,
    EntryKind.MERGED,
)


@dataclass(frozen=True)
class Entry:
    """What of an entry decides who hears of it."""

    seq: int
    commitment: int
    slug: str
    kind: str
    is_material: bool


def public_between(after: int, until: int) -> list[Entry]:
    """Return the entries readers may see, after one number and up to another."""
    return _read(HistoryEntry.objects.public().filter(seq__gt=after, seq__lte=until))


def public_of(seqs: list[int]) -> list[Entry]:
    """Return the entries with these numbers that readers may see."""
    return _read(HistoryEntry.objects.public().filter(seq__in=seqs))


def _read(entries) -> list[Entry]:
    columns = ("seq", "commitment_id", "commitment__slug", "kind", "acts_as")
    rows = entries.order_by("seq").values_list(*columns, "refers_to__acts_as")
    return [
        Entry(seq, commitment, slug, kind, _is_material(kind, acts_as, wrong))
        for seq, commitment, slug, kind, acts_as, wrong in rows
    ]


def _is_material(kind: str, acts_as: str, wrong: str | None) -> bool:
    """Whether something in the world changed; striking such an entry out counts too."""
    if acts_as in TOLD_ALWAYS:
        return True
    return kind == EntryKind.CORRECTION and wrong in MATERIAL


class Matches:
    """The entries of one run, with what each filter finds among them.

    One query for each distinct filter that narrows by more than one commitment.
    """

    def __init__(self, entries: list[Entry], *, on: date) -> None:
        self.entries, self.on = entries, on
        self._found: dict[str, list[Entry]] = {}

    def of(self, filters: str, scope: str, after: int, until: int | None) -> list[int]:
        """Return the numbers of what a follow tells of, in their order."""
        if filters not in self._found:
            self._found[filters] = self._look(filters)
        return [
            entry.seq
            for entry in self._found[filters]
            if entry.seq > after
            and (until is None or entry.seq <= until)
            and (scope == Scope.ALL or entry.is_material)
        ]

    def _look(self, filters: str) -> list[Entry]:
        try:
            asked = followed.asked(filters, today=self.on)
        except BadParameter as error:
            # A topic was deleted, say: its followers see so on their page.
            logger.warning("A follow cannot be read any more: %s", error.message)
            return []
        found = self.entries
        if asked.commitment:
            found = [one for one in found if one.slug == asked.commitment]
        if asked.kinds:
            found = [one for one in found if one.kind in asked.kinds]
        if not found or not asked.question.is_narrowed:
            return found
        spans = self._spans(asked.question)
        return [
            one
            for one in found
            if any(known <= one.seq <= until for known, until in spans[one.commitment])
        ]

    def _spans(self, question: browse.Question) -> dict[int, list[tuple[int, int]]]:
        """Return, for each commitment, over which entries it matched.

        A state's span ends with the entry that ended it: both its ends count.
        """
        states = State.objects.filter(
            effective_from__lte=self.on,
            effective_until__gt=self.on,
            known_from__lte=self.entries[-1].seq,
            known_until__gte=self.entries[0].seq,
        )
        spans = defaultdict(list)
        rows = browse.narrowed(states, question).order_by()
        for pk, known, until in rows.values_list(
            "commitment_id", "known_from", "known_until"
        ):
            spans[pk].append((known, until))
        return spans
