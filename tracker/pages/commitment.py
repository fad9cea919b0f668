"""One commitment: what was promised, where it stands and why."""

from __future__ import annotations

import difflib
from datetime import date, datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Max, Prefetch, Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from commitments import statuses
from commitments.models import (
    Commitment,
    Indicator,
    Link,
    Observation,
    Plan,
    State,
)
from commitments.statuses import EntryKind
from tracker import (
    browse,
    charts,
    citing,
    embedding,
    figures,
    languages,
    reading,
    structured,
)
from tracker.browse import Question
from tracker.pages.asking import asked, moved, page, plan_span
from tracker.reading import Told

MOST_RELATED = 5


@require_safe
def commitment(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer what was promised, where it stands, why, and on what evidence."""
    question, error = asked(request, browse.parse_days)
    known = Commitment.objects.select_related("pillar").public()
    one = known.filter(slug=slug).first()
    if one is None:
        return _unknown_commitment(request, slug)
    held = State.objects.at(as_of=question.on, known_at=question.known_at)
    state = (
        held.filter(commitment=one)
        .select_related(
            "commitment__pillar",
            "wording_entry__text",
            "status_entry__text",
            "position_entry__body",
            "position_entry__text",
            "merged_into",
        )
        .first()
    )
    if state is None:
        context = {"not_yet": one, "question": question, "on": question.on}
        return render(request, "404.html", context, status=404)
    if state.merged_into is not None:
        return moved(request, "commitment", state.merged_into.slug)
    return page(
        request,
        "commitment.html",
        question,
        error,
        **_commitment_context(state, question),
    )


def _commitment_context(state: State, question: Question) -> dict[str, Any]:
    one, on = state.commitment, question.on
    text = reading.wording(state)
    told = reading.history(one, question)
    deciding = next((t for t in told if t.entry.pk == state.status_entry_id), None)
    steps = reading.spells_of(one, question)
    reviews = [
        t.entry.effective_on
        for t in told
        if t.entry.acts_as == EntryKind.REVIEW and t.corrected_by is None
    ]
    plan = Plan.objects.filter(pk=one.pillar.plan_id).first()
    milestones = [
        (step, state.milestones_met.get(step.key)) for step in one.milestones.all()
    ]
    return {
        "section": "commitments",
        "row": reading.row(state, on=on, text=text),
        "state": state,
        "commitment": one,
        "text": text,
        "title_other": _title_other(text),
        "criteria": [
            (key, words, key in state.criteria_met)
            for key, words in sorted(text.get("criteria", {}).items())
        ],
        "milestones": [
            (step, date.fromisoformat(met) if met else None) for step, met in milestones
        ],
        "history": told,
        "documents": _documents(told),
        "corrections": [
            t
            for t in told
            if t.entry.kind in (EntryKind.CORRECTION, EntryKind.REDACTION)
        ],
        "embeds": embedding.of(one, title=text["title"]),
        "deciding": deciding,
        "withdrawn": next(
            (
                t.entry
                for t in told
                if t.entry.acts_as == "withdrawn" and t.corrected_by is None
            ),
            None,
        ),
        "definition": statuses.STATUS_DEFINITIONS.get(state.status),  # type: ignore[call-overload]
        "position": statuses.Position(state.official_position),
        "timeline": charts.focus(
            reading.drawn(steps),
            on=on,
            due_on=state.due_on,
            due_precision=state.due_precision,
            reviews=reviews,
            **plan_span(plan),
        ),
        "steps": [s for s in steps if s[1]],
        "plan": plan,
        "passages": one.passages.select_related("source"),
        "responsibilities": one.responsibilities.select_related("body"),
        "partners": one.partners.all(),
        "topics": one.topics.all(),
        "indicators": _figures(one, on=on),
        "related": _related(one, question),
        "share": _picture(one, question),
        "share_words": _picture_words(state, text["title"]),
        "last_check": None if question.is_past else _last_check(one),
        "feed": f"?commitment={one.slug}",
        "dates": f"?commitment={one.slug}",
        # What stood on a past day is not offered to machines as what stands.
        "structured": ""
        if question.is_past
        else structured.of_commitment(state, text, told),
        "citation": citing.Citation(
            commitment=one,
            title=reading.title(text),
            status=state.status,
            on=question.known_at or question.today,
            as_of=question.as_of,
        ),
        **_neighbours(one, question),
    }


def _neighbours(one: Commitment, question: Question) -> dict[str, Any]:
    """Return the commitments before and after it, in the order of the references."""
    listed, order = browse.at(question).only(*reading.SHOWN), "commitment__ref_order"
    before = listed.filter(commitment__ref_order__lt=one.ref_order)
    after = listed.filter(commitment__ref_order__gt=one.ref_order)
    return {
        "before": next(
            iter(reading.rows(before.order_by(f"-{order}")[:1], question)), None
        ),
        "after": next(iter(reading.rows(after.order_by(order)[:1], question)), None),
    }


def _documents(told: list[Told]) -> list[tuple[Any, list[tuple[str, int]]]]:
    """Return each document once, newest first, with the entries that cite it."""
    found: dict[int, tuple[Any, list[tuple[str, int]]]] = {}
    for one in told:
        entry = one.entry
        use = entry.get_status_display() or EntryKind(entry.acts_as or entry.kind).label
        for evidence in one.evidence:
            uses = found.setdefault(evidence.pk, (evidence, []))[1]
            uses.append((str(use), entry.seq))
    return sorted(
        found.values(),
        key=lambda pair: pair[0].published_on or pair[0].occurred_on or date.min,
        reverse=True,
    )


def _picture(one: Commitment, question: Question) -> str:
    """Return the address of its picture for shared links; ``v`` names its last entry."""
    query = urlencode({**question.days(), "v": one.latest_entry_id or 0})
    return f"{reverse('share-image', args=[one.slug])}?{query}"


def _picture_words(state: State, title: str) -> str:
    name = f"{state.commitment.ref} {title}"
    if not state.status:
        return name
    label = statuses.Status(state.status).label
    return _("%(name)s: %(status)s") % {"name": name, "status": label}


def _title_other(text: dict[str, Any]) -> dict[str, str] | None:
    """Return the title in the language that is not read, where there is one."""
    if not text["title_zh"]:
        return None
    if languages.current() is languages.ENGLISH:
        return {"lang": languages.CHINESE.tag, "text": text["title_zh"]}
    return {"lang": languages.ENGLISH.tag, "text": text["title"]}


def _last_check(one: Commitment) -> datetime | None:
    """Return when a link of its evidence was last looked at."""
    links = Link.objects.filter(evidence__commitments=one)
    return links.aggregate(at=Max("checked_at"))["at"]


def _figures(one: Commitment, *, on: date) -> list[dict[str, Any]]:
    """Return the figures it is read against: readings until ``on``, and a chart."""
    known = Observation.objects.filter(observed_on__lte=on).select_related("evidence")
    found = Indicator.objects.filter(commitments=one).prefetch_related(
        Prefetch("observations", known.order_by("observed_on", "pk"))
    )
    return [
        {
            "one": indicator,
            "readings": (readings := list(indicator.observations.all())),
            "chart": figures.steps(
                [(reading.observed_on, reading.value) for reading in readings],
                baseline=(indicator.baseline_on, indicator.baseline),
                on=on,
                name=f"{languages.name(indicator)}, {indicator.unit}",
                target=indicator.target,
                target_on=indicator.target_on,
            )
            if readings
            else "",
        }
        for indicator in found
    ]


def _related(one: Commitment, question: Question) -> list[reading.Row]:
    """Return the listed commitments that share most topics and partners with this one."""
    listed = browse.counted(question)
    pk, topics, partners, ref = (
        browse.column(listed.model, f"commitment__{name}")
        for name in ("pk", "topics", "partners", "ref_order")
    )
    of_its_topics = Q(**{f"{topics}__in": one.topics.all()})
    of_its_partners = Q(**{f"{partners}__in": one.partners.all()})
    near = (
        listed.exclude(**{pk: one.pk})
        .order_by()
        .values(pk)
        .annotate(
            shared=Count(topics, filter=of_its_topics, distinct=True)
            + Count(partners, filter=of_its_partners, distinct=True)
        )
        .filter(shared__gt=0)
        .order_by("-shared", ref)
        .values_list(pk, flat=True)[:MOST_RELATED]
    )
    order = {pk: place for place, pk in enumerate(near)}
    held = browse.at(question).only(*reading.SHOWN).filter(commitment__in=order)
    rows = reading.rows(held, question)
    return sorted(rows, key=lambda row: order[row.commitment.pk])


def _unknown_commitment(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer 404 with the addresses that look most alike."""
    public = Commitment.objects.public()
    titles = {
        slug: languages.choose(title, title_zh)
        for slug, title, title_zh in public.values_list("slug", "title", "title_zh")
    }
    near = difflib.get_close_matches(slug, titles, n=4, cutoff=0.5)
    context = {"near": [(name, titles[name]) for name in near]}
    return render(request, "404.html", context, status=404)
