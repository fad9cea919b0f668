"""One document: what it shows, whether it can be opened, and what is kept of it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from commitments.excerpts import Piece, excerpts
from commitments.models import Capture, Commitment, Evidence
from commitments.models.state import end_of
from commitments.verdicts import DEFINITIONS, Verdict
from tracker import browse, changes, finding
from tracker.browse import Question
from tracker.changes import Change
from tracker.pages.asking import asked, page


@require_safe
def evidence(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer what a document shows, where it is cited, and which copies are kept."""
    question, error = asked(request, browse.parse_days)
    documents = Evidence.objects.public().select_related("link")
    document = get_object_or_404(documents, slug=slug)
    cited = _cited(document, question)
    if question.is_past and not cited:
        raise Http404(_("No entry cited this document by that day."))
    captures = _captures(document, question)
    link = getattr(document, "link", None)
    commitments = Commitment.objects.public().filter(evidence=document)
    return page(
        request,
        "evidence.html",
        question,
        error,
        section="source",
        document=document,
        # What is found of a link today says nothing of a past day.
        link=None if question.is_past else link,
        definition=DEFINITIONS[Verdict(link.verdict)] if link and link.verdict else "",
        captures=captures,
        excerpts=_excerpts(document, captures, list(commitments)),
        cited=cited,
        commitments=commitments,
    )


def _cited(document: Evidence, question: Question) -> list[Change]:
    """Return the entries that cite it, each with the title of the day asked about."""
    found = (
        finding.entries_known(question)
        .filter(evidence=document)
        .select_related("commitment")
        .order_by("-effective_on", "-seq")
    )
    return changes.told(list(found), question)


def _captures(document: Evidence, question: Question) -> list[Capture]:
    found = document.captures.defer("text", "headers").select_related("snapshot")
    if question.is_past:
        found = found.filter(taken_at__lt=end_of(question.known_at or question.on))
    return list(found)


def _excerpts(
    document: Evidence, captures: list[Capture], commitments: list[Commitment]
) -> list[list[Piece]]:
    """Return what the newest copy says around what the document is cited for."""
    if not captures:
        return []
    newest = Capture.objects.values_list("text", flat=True).get(pk=captures[0].pk)
    sought: list[Any] = [document.summary, document.title, document.title_original]
    for one in commitments:
        sought += [one.title, one.title_zh]
    return excerpts(newest, sought)
