"""The public pages. The only clock is here: ``timezone.localdate()``."""

from __future__ import annotations

import difflib
import statistics
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponsePermanentRedirect
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from commitments import statuses
from commitments.models import (
    Commitment,
    HistoryEntry,
    Indicator,
    Pillar,
    Plan,
    Source,
    State,
)
from commitments.statuses import Judgement, Status
from tracker import browse, charts, reading
from tracker.browse import BadParameter, Question

EARLIEST_PLAN = (date(2026, 1, 1), date(2030, 12, 31))


def _asked(
    request: HttpRequest, parse: Callable[..., Question]
) -> tuple[Question, BadParameter | None]:
    today = timezone.localdate()
    try:
        return parse(request.GET, today=today), None
    except BadParameter as error:
        return Question(today=today), error


def _page(
    request: HttpRequest,
    template: str,
    question: Question,
    error: BadParameter | None,
    **context: Any,
) -> HttpResponse:
    days = urlencode(question.days())
    shown = {
        **context,
        # Links keep the day asked about: alone, or after other parameters.
        "past": f"?{days}" if days else "",
        "past_more": f"&{days}" if days else "",
        "question": question,
        "on": question.on,
        "error": error,
        "noindex": question.is_past or error is not None,
    }
    return render(request, template, shown, status=400 if error else 200)


def _plan_span(plan: Plan | None) -> dict[str, date]:
    first, last = (plan.starts_on, plan.ends_on) if plan else EARLIEST_PLAN
    return {"first": first, "last": last}


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """Answer where the whole stands, what changed, and how fresh we are."""
    question, error = _asked(request, browse.parse_days)
    on, plan = question.on, Plan.objects.order_by("pk").first()
    every = reading.rows(browse.states(question), question)
    scored = [row for row in every if row.is_scored]
    counts = Counter(row.state.status for row in scored)
    told = reading.spells(question)
    changes = reading.changes(scored, told, limit=6)
    entries = HistoryEntry.objects.whole().in_bulk([c.entry_id for c in changes])
    late = sorted(
        (row for row in scored if row.review_is_late),
        key=lambda row: (row.state.review_due_on or date.min, row.commitment.ref_order),
    )
    ages = [r.days_since_review for r in scored if r.days_since_review is not None]
    span = _plan_span(plan)
    return _page(
        request,
        "home.html",
        question,
        error,
        plan=plan,
        headline=_headline(len(scored), counts),
        scored=scored,
        untracked=[row for row in every if not row.is_scored],
        counts={s.value: counts.get(s.value, 0) for s in Status},
        unassessed=[row for row in scored if not row.state.status],
        bar=charts.bar(counts, title="All scored commitments"),
        elapsed=charts.elapsed(on=on, **span),
        clock=_clock(on=on, **span),
        pillars=_matrix(scored),
        statuses=Status,
        changes=[(change, entries[change.entry_id]) for change in changes],
        coming=[(c, c.days(on)) for c in reading.coming(scored, on=on, limit=6)],
        late=late,
        gaps=[row for row in scored if row.state.has_claim_gap],
        overdue=[row for row in scored if row.schedule == "overdue"],
        median=round(statistics.median(ages)) if ages else None,
        freshness=statuses.Freshness,
        section="home",
        is_home=True,
    )


def _headline(total: int, counts: Counter[str]) -> str:
    """Return the finding as one sentence, from the counts alone."""
    if not total:
        return "No commitment is on record yet"
    delivered, partly = counts[Status.DELIVERED], counts[Status.PARTLY_DELIVERED]
    how_many = f"{delivered} of {total}" if delivered else f"None of the {total}"
    verb = "is" if delivered == 1 else "are"
    moving = counts[Status.UNDER_WAY]
    return (
        f"{how_many} opening-up commitments {verb} delivered; "
        f"{partly or 'none'} {'is' if partly == 1 else 'are'} partly delivered, "
        f"{moving or 'none'} under way"
    )


def _clock(*, first: date, last: date, on: date) -> dict[str, int]:
    days = (last - first).days + 1
    day = max(0, min(days, (on - first).days + 1))
    return {"day": day, "days": days, "per_cent": round(day / days * 100)}


def _matrix(scored: list[reading.Row]) -> list[dict[str, Any]]:
    """Return each pillar with its rows by status, in the order of the statuses."""
    pillars: dict[int, dict[str, Any]] = {}
    for row in scored:
        pillar = row.commitment.pillar
        line = pillars.setdefault(
            pillar.pk,
            {"pillar": pillar, "rows": [], "cells": {s: [] for s in Status.values}},
        )
        line["rows"].append(row)
        if row.state.status:
            line["cells"][row.state.status].append(row)
    return sorted(pillars.values(), key=lambda line: line["pillar"].number)


@require_safe
def commitments(request: HttpRequest) -> HttpResponse:
    """Answer which commitments match, with counts for each further choice."""
    question, error = _asked(request, browse.parse)
    found = reading.rows(browse.states(question), question)
    told = reading.spells(question)
    first, last = _plan_span(Plan.objects.order_by("pk").first()).values()
    last = min(last, date(question.on.year + 1, 12, 31))
    first = min(first, date(last.year - 1, 1, 1))
    drawn = [
        replace(
            row,
            strip=charts.strip(
                reading.drawn(told.get(row.commitment.pk, [])),
                first=first,
                last=last,
                on=question.on,
                due_on=row.state.due_on,
            ),
        )
        for row in found
    ]
    facets = browse.facets(question)
    return _page(
        request,
        "commitments.html",
        question,
        error,
        rows=drawn,
        by_pillar=question.sort == "ref",
        years=charts.years(first=first, last=last),
        facets=facets,
        chips=_chips(question, facets),
        sorts=browse.SORTS,
        section="commitments",
    )


def _chips(question: Question, facets: list[browse.Facet]) -> list[tuple[str, str]]:
    """Return each filter in force as (its words, the address without it)."""
    taken = [
        (f"{facet.label}: {option.label}", (facet.field, option.value))
        for facet in facets
        for option in facet.chosen
    ]
    if question.claim_gap is not None:
        words = "Claim-evidence gap" if question.claim_gap else "No claim-evidence gap"
        taken.append((words, ("claim_gap", "")))
    if question.q:
        taken.append((f"“{question.q}”", ("q", "")))
    return [
        (words, "?" + question.parameters(without=what).urlencode())
        for words, what in taken
    ]


@require_safe
def commitment(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer what was promised, where it stands, why, and on what evidence."""
    question, error = _asked(request, browse.parse_days)
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
        return HttpResponsePermanentRedirect(state.merged_into.get_absolute_url())
    return _page(
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
    reviews = [t.entry.effective_on for t in told if t.entry.kind == "review"]
    plan = Plan.objects.filter(pk=one.pillar.plan_id).first()
    milestones = [
        (step, state.milestones_met.get(step.key)) for step in one.milestones.all()
    ]
    return {
        "section": "commitments",
        "row": reading.row(state, on=on, title=text["title"]),
        "state": state,
        "commitment": one,
        "text": text,
        "criteria": [
            (key, words, key in state.criteria_met)
            for key, words in sorted(text.get("criteria", {}).items())
        ],
        "milestones": [
            (step, date.fromisoformat(met) if met else None) for step, met in milestones
        ],
        "history": told,
        "deciding": deciding,
        "withdrawn": next(
            (t.entry for t in told if t.entry.acts_as == "withdrawn"), None
        ),
        "definition": statuses.STATUS_DEFINITIONS.get(state.status),  # type: ignore[call-overload]
        "position": statuses.Position(state.official_position),
        "timeline": charts.timeline(
            reading.drawn(steps),
            on=on,
            due_on=state.due_on,
            reviews=reviews,
            **_plan_span(plan),
        ),
        "steps": [s for s in steps if s[1]],
        "plan": plan,
        "passages": one.passages.select_related("source"),
        "responsibilities": one.responsibilities.select_related("body"),
        "partners": one.partners.all(),
        "topics": one.topics.all(),
        "indicators": Indicator.objects.filter(commitments=one).prefetch_related(
            "observations__evidence"
        ),
    }


def _unknown_commitment(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer 404 with the addresses that look most alike."""
    public = Commitment.objects.public()
    titles = dict(public.values_list("slug", "title"))
    near = difflib.get_close_matches(slug, titles, n=4, cutoff=0.5)
    context = {"near": [(name, titles[name]) for name in near]}
    return render(request, "404.html", context, status=404)


@require_safe
def source(request: HttpRequest, slug: str) -> HttpResponse:
    """Answer what each sentence of a source gave, or that it gave nothing."""
    question, error = _asked(request, browse.parse_days)
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
    return _page(
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


@require_safe
def method(request: HttpRequest) -> HttpResponse:
    """Answer how we judge, from the rules themselves."""
    question, error = _asked(request, browse.parse_days)
    steps = [(old, [(new, _may_follow(old, new)) for new in Status]) for old in Status]
    return _page(
        request,
        "method.html",
        question,
        error,
        plan=Plan.objects.order_by("pk").first(),
        pillars=Pillar.objects.all(),
        statuses=[
            (s, statuses.STATUS_DEFINITIONS[s], statuses.STATUS_NEEDS[s])
            for s in Status
        ],
        steps=steps,
        positions=statuses.POSITION_DEFINITIONS.items(),
        schedules=statuses.SCHEDULE_DEFINITIONS.items(),
        freshness=statuses.FRESHNESS_DEFINITIONS.items(),
        grades=statuses.GRADE_DEFINITIONS.items(),
        flags=statuses.FLAG_DEFINITIONS.items(),
        cadence=_cadence(),
        section="method",
    )


def _may_follow(old: Status, new: Status) -> bool:
    """Whether the rules let ``new`` follow ``old``, with a test of two parts."""
    test = ("a", "b")
    choices = [frozenset(test[:count]) for count in range(3)]
    held = {Status.PARTLY_DELIVERED: choices[1], Status.DELIVERED: choices[2]}
    for met in choices:
        step = Judgement(new, met)
        try:
            statuses.check_criteria(step, test)
            statuses.check_change(Judgement(old, held.get(old, choices[0])), step)
        except statuses.RuleBroken:
            continue
        return True
    return False


def _cadence() -> list[tuple[str, int]]:
    soon, news = statuses.DUE_SOON.days, statuses.POSITION_IS_NEW.days
    hot = f"Due within {soon} days, or its official position changed {news} days ago"
    return [
        (hot, statuses.REVIEW_EVERY_WHEN_HOT.days),
        ("Any other commitment", statuses.REVIEW_EVERY.days),
        ("Delivered", statuses.REVIEW_EVERY_WHEN_DELIVERED.days),
    ]
