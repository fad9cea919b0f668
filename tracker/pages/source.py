"""A source, sentence by sentence."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from commitments.models import (
    Commitment,
    Source,
)
from tracker import browse, reading
from tracker.pages.asking import asked, page


@require_safe
def source(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer what each sentence of a source gave, or that it gave nothing."""
    question, error = asked(request, browse.parse_days)
    document = get_object_or_404(Source, slug=slug)
    rows = {
        row.commitment.pk: row for row in reading.rows(browse.at(question), question)
    }
    links: dict[int, list[reading.Row]] = {}
    through = Commitment.passages.through.objects.filter(
        passage__source=document
    ).order_by("commitment__ref_order")
    for passage_id, pk in through.values_list("passage_id", "commitment_id"):
        if pk in rows:
            links.setdefault(passage_id, []).append(rows[pk])
    passages = [(p, links.get(p.pk, [])) for p in document.passages.all()]
    parts: dict[str, list] = {}
    for passage, gave in passages:
        place = ".".join(passage.ref.split(".")[:2])
        parts.setdefault(place, []).append((passage, gave))
    return page(
        request,
        "source.html",
        question,
        error,
        source=document,
        parts=[
            (place, found, sum(1 for _, g in found if g))
            for place, found in parts.items()
        ],
        total=len(passages),
        giving=sum(1 for _, gave in passages if gave),
        derived=len({row.commitment.pk for gave in links.values() for row in gave}),
    )
