"""What changed, word by word, for people who decide on it or read it later."""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from commitments.models import Body, Commitment, HistoryEntry, Proposal
from commitments.models.commitment import WORDING
from commitments.statuses import (
    Confidence,
    EntryKind,
    Position,
    Precision,
    Status,
)

# A run of letters and digits, or one other character: Chinese is compared sign by
# sign, for it has no spaces.
PIECE = re.compile(r"[^\W\u3400-\u9fff]+|\s+|.", re.DOTALL)

LABELS = {
    "status": gettext_lazy("Delivery status"),
    "criteria_met": gettext_lazy("Parts of the test met"),
    "confidence": gettext_lazy("Confidence"),
    "position": gettext_lazy("Official position"),
    "body": gettext_lazy("Body"),
    "milestone": gettext_lazy("Milestone"),
    "due_on": gettext_lazy("Promised date"),
    "due_precision": gettext_lazy("How exact that date is"),
    "effective_on": gettext_lazy("In effect since"),
    "precision": gettext_lazy("How exact that day is"),
    "looked_until": gettext_lazy("Evidence looked at until"),
    "reason": gettext_lazy("Reason"),
    "strike": gettext_lazy("Struck out"),
    "title": gettext_lazy("Title"),
    "title_zh": gettext_lazy("Title (Chinese)"),
    "statement": gettext_lazy("Statement"),
    "reading": gettext_lazy("Reading"),
}
CHOICES: dict[str, Any] = {
    "status": Status,
    "confidence": Confidence,
    "position": Position,
    "due_precision": Precision,
    "precision": Precision,
}


@dataclass(frozen=True)
class Piece:
    """A run of text that was ``kept``, ``added`` or ``removed``."""

    change: str
    text: str


@dataclass(frozen=True)
class Difference:
    """One thing that is said differently: its name and both texts."""

    label: str
    old: str
    new: str
    is_prose: bool = True

    @property
    def pieces(self) -> list[Piece]:
        """Return the change word by word; of a short value, one for the other."""
        if self.is_prose or self.old == self.new:
            return list(words(self.old, self.new))
        return [
            Piece("removed", self.old),
            Piece("kept", " "),
            Piece("added", self.new),
        ]


def part_of_the_test(key: str) -> str:
    """Return how one part of the test is named among what differs."""
    return _("Part %(key)s of the test") % {"key": key}


def words(old: str, new: str) -> Iterator[Piece]:
    """Yield the pieces that lead from one text to another, word by word."""
    before, after = PIECE.findall(old), PIECE.findall(new)
    matcher = difflib.SequenceMatcher(None, before, after, autojunk=False)
    for change, i, j, k, m in matcher.get_opcodes():
        if change == "equal":
            yield Piece("kept", "".join(before[i:j]))
            continue
        if i < j:
            yield Piece("removed", "".join(before[i:j]))
        if k < m:
            yield Piece("added", "".join(after[k:m]))


def differences(proposal: Proposal) -> list[Difference]:
    """Return what a proposal says, each beside what stands (or stood) before it."""
    content = proposal.content
    rest: tuple[str, ...]
    if proposal.kind == EntryKind.WORDING:
        found = _of_wording(proposal.commitment, content["changes"])
        rest = ("reason", "effective_on", "precision")
    else:
        found = []
        rest = tuple(name for name in LABELS if name in content)
    old = _standing(proposal)
    for name in rest:
        new = shown(name, content.get(name))
        found.append(
            Difference(
                str(LABELS[name]), old.get(name, ""), new, is_prose=name == "reason"
            )
        )
    return found


def _of_wording(commitment: Commitment, changes: dict[str, Any]) -> list[Difference]:
    found = [
        Difference(str(LABELS[name]), getattr(commitment, name), changes[name])
        for name in WORDING
        if name in changes
    ]
    parts = dict(commitment.criteria.values_list("key", "text"))
    for key, text in changes.get("criteria", {}).items():
        found.append(Difference(part_of_the_test(key), parts.get(key, ""), text))
    return found


def between(entry: HistoryEntry, earlier: HistoryEntry) -> list[Difference]:
    """Return how the wording of one entry differs from an earlier one's."""
    if not entry.text.wording or not earlier.text.wording:
        return []
    new, old = json.loads(entry.text.wording), json.loads(earlier.text.wording)
    found = [
        Difference(str(LABELS[name]), old.get(name, ""), new.get(name, ""))
        for name in WORDING
    ]
    for key, text in new.get("criteria", {}).items():
        before = old.get("criteria", {}).get(key, "")
        found.append(Difference(part_of_the_test(key), before, text))
    return [difference for difference in found if difference.old != difference.new]


def _standing(proposal: Proposal) -> dict[str, str]:
    """Return what stands now under the same names, as text."""
    if proposal.refers_to is not None:
        entry = proposal.refers_to
        values = {name: getattr(entry, name, None) for name in LABELS}
        values["reason"] = entry.text.reason
        values["strike"] = None
    else:
        now = proposal.commitment
        values = {
            "status": now.status,
            "criteria_met": now.criteria_met,
            "confidence": now.confidence,
            "position": now.official_position,
            "due_on": now.due_on,
            "due_precision": now.due_precision,
            "looked_until": now.reviewed_on,
            "effective_on": now.status_since
            if proposal.kind == EntryKind.STATUS
            else None,
        }
    return {name: shown(name, value) for name, value in values.items()}


def shown(name: str, value: Any) -> str:
    """Return a value as people read it."""
    if value in (None, "", False, []):
        return ""
    if value is True:
        return "yes"
    if name in CHOICES:
        return str(CHOICES[name](value).label)
    if name == "criteria_met":
        return ", ".join(sorted(value))
    if name == "body" and isinstance(value, str):
        body = Body.objects.filter(slug=value).first()
        return str(body or value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
