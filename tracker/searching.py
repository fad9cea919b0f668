"""Where a search was found: the words in their sentence, beside each row.

The same texts that ``browse`` searches, on the same days; in a fixed number of
queries, and never more than two passages for a row.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from commitments import search
from commitments.models import Citation, Criterion
from tracker import finding, languages
from tracker.browse import Question
from tracker.reading import Row

MOST = 2
AROUND = 60


@dataclass(frozen=True)
class Hit:
    """A passage with what was searched for: where it stands, and its words."""

    where: str
    text: SafeString


def _beginning(word: str) -> str:
    """Return the pattern of a word where it begins one; Chinese has no such places."""
    return (
        re.escape(word)
        if search.HAN.match(word)
        else rf"(?<![A-Za-z0-9]){re.escape(word)}"
    )


def marked(text: str, asked: str) -> SafeString:
    """Return ``text`` as HTML, each word of ``asked`` marked."""
    words = sorted({*asked.split(), *search.pieces(asked)}, key=len, reverse=True)
    if not words:
        return escape(text)
    found = re.compile("|".join(map(_beginning, words)), re.IGNORECASE)
    parts, last = [], 0
    for match in found.finditer(text):
        parts += [escape(text[last : match.start()]), "<mark>", escape(match[0])]
        parts.append("</mark>")
        last = match.end()
    # Every part is escaped above.
    return mark_safe("".join([*parts, escape(text[last:])]))  # noqa: S308


def passage(text: str, asked: str) -> str:
    """Return the stretch of ``text`` around the first word of ``asked`` in it."""
    lower = text.casefold()
    words = [*asked.casefold().split(), *search.pieces(asked)]
    places = [lower.find(word) for word in words]
    first = min((place for place in places if place >= 0), default=-1)
    if first < 0:
        return ""
    start, end = max(0, first - AROUND), min(len(text), first + 2 * AROUND)
    before, after = "…" if start else "", "…" if end < len(text) else ""
    return f"{before}{' '.join(text[start:end].split())}{after}"


def hits(question: Question, found: Sequence[Row]) -> dict[int, list[Hit]]:
    """Return for each commitment where else than in its title a search is found.

    On a past day, the words are those of that day.
    """
    told: dict[int, list[Hit]] = defaultdict(list)
    if not question.q:
        return told
    for pk, where, text in _texts(question, found):
        if len(told[pk]) < MOST and (words := passage(text, question.q)):
            told[pk].append(Hit(where, marked(words, question.q)))
    return told


def _texts(question: Question, found: Sequence[Row]) -> Iterator[tuple[int, str, str]]:
    """Yield (commitment, where, text), the nearest to the promise first."""
    tests: list[tuple[int, str]] = []
    for row in found:
        pk, then = row.commitment.pk, row.text
        if other := languages.other_name(SimpleNamespace(**then)):
            yield pk, _title_in(other[0]), other[1]
        # Cards show the whole statement.
        if question.view != "cards":
            yield pk, _("What was promised"), then["statement"]
        yield pk, _("How we read it"), then["reading"]
        tests += [(pk, text) for _key, text in sorted(then.get("criteria", {}).items())]
    shown = [row.commitment.pk for row in found]
    for pk, text in tests if question.is_past else _criteria(shown):
        yield pk, _("Test of delivery"), text
    entries = finding.entries_known(question).filter(commitment__in=shown)
    for pk, reason in entries.order_by("-seq").values_list(
        "commitment", "text__reason"
    ):
        yield pk, _("Reason given"), reason
    cited = Citation.objects.filter(entry__in=entries.order_by().values("pk"))
    columns = [f"evidence__{column}" for column in search.DOCUMENT]
    for pk, *texts in cited.order_by("-pk").values_list("entry__commitment", *columns):
        for text in texts:
            yield pk, _("Evidence"), text


def _title_in(tag: str) -> str:
    is_chinese = tag == languages.CHINESE.tag
    return _("Title (Chinese)") if is_chinese else _("Title (English)")


def _criteria(found: Sequence[int]) -> Iterable[tuple[int, str]]:
    parts = Criterion.objects.filter(commitment__in=found).order_by("key")
    return parts.values_list("commitment", "text")
