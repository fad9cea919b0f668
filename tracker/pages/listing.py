"""The list of commitments, under its filters."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import date
from itertools import groupby

from django.http import HttpRequest, HttpResponse, QueryDict, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from commitments.models import Pillar, Plan, Responsibility
from tracker import (
    browse,
    charts,
    downloads,
    facets,
    languages,
    lines,
    reading,
    searching,
    versions,
)
from tracker.browse import NOT, BadParameter, Question
from tracker.lines import Line, Span
from tracker.pages.asking import (
    FOR_EVERYBODY,
    asked,
    page,
    past,
    plan_span,
    refusal,
)

# More than the plan's commitments: a page of all, until there are many more.
ROWS, MOST_PAGES = 200, 100_000
MIMES = {
    "csv": "text/csv; charset=utf-8",
    "jsonl": "application/jsonl",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


@require_safe
def commitments(request: HttpRequest) -> HttpResponse:
    """Answer which commitments match, with counts for each further choice."""
    question, error = asked(request, _parse)
    number = 1 if error else int(request.GET.get("page") or 1)
    start = (number - 1) * ROWS
    matching = browse.page(question, start, start + ROWS)
    found = reading.rows(matching.only(*reading.SHOWN), question)
    # Counted only where there are more than fit.
    whole = number == 1 and len(found) < ROWS
    total = len(found) if whole else _total(question)
    first, last = plan_span(Plan.objects.order_by("pk").first()).values()
    if question.view != "timeline":
        last = min(last, date(question.on.year + 1, 12, 31))
        first = min(first, date(last.year - 1, 1, 1))
    shown = _lines(question, found, Span(first, last, question.on))
    counted = facets.counted(question, found if whole else None)
    return page(
        request,
        "commitments.html",
        question,
        error,
        groups=_groups(question, found, shown),
        total=total,
        pages=_pages(question, number, total),
        years=charts.years(first=first, last=last),
        facets=counted,
        chips=_chips(question, counted),
        sorts=browse.SORTS,
        views=_views(question),
        **_followed(question),
        section="commitments",
    )


def _lines(question: Question, found: list[reading.Row], span: Span) -> list[Line]:
    """Return what the list shows of each row that was found."""
    told = reading.spells(question, of=[row.commitment.pk for row in found])
    hits = searching.hits(question, found)
    shown = [
        lines.line(
            row,
            past=past(question),
            spells=reading.drawn(told.get(row.commitment.pk, [])),
            span=span,
            search=question.q,
            hits=hits.get(row.commitment.pk, ()),
        )
        for row in found
    ]
    if question.view != "cards":
        return shown
    bodies = _bodies(found)
    return [
        line._replace(
            statement=row.text["statement"],
            sources=row.state.sources,
            body=bodies.get(row.commitment.pk, ""),
        )
        for row, line in zip(found, shown, strict=True)
    ]


def _groups(
    question: Question, found: list[reading.Row], shown: list[Line]
) -> list[tuple[Pillar | None, list[Line]]]:
    """Return the lines pillar by pillar, or in one group where the order is another."""
    if not shown:
        return []
    if question.sort != "ref":
        return [(None, shown)]
    pairs = zip(found, shown, strict=True)
    by_pillar = groupby(pairs, key=lambda pair: pair[0].commitment.pillar)
    return [(pillar, [line for _, line in pairs]) for pillar, pairs in by_pillar]


def _followed(question: Question) -> dict[str, str]:
    """Return what feeds and calendar of the same rows are asked with."""
    query = question.filters().urlencode()
    return dict.fromkeys(("feed", "dates"), f"?{query}" if query else "")


def _parse(query: QueryDict, *, today: date) -> Question:
    """Return the question of a page of the list. Raises BadParameter."""
    question = browse.parse_list(query, today=today)
    given = query.get("page", "")
    if not given:
        return question
    if not (given.isascii() and given.isdigit() and 1 <= int(given[:9]) <= MOST_PAGES):
        message = _("“%(given)s” is no page. Pages are numbered from 1.")
        raise BadParameter("page", message % {"given": given[:40]})
    last = max(1, -(-_total(question) // ROWS))
    if int(given) > last:
        message = _("There is no page %(given)s; the last one is %(last)s.")
        raise BadParameter("page", message % {"given": given, "last": last})
    return question


def _total(question: Question) -> int:
    return browse.narrowed(browse.counted(question), question).order_by().count()


def _pages(question: Question, number: int, total: int) -> dict[str, str]:
    """Return the addresses of the pages before and after this one, where there are."""

    def address(page: int) -> str:
        parameters = question.parameters()
        if page > 1:
            parameters["page"] = str(page)
        return "?" + parameters.urlencode()

    last = max(1, -(-total // ROWS))
    return {
        "before": address(number - 1) if number > 1 else "",
        "after": address(number + 1) if number < last else "",
    }


@require_safe
def download(request: HttpRequest, format: str) -> HttpResponseBase:
    """Answer the rows that match as a file: CSV, JSON Lines or XLSX."""
    question, error = asked(request, browse.parse_list)
    if error is not None:
        return refusal(error)
    answer = versions.conditional(_file)(request, question, format)
    # Also of a 304: whoever keeps the file learns that it may.
    answer["Cache-Control"] = FOR_EVERYBODY
    return answer


def _file(request: HttpRequest, question: Question, format: str) -> HttpResponseBase:
    rows = reading.each(browse.states(question), question)
    match format:
        case "csv":
            written: Iterable = downloads.as_csv(rows)
        case "xlsx":
            written = downloads.as_xlsx(rows, on=question.on)
        case _:
            written = downloads.as_json(rows)
    response = StreamingHttpResponse(written, content_type=MIMES[format])
    name = f"commitments-{question.on.isoformat()}.{format}"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    response["X-Robots-Tag"] = "noindex"
    return response


def _views(question: Question) -> list[tuple[str, str, bool]]:
    """Return each view as (its words, its address, whether it is shown)."""
    return [
        (
            str(label),
            "?" + replace(question, view=view).parameters().urlencode(),
            view == question.view,
        )
        for view, label in browse.VIEWS.items()
    ]


def _bodies(found: list[reading.Row]) -> dict[int, str]:
    """Return the body that leads on each commitment, by its key."""
    leads = Responsibility.objects.filter(
        commitment__in=[row.commitment for row in found]
    ).order_by("-position")
    names = leads.values_list("commitment", "body__name", "body__name_zh")
    return {pk: languages.choose(name, chinese) for pk, name, chinese in names}


def _chips(question: Question, counted: list[facets.Facet]) -> list[tuple[str, str]]:
    """Return each filter in force as (its words, the address without it)."""
    taken = [
        (facets.in_words(facet.label, option.label), (facet.field, option.value))
        for facet in counted
        for option in facet.chosen
    ] + [
        (
            facets.in_words(facet.label, option.label, left_out=True),
            (facet.field, NOT + option.value),
        )
        for facet in counted
        for option in facet.excluded
    ]
    if question.claim_gap is not None:
        taken.append((facets.gap_in_words(question.claim_gap), ("claim_gap", "")))
    if question.q:
        taken.append((f"“{question.q}”", ("q", "")))
    return [
        (words, "?" + question.parameters(without=what).urlencode())
        for words, what in taken
    ]
