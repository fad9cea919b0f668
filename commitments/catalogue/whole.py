"""A whole catalogue, and what is to be mended before it is one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from commitments.catalogue import schema

# The names there are, by kind; None where a file could not be read.
Names = dict[str, set[str] | None]


@dataclass(frozen=True)
class Problem:
    """One thing to mend: the file, the item in it, the field, and a sentence.

    ``field`` is a path; parts of lists go by their key or day, as in
    ``criteria.b.text`` and ``history.status.2026-03-01.reason``, else by number.
    """

    file: str
    item: str
    field: str
    message: str

    def __str__(self) -> str:
        place = ", ".join(filter(None, (self.file, self.item, self.field)))
        return f"{place}: {self.message}"


class CatalogueError(Exception):
    """The catalogue cannot be loaded; ``problems`` holds all that is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = list(problems)


@dataclass(frozen=True)
class Catalogue:
    """All items of a catalogue; ``commitments`` by the number of their pillar."""

    plan: schema.PlanItem
    bodies: list[schema.BodyItem]
    partners: list[schema.PartnerItem]
    topics: list[schema.TopicItem]
    sources: list[schema.SourceItem]
    evidence: list[schema.EvidenceItem]
    indicators: list[schema.IndicatorItem]
    commitments: dict[int, list[schema.CommitmentItem]]

    def all_commitments(self) -> Iterator[tuple[int, schema.CommitmentItem]]:
        """Yield (pillar number, commitment) in order."""
        for number, items in self.commitments.items():
            for item in items:
                yield number, item


def commitments_file(pillar: schema.PillarItem) -> str:
    """Return the name of the file that holds a pillar's commitments."""
    return f"commitments/{pillar.number}-{pillar.slug}.yaml"


def unknown(
    file: str,
    item: str,
    field: str,
    values: Iterable[str],
    names: Names,
    kind: str = "",
) -> Iterator[Problem]:
    """Yield a problem for each of ``values`` that is no name of its kind."""
    known = names[kind or field]
    for value in values:
        if known is not None and value not in known:
            message = f"{value[:60]!r} does not exist. Add it, or mend the name."
            yield Problem(file, item, field, message)
