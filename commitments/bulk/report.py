"""What a run came to, kept small: all is counted, the first rows are shown."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .checking import CHANGED, NEW, REFUSED, UNCHANGED, Outcome

MOST_REFUSED = 500
MOST_OTHERS = 500
LONGEST = 160


class Report:
    def __init__(self) -> None:
        self.counts = dict.fromkeys((NEW, CHANGED, UNCHANGED, REFUSED), 0)
        self.refused: list[dict[str, Any]] = []
        self.others: list[dict[str, Any]] = []

    @property
    def done(self) -> int:
        return sum(self.counts.values())

    @property
    def rows(self) -> list[dict[str, Any]]:
        """The rows to show, as JSON: what was refused comes first."""
        return [*self.refused, *self.others]

    def add(self, outcomes: Iterable[Outcome]) -> None:
        for outcome in outcomes:
            self.counts[outcome.kind] += 1
            if outcome.kind == REFUSED:
                kept, most = self.refused, MOST_REFUSED
            else:
                kept, most = self.others, MOST_OTHERS
            if outcome.kind != UNCHANGED and len(kept) < most:
                kept.append(_shown(outcome))


def _shown(outcome: Outcome) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "row": outcome.number,
        "kind": outcome.kind,
        "name": _short(outcome.name()),
    }
    if outcome.problems:
        shown["problems"] = [[c, _short(s, 400)] for c, s in outcome.problems[:20]]
    else:
        shown["changes"] = [[c, _short(o), _short(n)] for c, o, n in outcome.changes]
    return shown


def _short(text: str, longest: int = LONGEST) -> str:
    # What no database keeps in JSON.
    text = text.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
    return text if len(text) <= longest else f"{text[:longest]}…"
