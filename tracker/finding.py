"""What a search finds: today by the index of the database, on past days exactly.

For today the index answers alone. For a past day it names those that may have said the
words; then their texts of that day are read, so that nothing recorded or worded later
is a hit.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from commitments import search
from commitments.models import HistoryEntry, State
from commitments.models.history import HistoryEntryQuerySet

if TYPE_CHECKING:
    from tracker.browse import Question

BATCH = 500


def entries_known(question: Question) -> HistoryEntryQuerySet:
    """Return the entries that had happened and were recorded by the days asked."""
    public = HistoryEntry.objects.public()
    return public.known(on=question.on, known_at=question.known_at)


def saying(question: Question) -> Any:
    """Return the keys of commitments that say every word searched for."""
    phrases = search.phrases(question.q)
    if not phrases:
        return []
    if not question.is_past:
        return search.holding(phrases, past=False)
    asked = (question.q, question.on, question.known_at)
    if asked not in question.memo:
        question.memo[asked] = _said_then(question, phrases)
    return question.memo[asked]


def _said_then(question: Question, phrases: list[search.Phrase]) -> list[int]:
    """Return which commitments said all phrases on the days asked about."""
    then = State.objects.at(as_of=question.on, known_at=question.known_at)
    then = then.filter(commitment__in=search.holding(phrases, past=True))
    told = list(then.values_list("commitment_id", "commitment__ref", "wording_entry"))
    found = []
    for first in range(0, len(told), BATCH):
        batch = told[first : first + BATCH]
        beside = search.around([pk for pk, _, _ in batch], entries_known(question))
        worded = search.wordings(entry for _, _, entry in batch if entry)
        for pk, ref, entry in batch:
            texts = [*worded.get(entry, []), *beside[pk]]
            said = [search.tokens(text) for text in texts]
            said.append([search.ref_token(ref)])
            if all(search.is_said(phrase, said) for phrase in phrases):
                found.append(pk)
    return found
