"""A source, sentence by sentence."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_safe

from commitments.models import Commitment, Indicator, Passage, Source
from tracker import browse, figures, reading
from tracker.pages.asking import asked, page

# A passage with the commitments read from it.
Read = tuple[Passage, list[reading.Row]]
KINDS = {
    "commit": gettext_lazy("Gave commitments"),
    "record": gettext_lazy("Results of the years before"),
    "context": gettext_lazy("Context"),
    "front": gettext_lazy("Framing: titles, questions, transitions"),
}


@dataclass
class Part:
    """A paragraph: its passages, each with what it gave."""

    place: str
    passages: list[Read] = field(default_factory=list)

    @property
    def giving(self) -> int:
        return sum(1 for _, gave in self.passages if gave)

    @property
    def kind(self) -> str:
        """What it is most for: the first of ``KINDS`` that any of it is."""
        roles = {passage.role for passage, _ in self.passages}
        if self.giving:
            return "commit"
        for role, kind in (("result", "record"), ("context", "context")):
            if role in roles:
                return kind
        return "front"


@dataclass
class Section:
    """A section of a source, named by its heading where it has one."""

    number: str
    parts: list[Part] = field(default_factory=list)

    @property
    def title(self) -> str:
        first, _ = self.parts[0].passages[0]
        word, _, heading = first.summary.partition(": ")
        is_named = word in ("Heading", "Title")
        return heading[:1].upper() + heading[1:] if is_named else ""

    @property
    def given(self) -> int:
        rows = [row for part in self.parts for _, gave in part.passages for row in gave]
        return len({row.commitment.pk for row in rows})


@require_safe
def source(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer what each sentence of a source gave, or that it gave nothing."""
    question, error = asked(request, browse.parse_days)
    document = get_object_or_404(Source, slug=slug)
    through = Commitment.passages.through.objects.filter(
        passage__source=document
    ).order_by("commitment__ref_order")
    given = browse.at(question).filter(
        commitment__in=through.order_by().values("commitment")
    )
    rows = {row.commitment.pk: row for row in reading.rows(given, question)}
    links: dict[int, list[reading.Row]] = {}
    for passage_id, pk in through.values_list("passage_id", "commitment_id"):
        if pk in rows:
            links.setdefault(passage_id, []).append(rows[pk])
    passages = [(p, links.get(p.pk, [])) for p in document.passages.all()]
    outlined = outline(passages)
    return page(
        request,
        "source.html",
        question,
        error,
        source=document,
        sections=outlined,
        map=figures.coverage(
            [
                (part.kind, len(part.passages), "" if place else section.number)
                for section in outlined
                for place, part in enumerate(section.parts)
            ]
        ),
        kinds=KINDS.items(),
        roles=_roles(passages),
        baselines=Indicator.objects.filter(
            baseline_passage__source=document
        ).select_related("baseline_passage"),
        total=len(passages),
        giving=sum(1 for _, gave in passages if gave),
        derived=len({row.commitment.pk for gave in links.values() for row in gave}),
    )


def outline(passages: list[Read]) -> list[Section]:
    """Return the passages by section and paragraph, in their order."""
    sections: list[Section] = []
    for passage, gave in passages:
        number, *deeper = passage.ref.split(".")
        place = ".".join([number, *deeper[:1]])
        if not sections or sections[-1].number != number:
            sections.append(Section(number))
        parts = sections[-1].parts
        if not parts or parts[-1].place != place:
            parts.append(Part(place))
        parts[-1].passages.append((passage, gave))
    return sections


def _roles(passages: list[Read]) -> list[dict[str, Any]]:
    """Return how many passages have each role, and what became of them."""
    lines = []
    for role in Passage.Role:
        found = [gave for passage, gave in passages if passage.role == role]
        if found:
            rows = {row.commitment.pk for gave in found for row in gave}
            giving = sum(1 for gave in found if gave)
            lines.append(
                {"role": role, "n": len(found), "giving": giving, "given": len(rows)}
            )
    return lines
