"""Bodies, partners and topics: an index of each kind, and a page of each one."""

from __future__ import annotations

from collections import Counter
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from commitments.models import Body
from commitments.statuses import Status
from tracker import browse, changes, charts, languages, reading, subjects
from tracker.changes import Asked
from tracker.pages.asking import asked, page
from tracker.subjects import SUBJECTS, Subject

CHANGES, CLAIMS = 8, 12


@require_safe
def subject_index(request: HttpRequest, field: str) -> HttpResponse:
    """Answer which bodies (partners, topics) there are, and how theirs stand."""
    question, error = asked(request, browse.parse_days)
    subject = SUBJECTS[field]
    found = subjects.lines(subject, question)
    return page(
        request,
        "subjects.html",
        question,
        error,
        subject=subject,
        lines=[line for line in found if line.listed],
        others=[line for line in found if not line.listed],
        section=subject.many,
    )


@require_safe
def subject_page(request: HttpRequest, field: str, slug: str) -> HttpResponse:
    """Answer what concerns one body, partner or topic."""
    question, error = asked(request, browse.parse_days)
    subject = SUBJECTS[field]
    one = get_object_or_404(subject.model, slug=slug)
    rows = subjects.rows(subject, one, question)
    scored = [row for row in rows if row.is_scored]
    counts = Counter(row.state.status for row in scored)
    filtered = _asked_of(subject, one, question)
    latest = changes.ordered(changes.entries(filtered), filtered).whole()[:CHANGES]
    return page(
        request,
        "subject.html",
        question,
        error,
        subject=subject,
        one=one,
        kind=one.get_kind_display() if hasattr(one, "kind") else _("Topic"),
        members=getattr(one, "members", []),
        rows=rows,
        scored=scored,
        counts=[(s, counts[s]) for s in ("", *Status.values) if counts[s]],
        bar=charts.bar(
            counts,
            title=_("Scored commitments of %(name)s") % {"name": languages.name(one)},
        ),
        gaps=sum(1 for row in scored if row.state.has_claim_gap),
        late=sum(1 for row in scored if row.schedule == "overdue"),
        coming=[
            (c, c.days(question.on))
            for c in reading.coming(scored, on=question.on, limit=8)
        ],
        latest=changes.told(list(latest), question),
        feed=f"?{subject.field}={one.slug}",
        dates=f"?{subject.field}={one.slug}",
        section=subject.many,
        **_spoken(one, question),
    )


def _asked_of(subject: Subject, one: Any, question: browse.Question) -> Asked:
    chosen: dict[str, tuple[str, ...]] = {subject.field: (one.slug,)}
    narrowed = browse.Question(
        today=question.today,
        chosen=chosen,
        as_of=question.as_of,
        known_at=question.known_at,
    )
    return Asked(narrowed)


def _spoken(one: Any, question: browse.Question) -> dict[str, Any]:
    """Return what a body has said, and for what it answers first."""
    if not isinstance(one, Body):
        return {}
    said = list(subjects.claims(one, question)[:CLAIMS])
    return {"claims": changes.told(said, question), "leads": subjects.leads(one)}
