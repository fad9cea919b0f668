"""A noun of the record: its list, its rows one by one, and their number."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, ClassVar

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.fields import IntegerField
from rest_framework.response import Response

from tracker import browse, orders
from tracker.api import filters
from tracker.api.answers import Answer
from tracker.api.renderers import CSVRenderer, JSONLinesRenderer, ORJSONRenderer
from tracker.api.shapes import Expansion, shape
from tracker.browse import BadParameter, Question
from tracker.orders import Key

# Rows that a stream holds in memory at a time.
CHUNK = 200
FACT = (
    "This is a fact beside the history and has no past: leave “as_of” and “known_at” "
)
NO_PAST = (
    FACT + "out. What the history decides is in commitments, criteria and history."
)


class RecordViewSet(Answer, viewsets.ReadOnlyModelViewSet):
    """A list, its rows one by one, and their number.

    As CSV and JSON Lines a list comes whole, streamed row by row in the same order.
    """

    lookup_field = "slug"
    renderer_classes = [ORJSONRenderer, CSVRenderer, JSONLinesRenderer]
    # Of a single row, where it says more than in a list.
    detail_serializer_class: Any = None
    # What ``expand=`` gives whole.
    expandable: ClassVar[dict[str, Expansion]] = {}
    # What a list can be ordered by; the first unless told.
    orders: ClassVar[dict[str, list[Key]]] = {"slug": [Key("slug")]}
    order_name = "sort"
    # What a list and its number are asked by, where no filterset says so.
    choices: ClassVar[list[Any]] = []
    # Which days can be asked about, and why the others cannot.
    days: ClassVar[tuple[str, ...]] = ()
    no_past = NO_PAST

    def question(self) -> Question:
        """Return which days are asked about. Raises BadParameter."""
        return browse.parse_days(self.request.query_params, today=timezone.localdate())

    def order(self) -> str:
        """Return the name of the order asked for. Raises BadParameter."""
        name = self.request.query_params.get(self.order_name, "")
        if name and name not in self.orders:
            raise browse.unknown_value(self.order_name, name, self.orders)
        return name or next(iter(self.orders))

    def keys(self) -> Sequence[Key]:
        return self.orders[self.order()]

    def is_drawn(self) -> bool:
        """Whether the schema is being drawn, and nobody asks."""
        return getattr(self, "swagger_fake_view", False)

    def get_serializer_class(self) -> Any:
        if self.action == "retrieve" and self.detail_serializer_class:
            return self.detail_serializer_class
        return super().get_serializer_class()

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        serializer = super().get_serializer(*args, **kwargs)
        if self.is_drawn():
            return serializer
        return shape(serializer, self.request, self.expandable)

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        if not self.is_drawn():
            question = self.question()
            context |= {"on": question.on, "is_past": question.is_past}
        return context

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        renderer = request.accepted_renderer
        if renderer.format == "json":
            return super().list(request, *args, **kwargs)
        for name in filters.PAGING:
            if name in request.query_params:
                message = f"{renderer.format} comes whole: leave “{name}” out."
                raise BadParameter(name, message)
        lines = renderer.lines(*self.streamed())
        kind = f"{renderer.media_type}; charset=utf-8"
        answer: Any
        if request.method == "HEAD":
            answer = HttpResponse(content_type=kind)
        else:
            answer = StreamingHttpResponse(lines, content_type=kind)
        name = f"{self.basename.removeprefix('api-')}.{renderer.format}"
        answer["Content-Disposition"] = f'inline; filename="{name}"'
        return answer

    def streamed(self) -> tuple[Iterable[Any], list[str]]:
        """Return all rows as they are told, one after the other, and their names."""
        found = self.filter_queryset(self.get_queryset())
        rows = orders.ordered(found, self.keys()).iterator(CHUNK)
        serializer = self.get_serializer()
        return map(serializer.to_representation, rows), list(serializer.fields)

    @extend_schema(
        responses={200: inline_serializer("Count", {"count": IntegerField()})}
    )
    @action(detail=False, pagination_class=None, renderer_classes=[ORJSONRenderer])
    def count(self, request: Any) -> Response:
        """How many rows the list has, under the same filters."""
        rows = self.filter_queryset(self.get_queryset())
        return Response({"count": rows.order_by().count()})


class NumberedViewSet(RecordViewSet):
    """Rows that have a number and no slug."""

    lookup_field = "pk"
    lookup_value_regex = "[0-9]{1,18}"
    orders: ClassVar[dict[str, list[Key]]] = {"id": [Key("pk", int)]}
