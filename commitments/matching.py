"""Which commitments a document is likely to be about: BM25 over what they say.

Okapi BM25 (Robertson and Zaragoza, 2009); words that stand in a title or
name count more. The index is built from published commitments in a fixed
number of queries; nothing about evidence enters it, so that it can be measured
against the evidence that is already attached.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from commitments.models import Commitment, Evidence
from commitments.words import terms

# Counts are weighted by place and the texts alike in length: a word's second mention
# tells more, and length less, than in the usual 1.2 and 0.75.
K1 = 3.0
B = 0.3
# Below this a document has too little in common with any commitment to be shown
# unasked: of the 110 documents of the founding catalogue one scores less.
LIKELY = 10.0
# How much a word counts by where it stands.
WEIGHTS = {"title": 3, "name": 2, "text": 1}


@dataclass(frozen=True)
class Match:
    """A commitment that a document may be about; ``words`` are those they share."""

    commitment_id: int
    score: float
    words: frozenset[str]


@dataclass(frozen=True)
class Index:
    """What is known of the words of all commitments."""

    counts: dict[int, Counter[str]]
    lengths: dict[int, int]
    holders: dict[str, list[int]]
    average: float

    def match(self, text: str, *, most: int = 5) -> list[Match]:
        """Return the likeliest commitments of a document, the best first."""
        scores: dict[int, float] = defaultdict(float)
        shared: dict[int, set[str]] = defaultdict(set)
        for word in set(terms(text)):
            holders = self.holders.get(word, [])
            if not holders:
                continue
            total = len(self.counts)
            rarity = math.log(1 + (total - len(holders) + 0.5) / (len(holders) + 0.5))
            for pk in holders:
                count = self.counts[pk][word]
                norm = 1 - B + B * self.lengths[pk] / self.average
                scores[pk] += rarity * count * (K1 + 1) / (count + K1 * norm)
                shared[pk].add(word)
        best = sorted(scores, key=lambda pk: (-scores[pk], pk))[:most]
        return [Match(pk, round(scores[pk], 3), frozenset(shared[pk])) for pk in best]


def build(documents: dict[int, Iterable[tuple[str, str]]]) -> Index:
    """Return the index of documents given as (kind of place, text) by key."""
    counts: dict[int, Counter[str]] = {}
    holders: dict[str, list[int]] = defaultdict(list)
    for pk, parts in documents.items():
        counted: Counter[str] = Counter()
        for place, text in parts:
            for word in terms(text):
                counted[word] += WEIGHTS[place]
        counts[pk] = counted
        for word in counted:
            holders[word].append(pk)
    lengths = {pk: counted.total() for pk, counted in counts.items()}
    average = sum(lengths.values()) / len(lengths) if lengths else 1.0
    return Index(counts, lengths, dict(holders), average)


def index() -> Index:
    """Return the index of all published commitments."""
    found = (
        Commitment.objects.standing_now()
        .prefetch_related(
            "criteria", "milestones", "topics", "partners", "responsibilities__body"
        )
        .order_by("pk")
    )
    return build({one.pk: list(_parts(one)) for one in found})


def _parts(one: Commitment) -> Iterable[tuple[str, str]]:
    yield from (("title", one.title), ("title", one.title_zh))
    yield from (("text", one.statement), ("text", one.reading))
    yield from (("text", part.text) for part in one.criteria.all())
    yield from (("text", step.title) for step in one.milestones.all())
    for named in (*one.topics.all(), *one.partners.all()):
        yield from (("name", named.name), ("name", named.name_zh))
    for duty in one.responsibilities.all():
        body = duty.body
        yield "text", f"{body.name} {body.name_zh} {body.short_name}"


def recall(at: Iterable[int] = (1, 5, 10)) -> tuple[dict[int, float], int]:
    """Return how many of the attached commitments are found among the first n.

    Every piece of evidence on published commitments is asked for by what a reader
    of it sees (title, original title, publisher, what it shows). The share found of
    its own commitments is averaged over all documents; with how many there are.
    """
    found, known = index(), defaultdict(set)
    pairs = Evidence.commitments.through.objects.filter(
        commitment__standing="published"
    )
    for evidence, commitment in pairs.values_list("evidence", "commitment"):
        known[evidence].add(commitment)
    at = list(at)
    sums: dict[int, float] = defaultdict(float)
    documents = Evidence.objects.in_bulk(known)
    for pk, wanted in known.items():
        one = documents[pk]
        text = f"{one.title} {one.title_original} {one.publisher} {one.summary}"
        ranked = [m.commitment_id for m in found.match(text, most=max(at))]
        for n in at:
            sums[n] += len(wanted & set(ranked[:n])) / len(wanted)
    return {n: sums[n] / len(known) if known else 0.0 for n in at}, len(known)
