"""What changed, day by day."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import date, timedelta
from itertools import groupby
from typing import Any

from django.db.models import Count
from django.http import HttpRequest, HttpResponse, QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from commitments.models import Pillar
from commitments.statuses import EntryKind
from tracker import browse, changes, facets, figures, languages, writing
from tracker.browse import BadParameter, Question
from tracker.changes import Asked, Change
from tracker.comparison import a_quarter_before
from tracker.pages.asking import page

SHOWN = 50
MONTHS = 12


@require_safe
def changes_page(request: HttpRequest) -> HttpResponse:
    """Answer what changed: by day, newest first, narrowed as asked."""
    today = timezone.localdate()
    asked, error = _asked(request.GET, today)
    found = changes.entries(asked)
    shown = list(changes.ordered(found, asked).whole()[: SHOWN + 1])
    told = changes.told(shown[:SHOWN], asked.question)
    older = len(shown) > SHOWN
    return page(
        request,
        "changes.html",
        asked.question,
        error,
        asked=asked,
        total=found.count(),
        months=_by_month(told, asked.order),
        chart=figures.histogram(
            _counts(found, asked.question.on),
            title=_("Entries by the month they took effect"),
        ),
        kinds=_kinds(asked),
        pillars=_pillars(asked),
        material=_choice(
            asked, _("Material only"), asked.material, material=not asked.material
        ),
        orders=[
            _choice(asked, str(words), asked.order == name, order=name)
            for name, words in changes.ORDERS.items()
        ],
        narrowed=_others(asked),
        older=_address(asked, before=_place(told, asked)) if older else "",
        newest=_address(asked, before=None),
        feed=_follow(asked),
        compare_from=a_quarter_before(asked.question.on),
        section="changes",
    )


def _asked(query: QueryDict, today: date) -> tuple[Asked, BadParameter | None]:
    try:
        return changes.parse(query, today=today), None
    except BadParameter as error:
        return Asked(Question(today=today)), error


def _place(told: list[Change], asked: Asked) -> Any:
    return changes.place_after(told[-1].entry, asked.order)


def _address(asked: Asked, **changed: Any) -> str:
    query = asked.parameters(**changed).urlencode()
    return f"?{query}" if query else reverse("changes")


def _choice(asked: Asked, words: str, is_on: bool, **changed: Any) -> dict[str, Any]:
    address = _address(asked, **{"before": None, **changed})
    return {"words": words, "is_on": is_on, "address": address}


def _follow(asked: Asked) -> str:
    """Return the parameters under which a feed tells of the same entries."""
    query = asked.parameters(before=None, order="happened")
    return f"?{query.urlencode()}" if query else ""


def _kinds(asked: Asked) -> list[dict[str, Any]]:
    """Return each kind of entry with its count under the other filters."""
    others = changes.entries(replace(asked, kinds=()))
    counts = dict(others.values_list("kind").annotate(n=Count("pk")))
    kinds = [_choice(asked, _("All"), not asked.kinds, kinds=())]
    kinds[0]["count"] = sum(counts.values())
    for kind in EntryKind:
        if counts.get(kind.value) or kind.value in asked.kinds:
            chosen = kind.value in asked.kinds
            choice = _choice(
                asked, str(kind.label), chosen, kinds=_toggle(asked, kind.value)
            )
            kinds.append({**choice, "count": counts.get(kind.value, 0)})
    return kinds


def _toggle(asked: Asked, kind: str) -> tuple[str, ...]:
    if kind in asked.kinds:
        return tuple(one for one in asked.kinds if one != kind)
    return (*asked.kinds, kind)


def _pillars(asked: Asked) -> list[dict[str, Any]]:
    """Return each pillar as a choice; choosing one leaves the other filters."""
    question, choices = asked.question, []
    chosen = question.chosen.get("pillar", ())
    for pillar in Pillar.objects.all():
        number = str(pillar.number)
        others = {k: v for k, v in question.chosen.items() if k != "pillar"}
        if number not in chosen:
            others["pillar"] = (number,)
        narrowed = replace(question, chosen=others)
        choices.append(
            _choice(asked, languages.name(pillar), number in chosen, question=narrowed)
        )
    return choices


def _others(asked: Asked) -> list[tuple[str, str]]:
    """Return the list's other filters in force as (words, the address without)."""
    question, chips = asked.question, []
    for name, values in question.chosen.items():
        if name == "pillar":
            continue
        for value in values:
            left = tuple(one for one in values if one != value)
            chosen = {**question.chosen, name: left}
            if not left:
                del chosen[name]
            without = replace(question, chosen=chosen)
            words = _in_words(name, value)
            chips.append((words, _address(asked, before=None, question=without)))
    if question.q:
        without = replace(question, q="")
        words = f"“{question.q}”"
        chips.append((words, _address(asked, before=None, question=without)))
    if question.claim_gap is not None:
        without = replace(question, claim_gap=None)
        words = facets.gap_in_words(question.claim_gap)
        chips.append((words, _address(asked, before=None, question=without)))
    if asked.commitment:
        words = _("Commitment: %(slug)s") % {"slug": asked.commitment}
        chips.append((words, _address(asked, before=None, commitment="")))
    return chips


def _in_words(name: str, value: str) -> str:
    label = browse.labels(name).get(value.removeprefix(browse.NOT), value)
    left_out = value.startswith(browse.NOT)
    return facets.in_words(str(browse.FACETS[name]), label, left_out=left_out)


def _counts(found: Any, on: date) -> list[tuple[str, int]]:
    """Return how many entries took effect in each of the last months."""
    # The calendar begins in year 1; there are no twelve months before that.
    first = max(on, date(2, 1, 1)).replace(day=1)
    for _month in range(MONTHS - 1):
        first = (first - timedelta(days=1)).replace(day=1)
    # By days: for the month of each entry SQLite would call Python.
    days = found.filter(effective_on__gte=first).values_list("effective_on")
    counts: Counter[date] = Counter()
    for day, n in days.annotate(n=Count("*")):
        counts[day.replace(day=1)] += n
    months = []
    for _month in range(MONTHS):
        months.append((writing.short_month(first), counts[first]))
        first = (first + timedelta(days=32)).replace(day=1)
    return months


def _by_month(told: list[Change], order: str) -> list[tuple[date, list]]:
    """Return changes as months of days: [(first of month, [(day, changes)])]."""
    day_of = _recorded_on if order == "recorded" else _effective_on
    days = [(day, list(group)) for day, group in groupby(told, key=day_of)]
    return [
        (month, list(group))
        for month, group in groupby(days, key=lambda pair: pair[0].replace(day=1))
    ]


def _effective_on(change: Change) -> date:
    return change.entry.effective_on


def _recorded_on(change: Change) -> date:
    return change.entry.recorded_at.date()
