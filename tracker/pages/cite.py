"""Citations to download."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from commitments.models import State
from tracker import browse, reading
from tracker.citing import Citation
from tracker.pages.asking import asked

TYPES = {"bib": "application/x-bibtex", "ris": "application/x-research-info-systems"}


@require_safe
def cite(request: HttpRequest, slug: str, form: str) -> HttpResponse:
    """Give the citation of a commitment as BibTeX or RIS."""
    question, error = asked(request, browse.parse_days)
    if error is not None:
        return HttpResponse(
            error.message, status=400, content_type="text/plain; charset=utf-8"
        )
    held = State.objects.at(as_of=question.on, known_at=question.known_at).public()
    held = held.select_related("commitment", "wording_entry__text")
    state = get_object_or_404(held, commitment__slug=slug)
    citation = Citation(
        commitment=state.commitment,
        title=reading.title(reading.wording(state)),
        status=state.status,
        on=question.known_at or question.today,
        as_of=question.as_of,
    )
    text = citation.bibtex() if form == "bib" else citation.ris()
    answer = HttpResponse(text, content_type=f"{TYPES[form]}; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{slug}.{form}"'
    return answer
