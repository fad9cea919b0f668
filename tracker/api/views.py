"""The read-only API: each view is a queryset, a serializer and what it can be asked."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

from django.conf import settings
from django.db.models import Prefetch
from django.http import (
    Http404,
    HttpRequest,
    HttpResponsePermanentRedirect,
    StreamingHttpResponse,
)
from django.urls import reverse
from django.utils import timezone
from django.utils.decorators import method_decorator
from django.views.decorators.http import condition
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import viewsets
from rest_framework.decorators import action
from rest_framework.exceptions import NotFound
from rest_framework.fields import IntegerField
from rest_framework.response import Response
from rest_framework.views import APIView

from commitments.models import (
    Body,
    Capture,
    Commitment,
    Criterion,
    DataVersion,
    Evidence,
    HistoryEntry,
    Indicator,
    Milestone,
    Observation,
    Partner,
    Passage,
    Pillar,
    Plan,
    Responsibility,
    Source,
    State,
    Topic,
)
from commitments.models.state import end_of
from tracker import browse, counting
from tracker.api import filters, serializers
from tracker.api.renderers import CSVRenderer, JSONLinesRenderer, ORJSONRenderer
from tracker.api.shapes import shape
from tracker.browse import BadParameter, Question

# Rows that a stream holds in memory at a time.
CHUNK = 200
PUBLIC = Commitment.objects.public()


def etag(request: HttpRequest, *args: Any, **kwargs: Any) -> str:
    """Return the strong tag of an answer: a function of version, day and address."""
    parts = [
        DataVersion.current(),
        timezone.localdate(),
        settings.SPECTACULAR_SETTINGS["VERSION"],
        request.get_full_path(),
        request.headers.get("Accept", ""),
    ]
    return f'"{hashlib.sha256(repr(parts).encode()).hexdigest()[:32]}"'


class Answer:
    """What all answers share: open to other sites, and a tag to ask again with."""

    cursor_key = "pk"

    @method_decorator(condition(etag_func=etag))
    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        return super().dispatch(request, *args, **kwargs)  # type: ignore[misc]

    def finalize_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(*args, **kwargs)  # type: ignore[misc]
        keep = "public, max-age=0, must-revalidate"
        response.setdefault(
            "Cache-Control", keep if response.status_code < 400 else "no-store"
        )
        for name, value in getattr(self.request, "rate", {}).items():
            response[name] = value
        return response


class RecordViewSet(Answer, viewsets.ReadOnlyModelViewSet):
    """A list, its rows one by one, and their number.

    As CSV and JSON Lines a list comes whole, streamed row by row.
    """

    lookup_field = "slug"
    renderer_classes = [ORJSONRenderer, CSVRenderer, JSONLinesRenderer]
    expandable: dict[str, Any] = {}

    def get_serializer(self, *args: Any, **kwargs: Any) -> Any:
        serializer = super().get_serializer(*args, **kwargs)
        if getattr(self, "swagger_fake_view", False):
            return serializer
        return shape(serializer, self.request, self.expandable)

    def list(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        renderer = request.accepted_renderer
        if renderer.format == "json":
            return super().list(request, *args, **kwargs)
        for name in filters.PAGING:
            if name in request.query_params:
                message = f"{renderer.format} comes whole: leave “{name}” out."
                raise BadParameter(name, message)
        rows = self.filter_queryset(self.get_queryset()).order_by(self.cursor_key)
        serializer = self.get_serializer()
        answer = StreamingHttpResponse(
            renderer.lines(
                (serializer.to_representation(row) for row in rows.iterator(CHUNK)),
                list(serializer.fields),
            ),
            content_type=renderer.media_type,
        )
        name = f"{self.basename.removeprefix('api-')}.{renderer.format}"
        answer["Content-Disposition"] = f'inline; filename="{name}"'
        return answer

    @extend_schema(
        responses={200: inline_serializer("Count", {"count": IntegerField()})}
    )
    @action(detail=False, pagination_class=None, renderer_classes=[ORJSONRenderer])
    def count(self, request: Any) -> Response:
        """How many rows the list has, under the same filters."""
        rows = self.filter_queryset(self.get_queryset())
        return Response({"count": rows.order_by().count()})


def _days() -> list[OpenApiParameter]:
    told = {
        "as_of": "What was true on that day, as we know now.",
        "known_at": "What we had published by the end of that day (UTC).",
    }
    return [OpenApiParameter(n, date, description=d) for n, d in told.items()]


def _choices() -> list[OpenApiParameter]:
    return [
        OpenApiParameter("q", str, description="Words in titles, texts and names."),
        *(OpenApiParameter(n, str, many=True) for n in browse.FACETS),
        OpenApiParameter("claim_gap", bool),
        *_days(),
    ]


class CommitmentViewSet(RecordViewSet):
    """The commitments as they stood on a day; today unless told."""

    queryset = State.objects.all()
    serializer_class = serializers.StateSerializer
    lookup_field = "commitment__slug"
    lookup_url_kwarg = "slug"
    cursor_key = "commitment__ref_order"
    reads_own_parameters = True
    expandable = serializers.EXPANDABLE

    def question(self) -> Question:
        """Return what is asked. Raises BadParameter."""
        if hasattr(self, "_question"):
            return self._question
        request, today = self.request, timezone.localdate()
        if self.action in ("list", "count"):
            if "sort" in request.query_params:
                message = "The API lists in order of “ref”; sort what you have fetched."
                raise BadParameter("sort", message)
            self._question = browse.parse(
                request.query_params, today=today, also=filters.also_known(self)
            )
        else:
            filters.refuse_unknown(request, known=[*browse.DAYS, *filters.SHAPE])
            self._question = browse.parse_days(request.query_params, today=today)
        return self._question

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return State.objects.all()
        question = self.question()
        if self.action in ("list", "count"):
            rows = browse.states(question)
        else:
            rows = State.objects.at(as_of=question.on, known_at=question.known_at)
            rows = rows.select_related("commitment__pillar", "status_entry__text")
        bodies = Responsibility.objects.select_related("body")
        return rows.prefetch_related(
            Prefetch("commitment__responsibilities", bodies),
            "commitment__partners",
            "commitment__topics",
        )

    def get_serializer_context(self) -> dict[str, Any]:
        context = super().get_serializer_context()
        if not getattr(self, "swagger_fake_view", False):
            context["on"] = self.question().on
        return context

    def get_serializer_class(self) -> Any:
        if self.action == "retrieve":
            return serializers.StateDetailSerializer
        return super().get_serializer_class()

    @extend_schema(parameters=_choices())
    def list(self, request: Any, *args: Any, **kwargs: Any) -> Response:
        return super().list(request, *args, **kwargs)

    @extend_schema(parameters=_days())
    def retrieve(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        question = self.question()
        state = self.get_queryset().filter(commitment__slug=kwargs["slug"]).first()
        if state is None:
            raise Http404
        if state.merged_into_id and not question.is_past:
            into = PUBLIC.get(pk=state.merged_into_id)
            address = reverse("api-commitment-detail", args=[into.slug])
            return HttpResponsePermanentRedirect(address)
        entries = state.commitment.history.whole().order_by("seq")
        if question.as_of:
            entries = entries.filter(effective_on__lte=question.as_of)
        if question.known_at:
            known = end_of(question.known_at)
            entries = entries.filter(recorded_at__lt=known)
        context = {**self.get_serializer_context(), "history": entries}
        serializer = serializers.StateDetailSerializer(state, context=context)
        return Response(shape(serializer, request, self.expandable).data)


class HistoryViewSet(RecordViewSet):
    """All that has happened, in the order of recording; `after` continues.

    Each entry holds all that enters its digest, so that anybody can check the chain.
    """

    queryset = HistoryEntry.objects.public().whole()
    serializer_class = serializers.HistorySerializer
    filterset_class = filters.HistoryFilter
    lookup_field = "seq"
    lookup_value_regex = "[0-9]{1,18}"
    cursor_key = "seq"


class EvidenceViewSet(RecordViewSet):
    """The documents that published commitments rest on."""

    queryset = (
        Evidence.objects.public()
        .select_related("link")
        .prefetch_related(
            Prefetch("captures", Capture.objects.defer("text", "headers"))
        )
    )
    serializer_class = serializers.EvidenceSerializer
    filterset_class = filters.EvidenceFilter
    cursor_key = "slug"


class IndicatorViewSet(RecordViewSet):
    """Figures with baseline, optional target and dated values."""

    queryset = Indicator.objects.select_related("baseline_passage").prefetch_related(
        "observations__evidence", "commitments"
    )
    serializer_class = serializers.IndicatorSerializer
    filterset_class = filters.IndicatorFilter
    cursor_key = "slug"


class SourceViewSet(RecordViewSet):
    """The documents in which commitments were made; one with all its passages."""

    queryset = Source.objects.all()
    serializer_class = serializers.SourceSerializer
    cursor_key = "slug"

    def get_queryset(self) -> Any:
        if self.action == "retrieve":
            passages = Passage.objects.prefetch_related("commitments")
            return Source.objects.prefetch_related(Prefetch("passages", passages))
        return super().get_queryset()

    def get_serializer_class(self) -> Any:
        if self.action == "retrieve":
            return serializers.SourceDetailSerializer
        return super().get_serializer_class()


class NumberedViewSet(RecordViewSet):
    """Rows that have a number and no slug."""

    lookup_field = "pk"
    lookup_value_regex = "[0-9]{1,18}"


class PassageViewSet(NumberedViewSet):
    """Every sentence of every source, in our own words."""

    queryset = Passage.objects.select_related("source").prefetch_related("commitments")
    serializer_class = serializers.PassageRowSerializer
    filterset_class = filters.PassageFilter


class CriterionViewSet(NumberedViewSet):
    """The parts of all tests of delivery, as they stand today."""

    queryset = Criterion.objects.exclude(commitment__standing="").select_related(
        "commitment"
    )
    serializer_class = serializers.CriterionRowSerializer
    filterset_class = filters.CriterionFilter


class MilestoneViewSet(NumberedViewSet):
    """All dated steps on the way, as they stand today."""

    queryset = Milestone.objects.exclude(commitment__standing="").select_related(
        "commitment"
    )
    serializer_class = serializers.MilestoneRowSerializer
    filterset_class = filters.MilestoneFilter


class ObservationViewSet(NumberedViewSet):
    """The dated values of all indicators."""

    queryset = Observation.objects.select_related("indicator", "evidence")
    serializer_class = serializers.ObservationRowSerializer
    filterset_class = filters.ObservationFilter


class PillarViewSet(RecordViewSet):
    queryset = Pillar.objects.all()
    serializer_class = serializers.PillarSerializer
    cursor_key = "number"


class BodyViewSet(RecordViewSet):
    queryset = Body.objects.all()
    serializer_class = serializers.BodySerializer
    cursor_key = "slug"


class PartnerViewSet(RecordViewSet):
    queryset = Partner.objects.all()
    serializer_class = serializers.PartnerSerializer
    cursor_key = "slug"


class TopicViewSet(RecordViewSet):
    queryset = Topic.objects.all()
    serializer_class = serializers.TopicSerializer
    cursor_key = "slug"


class StatsView(Answer, APIView):
    """Counts of what stood on a day; what cannot be tracked stays outside."""

    @extend_schema(parameters=_days(), responses={200: dict}, operation_id="stats")
    def get(self, request: Any) -> Response:
        filters.refuse_unknown(request, known=list(browse.DAYS))
        question = browse.parse_days(request.query_params, today=timezone.localdate())
        plan = Plan.objects.order_by("pk").first()
        answer = counting.stats(browse.at(question), on=question.on)
        about = {"as_of": question.on, "known_at": question.known_at}
        version = {"data_version": DataVersion.current()}
        reach = {"evidence_to": plan.evidence_to if plan else None}
        return Response({**about, **version, **reach, **answer})


class IndexView(Answer, APIView):
    """The addresses of this API."""

    @extend_schema(responses={200: dict}, operation_id="index")
    def get(self, request: Any) -> Response:
        from tracker.api.urls import LISTS

        names = {name: f"api-{basename}-list" for name, (_, basename) in LISTS.items()}
        names |= {"changes": "api-changes", "stats": "api-stats"}
        names |= {"schema": "api-schema", "docs": "api-docs"}
        return Response(
            {n: request.build_absolute_uri(reverse(name)) for n, name in names.items()}
        )


class NothingHereView(APIView):
    """Answers an address that does not exist in the shape of all errors."""

    schema = None

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        raise NotFound("There is nothing here; /api/v1/ lists what there is.")
