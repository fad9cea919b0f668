"""The other nouns: each view is a queryset, a serializer and what it can be asked."""

from __future__ import annotations

from datetime import date
from typing import Any, ClassVar

from django.db.models import Exists, OuterRef, Prefetch
from django.http import HttpResponsePermanentRedirect
from django.urls import Resolver404, resolve, reverse
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.response import Response
from rest_framework.views import APIView

from commitments.models import (
    Body,
    Capture,
    Citation,
    Criterion,
    Evidence,
    Indicator,
    Milestone,
    Observation,
    Partner,
    Passage,
    Pillar,
    Source,
    State,
    Topic,
)
from commitments.models.state import FOREVER, end_of
from tracker import browse, finding
from tracker.api import embedded, fact_serializers, filters, record_serializers
from tracker.api.answers import Answer
from tracker.api.lists import NumberedViewSet, RecordViewSet
from tracker.orders import LONG_AGO, Key, dated

BY_SLUG = Key("slug")
BY_ID = Key("pk", int)
NAMED = {"slug": [BY_SLUG], "name": [Key("name"), BY_SLUG]}
VALUES_NO_PAST = (
    "When a value was written down is not kept: ask with “as_of”, which leaves out the "
    "values of later days."
)


class EvidenceViewSet(RecordViewSet):
    """The documents that published commitments rest on.

    On a past day, those that an entry had cited by then; what is found of a link today
    says nothing of a past day.
    """

    queryset = Evidence.objects.public()
    serializer_class = fact_serializers.EvidenceSerializer
    filterset_class = filters.EvidenceFilter
    days = browse.DAYS
    expandable = embedded.COMMITMENTS
    orders: ClassVar[dict[str, list[Key]]] = {
        "slug": [BY_SLUG],
        "occurred": [Key("occurred_on", date, descending=True), BY_SLUG],
        "published": [dated("published_on", LONG_AGO, descending=True), BY_SLUG],
    }

    def get_queryset(self) -> Any:
        found = Evidence.objects.public()
        kept = Capture.objects.defer("text", "headers")
        if not self.is_drawn() and (question := self.question()).is_past:
            entries = finding.entries_known(question).order_by()
            citing = entries
            if of := self.request.query_params.get("commitment"):
                citing = entries.filter(commitment__slug=of)
            found = found.filter(pk__in=citing.values("citations__evidence"))
            kept = kept.filter(taken_at__lt=end_of(question.known_at or question.on))
            # What is tied to it today may have cited it later than that.
            by_then = Citation.objects.filter(entry__in=entries.values("pk"))
            by_then = by_then.select_related("entry")
            found = found.prefetch_related(
                Prefetch("citations", by_then, to_attr="by_then")
            )
        return found.select_related("link").prefetch_related(
            Prefetch("captures", kept), "commitments"
        )


class IndicatorViewSet(RecordViewSet):
    """Figures with baseline, optional target and the dated values up to a day."""

    queryset = Indicator.objects.all()
    serializer_class = fact_serializers.IndicatorSerializer
    filterset_class = filters.IndicatorFilter
    days = ("as_of",)
    no_past = VALUES_NO_PAST
    expandable = embedded.COMMITMENTS
    orders: ClassVar[dict[str, list[Key]]] = NAMED

    def get_queryset(self) -> Any:
        values = Observation.objects.select_related("evidence").order_by(
            "observed_on", "pk"
        )
        if not self.is_drawn() and (as_of := self.question().as_of):
            values = values.filter(observed_on__lte=as_of)
        return Indicator.objects.select_related("baseline_passage").prefetch_related(
            Prefetch("observations", values), "commitments"
        )


class ObservationViewSet(NumberedViewSet):
    """The dated values of all indicators."""

    queryset = Observation.objects.select_related("indicator", "evidence")
    serializer_class = fact_serializers.ObservationRowSerializer
    filterset_class = filters.ObservationFilter
    days = ("as_of",)
    no_past = VALUES_NO_PAST
    expandable = embedded.OF_AN_OBSERVATION
    orders: ClassVar[dict[str, list[Key]]] = {
        "id": [BY_ID],
        "observed": [Key("observed_on", date), BY_ID],
    }

    def get_queryset(self) -> Any:
        values = super().get_queryset()
        if not self.is_drawn() and (as_of := self.question().as_of):
            values = values.filter(observed_on__lte=as_of)
        return values


class SourceViewSet(RecordViewSet):
    """The documents in which commitments were made; one with all its passages."""

    queryset = Source.objects.all()
    serializer_class = fact_serializers.SourceSerializer
    detail_serializer_class = fact_serializers.SourceDetailSerializer

    def get_queryset(self) -> Any:
        if self.action == "retrieve":
            passages = Passage.objects.prefetch_related("commitments")
            return Source.objects.prefetch_related(Prefetch("passages", passages))
        return super().get_queryset()


class PassageViewSet(NumberedViewSet):
    """Every sentence of every source, in our own words."""

    queryset = Passage.objects.select_related("source").prefetch_related("commitments")
    serializer_class = fact_serializers.PassageRowSerializer
    filterset_class = filters.PassageFilter
    expandable = embedded.OF_A_PASSAGE
    orders: ClassVar[dict[str, list[Key]]] = {
        "id": [BY_ID],
        "place": [Key("source__slug"), Key("position", int), BY_ID],
    }


class PartViewSet(NumberedViewSet):
    """Parts of commitments, of those that were published by the day asked about."""

    days = browse.DAYS
    expandable = embedded.COMMITMENT

    def get_queryset(self) -> Any:
        rows = super().get_queryset().select_related("commitment")
        if self.is_drawn():
            return rows
        question = self.question()
        then = State.objects.at(as_of=question.on, known_at=question.known_at)
        told = then.select_related("wording_entry__text", "commitment")
        # Looked up for each, as a page holds few: all of a day would be read for one.
        public = then.public().filter(commitment=OuterRef("commitment"))
        return rows.filter(Exists(public)).prefetch_related(
            Prefetch("commitment__states", told, to_attr="then")
        )


class CriterionViewSet(PartViewSet):
    """The parts of all tests of delivery, as they read and stood on a day."""

    queryset = Criterion.objects.all()
    serializer_class = record_serializers.CriterionRowSerializer
    filterset_class = filters.CriterionFilter


class MilestoneViewSet(PartViewSet):
    """All dated steps on the way, and which were reached by a day."""

    queryset = Milestone.objects.all()
    serializer_class = record_serializers.MilestoneRowSerializer
    filterset_class = filters.MilestoneFilter
    orders: ClassVar[dict[str, list[Key]]] = {
        "id": [BY_ID],
        "due": [dated("due_on", FOREVER), BY_ID],
    }


class PillarViewSet(RecordViewSet):
    """The four aspects that commitments are grouped under."""

    queryset = Pillar.objects.all()
    serializer_class = fact_serializers.PillarSerializer
    orders: ClassVar[dict[str, list[Key]]] = {"number": [Key("number", int)]}


class BodyViewSet(RecordViewSet):
    """The authorities that are responsible for commitments, or speak of them."""

    queryset = Body.objects.all()
    serializer_class = fact_serializers.BodySerializer
    orders: ClassVar[dict[str, list[Key]]] = NAMED


class PartnerViewSet(RecordViewSet):
    """Whom commitments concern outside the country."""

    queryset = Partner.objects.all()
    serializer_class = fact_serializers.PartnerSerializer
    orders: ClassVar[dict[str, list[Key]]] = NAMED


class TopicViewSet(RecordViewSet):
    """What commitments are about."""

    queryset = Topic.objects.all()
    serializer_class = fact_serializers.TopicSerializer
    orders: ClassVar[dict[str, list[Key]]] = NAMED


class IndexView(Answer, APIView):
    """The addresses of this API."""

    NAMES = ("changes", "stats", "schema", "docs")

    @extend_schema(operation_id="index", responses={200: dict})
    def get(self, request: Any) -> Response:
        from tracker.api.urls import LISTS

        filters.refuse_unknown(request.query_params, known=())
        names = {name: f"api-{basename}-list" for name, (_, basename) in LISTS.items()}
        names |= {name: f"api-{name}" for name in self.NAMES}
        return Response(
            {n: request.build_absolute_uri(reverse(name)) for n, name in names.items()}
        )


class NothingHereView(APIView):
    """Answers an address that does not exist in the shape of all errors."""

    schema = None

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        path = request.path_info
        reads = request.method in ("GET", "HEAD")
        if reads and not path.endswith("/") and _leads_somewhere(f"{path}/"):
            query = request.META.get("QUERY_STRING", "")
            asked = f"?{query}" if query else ""
            return HttpResponsePermanentRedirect(f"{path}/{asked}")
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        raise NotFound("There is nothing here; /api/v1/ lists what there is.")


def _leads_somewhere(path: str) -> bool:
    try:
        match = resolve(path)
    except Resolver404:
        return False
    return getattr(match.func, "view_class", None) is not NothingHereView
