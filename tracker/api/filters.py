"""What each list can be asked, and the refusal of anything else."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any

import django_filters
from django.core.validators import EMPTY_VALUES
from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field

from commitments.models import (
    Commitment,
    Criterion,
    Evidence,
    Indicator,
    Milestone,
    Observation,
    Passage,
    Source,
)
from commitments.statuses import EvidenceType, Grade, Nature
from tracker.browse import DAYS, BadParameter

PAGING = ("cursor", "limit")
SHAPE = ("fields", "expand", "format")
# These may be given several times; anything else once.
REPEATED = ("fields", "expand")
# How many known values an error lists.
MOST_LISTED = 100


class StrictFilterBackend(DjangoFilterBackend):
    """Filters by the view's filterset; an unknown parameter or value is a 400.

    What has no value is not given: so the forms of the pages send it.
    """

    def get_filterset_kwargs(self, request: Any, queryset: Any, view: Any) -> Any:
        given = request.query_params.copy()
        for name, values in request.query_params.lists():
            given.setlist(name, [value for value in values if value])
        kwargs = super().get_filterset_kwargs(request, queryset, view)
        return {**kwargs, "data": given}

    def filter_queryset(self, request: Any, queryset: Any, view: Any) -> Any:
        if getattr(view, "reads_own_parameters", False):
            return queryset
        filterset_class = self.get_filterset_class(view, queryset)
        fields = filterset_class.base_filters if filterset_class else {}
        if view.action == "retrieve":
            fields = {}
        many = [
            name
            for name, one in fields.items()
            if isinstance(one, django_filters.MultipleChoiceFilter)
        ]
        known = [*fields, *also_known(view)]
        refuse_unknown(
            request.query_params, known=known, many=many, no_past=view.no_past
        )
        if not fields:
            return queryset
        filterset = self.get_filterset(request, queryset, view)
        if not filterset.is_valid():
            name = next(iter(filterset.errors))
            raise _refusal(name, request, filterset.form.fields.get(name))
        return filterset.qs


def _refusal(name: str, request: Any, field: Any) -> BadParameter:
    """Return what is wrong with a value, with the values that would be known."""
    given = ", ".join(request.query_params.getlist(name))[:80]
    known = [str(value) for value, _ in getattr(field, "choices", []) if value != ""]
    listed = f" Known: {', '.join(known)}." if known else ""
    return BadParameter(name, f"“{given}” is no value of “{name}”.{listed}", known)


def also_known(view: Any) -> tuple[str, ...]:
    """Return what a list or a detail can be asked beside its filters."""
    match getattr(view, "action", ""):
        case "list":
            return (*view.days, view.order_name, *PAGING, *SHAPE)
        case "retrieve":
            return (*view.days, *SHAPE)
    return view.days


def refuse_unknown(
    query: Any,
    *,
    known: Collection[str],
    many: Collection[str] = (),
    no_past: str = "",
) -> None:
    """Raise BadParameter for a parameter not in ``known``, or given too often.

    ``many`` may be given more than once. ``no_past`` says why a day of the past
    cannot be asked about here.
    """
    known = list(dict.fromkeys(known))
    listed = ", ".join(known) or "none"
    for name, values in query.lists():
        if name in DAYS and name not in known and no_past:
            raise BadParameter(name, no_past, known)
        if name not in known:
            message = f"There is no parameter “{name[:80]}”. Known: {listed}."
            raise BadParameter(name, message, known)
        if len(values) > 1 and name not in (*many, *REPEATED):
            message = f"Give “{name}” once, not {len(values)} times."
            raise BadParameter(name, message)


def number(request: Any, name: str, *, least: int, most: int, usual: int) -> int:
    """Return a whole number of the query, ``usual`` where it is not given.

    Raises BadParameter.
    """
    values = request.query_params.getlist(name)
    if not values or values == [""]:
        return usual
    given = values[0]
    fits = given.isascii() and given.isdigit() and len(given) <= 19
    if len(values) > 1 or not fits or not least <= int(given) <= most:
        message = f"Give “{name}” once, as a number from {least} to {most}."
        raise BadParameter(name, message)
    return int(given)


@extend_schema_field({"type": "string", "maxLength": 100})
class Named(django_filters.CharFilter):
    """By the name of a row elsewhere, which must be there.

    ``known`` returns the rows that may be named, ``column`` holds their names.
    """

    def __init__(
        self, field: str, known: Callable[[], QuerySet], *, column: str = "slug"
    ) -> None:
        super().__init__(field, label="Its slug." if column == "slug" else "")
        self.known, self.column = known, column

    def filter(self, qs: Any, value: Any) -> Any:
        if value in EMPTY_VALUES:
            return qs
        rows = self.known().order_by(self.column)
        if not rows.filter(**{self.column: value}).exists():
            names = rows.values_list(self.column, flat=True).distinct()
            raise unknown_name(self.field_name.split("__")[0], value, names)
        return super().filter(qs, value)


def unknown_name(name: str, value: str, names: Iterable[str]) -> BadParameter:
    """Return the refusal of a name that no row has, with the first that some have."""
    known = list(names[:MOST_LISTED] if isinstance(names, QuerySet) else names)
    name = {"commitments": "commitment"}.get(name, name)
    listed = f" Known: {', '.join(known)}." if known else ""
    return BadParameter(name, f"There is no {name} “{value[:80]}”.{listed}", known)


@extend_schema_field(OpenApiTypes.BOOL)
class YesNo(django_filters.TypedChoiceFilter):
    """True or false; anything else is refused, where the library's own ignores it."""

    def __init__(self, **kwargs: Any) -> None:
        choices = [("true", "true"), ("false", "false")]
        super().__init__(choices=choices, coerce=lambda v: v == "true", **kwargs)


class AnyOf(django_filters.MultipleChoiceFilter):
    """Any of some values of a vocabulary: given several times, one of them holds."""


def commitments_known() -> QuerySet:
    return Commitment.objects.public()


class EvidenceFilter(django_filters.FilterSet):
    commitment = Named("commitments__slug", commitments_known)
    type = AnyOf(choices=EvidenceType.choices)
    nature = AnyOf(choices=Nature.choices)
    grade = AnyOf(choices=Grade.choices)
    official = YesNo()
    language = Named("language", Evidence.objects.public, column="language")

    class Meta:
        model = Evidence
        fields = ["commitment", "type", "nature", "grade", "official", "language"]


class IndicatorFilter(django_filters.FilterSet):
    commitment = Named("commitments__slug", commitments_known)
    direction = AnyOf(choices=Indicator.Direction.choices)

    class Meta:
        model = Indicator
        fields = ["commitment", "direction"]


class PassageFilter(django_filters.FilterSet):
    source = Named("source__slug", Source.objects.all)
    role = AnyOf(choices=Passage.Role.choices)

    class Meta:
        model = Passage
        fields = ["source", "role"]


class CriterionFilter(django_filters.FilterSet):
    commitment = Named("commitment__slug", commitments_known)

    class Meta:
        model = Criterion
        fields = ["commitment"]


class MilestoneFilter(CriterionFilter):
    class Meta:
        model = Milestone
        fields = ["commitment"]


class ObservationFilter(django_filters.FilterSet):
    indicator = Named("indicator__slug", Indicator.objects.all)

    class Meta:
        model = Observation
        fields = ["indicator"]
