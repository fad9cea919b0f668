"""What each list can be asked, and the refusal of anything else."""

from __future__ import annotations

from typing import Any

import django_filters
from django_filters.rest_framework import DjangoFilterBackend

from commitments.models import (
    Criterion,
    Evidence,
    HistoryEntry,
    Indicator,
    Milestone,
    Observation,
    Passage,
)
from commitments.statuses import Grade
from tracker.browse import BadParameter

PAGING = ("cursor", "limit")
SHAPE = ("fields", "expand", "format")


class StrictFilterBackend(DjangoFilterBackend):
    """Filters by the view's filterset; an unknown parameter or value is a 400."""

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        if getattr(view, "reads_own_parameters", False):
            return queryset
        filterset_class = self.get_filterset_class(view, queryset)
        fields = list(filterset_class.base_filters) if filterset_class else []
        refuse_unknown(request, known=[*fields, *also_known(view)])
        filterset = self.get_filterset(request, queryset, view)
        if filterset is None:
            return queryset
        if not filterset.is_valid():
            for name, messages in filterset.errors.items():
                raise BadParameter(name, f"{name}: {' '.join(messages)}")
        return filterset.qs


def also_known(view: Any) -> tuple[str, ...]:
    """Return what a list or a detail can be asked beside its filters."""
    match getattr(view, "action", ""):
        case "list":
            return (*PAGING, *SHAPE)
        case "retrieve":
            return SHAPE
    return ()


def refuse_unknown(request: Any, *, known: list[str]) -> None:
    """Raise BadParameter for a query parameter that is not in ``known``."""
    for name in request.query_params:
        if name not in known:
            listed = ", ".join(known) or "none"
            message = f"There is no parameter “{name}”. Known: {listed}."
            raise BadParameter(name, message, known)


def number(request: Any, name: str, *, least: int, most: int, usual: int) -> int:
    """Return a whole number of the query, ``usual`` where it is not given.

    Raises BadParameter.
    """
    values = request.query_params.getlist(name)
    if not values:
        return usual
    given = values[0]
    fits = given.isascii() and given.isdigit() and len(given) <= 19
    if len(values) > 1 or not fits or not least <= int(given) <= most:
        message = f"Give “{name}” once, as a number from {least} to {most}."
        raise BadParameter(name, message)
    return int(given)


class HistoryFilter(django_filters.FilterSet):
    after = django_filters.NumberFilter("seq", "gt", label="The last number you have")
    commitment = django_filters.CharFilter("commitment__slug", label="Its slug")

    class Meta:
        model = HistoryEntry
        fields = ["after", "commitment", "kind"]


class EvidenceFilter(django_filters.FilterSet):
    grade = django_filters.ChoiceFilter(choices=Grade.choices)
    commitment = django_filters.CharFilter("commitments__slug", label="Its slug")

    class Meta:
        model = Evidence
        fields = ["commitment", "type", "nature", "official", "grade", "language"]


class IndicatorFilter(django_filters.FilterSet):
    commitment = django_filters.CharFilter("commitments__slug", label="Its slug")

    class Meta:
        model = Indicator
        fields = ["commitment", "direction"]


class PassageFilter(django_filters.FilterSet):
    source = django_filters.CharFilter("source__slug", label="Its slug")

    class Meta:
        model = Passage
        fields = ["source", "role"]


class CriterionFilter(django_filters.FilterSet):
    commitment = django_filters.CharFilter("commitment__slug", label="Its slug")

    class Meta:
        model = Criterion
        fields = ["commitment"]


class MilestoneFilter(CriterionFilter):
    class Meta:
        model = Milestone
        fields = ["commitment"]


class ObservationFilter(django_filters.FilterSet):
    indicator = django_filters.CharFilter("indicator__slug", label="Its slug")

    class Meta:
        model = Observation
        fields = ["indicator"]
