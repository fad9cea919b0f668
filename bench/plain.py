"""The tracker's answers as one would first write them with Django and DRF.

A plain ``ModelViewSet`` with nested serializers and prefetched relations, a plain
``ListView`` with the same, on the tracker's own models and data. Run by
``gunicorn bench.plain:application``; it is what ``make bench`` compares with.
"""

import os

import django
from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "bench.plain_settings")
django.setup()

from django.db.models import Q
from django.http import StreamingHttpResponse
from django.urls import include, path
from django.views.generic import ListView
from rest_framework import pagination, routers, serializers, viewsets
from rest_framework.renderers import JSONRenderer

from commitments import models


def plain(model, fields="__all__", **nested):
    """Return a ModelSerializer of all columns, with these relations nested."""
    meta = type("Meta", (), {"model": model, "fields": fields})
    return type(
        f"{model.__name__}Serializer",
        (serializers.ModelSerializer,),
        {"Meta": meta, **nested},
    )


PillarSerializer = plain(models.Pillar)
BodySerializer = plain(models.Body)
PartnerSerializer = plain(models.Partner)
TopicSerializer = plain(models.Topic)
CriterionSerializer = plain(models.Criterion)
EvidenceSerializer = plain(models.Evidence, ["slug", "title", "publisher", "url"])
TextSerializer = plain(models.HistoryText, ["reason"])
EntrySerializer = plain(
    models.HistoryEntry,
    evidence=EvidenceSerializer(many=True),
    text=TextSerializer(),
)
CommitmentSerializer = plain(
    models.Commitment,
    pillar=PillarSerializer(),
    bodies=BodySerializer(many=True),
    partners=PartnerSerializer(many=True),
    topics=TopicSerializer(many=True),
)
DetailSerializer = plain(
    models.Commitment,
    pillar=PillarSerializer(),
    bodies=BodySerializer(many=True),
    partners=PartnerSerializer(many=True),
    topics=TopicSerializer(many=True),
    criteria=CriterionSerializer(many=True),
    history=EntrySerializer(many=True),
)
LISTED = models.Commitment.objects.select_related("pillar").prefetch_related(
    "bodies", "partners", "topics"
)
WHOLE = LISTED.prefetch_related("criteria", "history__evidence", "history__text")


class Pages(pagination.PageNumberPagination):
    page_size = 25


class CommitmentViewSet(viewsets.ModelViewSet):
    queryset = LISTED
    serializer_class = CommitmentSerializer
    pagination_class = Pages
    lookup_field = "slug"

    def get_queryset(self):
        rows = super().get_queryset()
        if self.action == "retrieve":
            rows = WHOLE
        # What a reader searches: texts, reasons and documents.
        for word in self.request.query_params.get("q", "").split():
            found = Q()
            for column in (
                *("title", "title_zh", "statement", "reading", "criteria__text"),
                *("history__text__reason", "evidence__title", "evidence__summary"),
            ):
                found |= Q(**{f"{column}__icontains": word})
            rows = rows.filter(found).distinct()
        return rows

    def get_serializer_class(self):
        if self.action == "retrieve":
            return DetailSerializer
        return super().get_serializer_class()


class ChangeViewSet(viewsets.ModelViewSet):
    queryset = models.HistoryEntry.objects.select_related(
        "text", "commitment"
    ).prefetch_related("evidence")
    serializer_class = plain(
        models.HistoryEntry,
        commitment=plain(models.Commitment)(),
        evidence=EvidenceSerializer(many=True),
        text=TextSerializer(),
    )

    class pagination_class(pagination.PageNumberPagination):
        page_size = 100


class CommitmentList(ListView):
    """Pages of 25, or of as many rows as are asked for."""

    queryset = LISTED.prefetch_related("history__evidence")
    template_name = "plain_list.html"

    def get_paginate_by(self, queryset):
        return int(self.request.GET.get("rows", 25))


def export(request):
    """Every commitment as JSON Lines, one serializer after the other."""
    render = JSONRenderer().render

    def lines():
        for row in LISTED.iterator(chunk_size=500):
            yield render(CommitmentSerializer(row).data) + b"\n"

    return StreamingHttpResponse(lines(), content_type="application/jsonl")


router = routers.SimpleRouter()
router.register("commitments", CommitmentViewSet)
router.register("changes", ChangeViewSet)
urlpatterns = [
    path("list/", CommitmentList.as_view()),
    path("export/", export),
    path("", include(router.urls)),
]
settings.ROOT_URLCONF = __name__
application = get_wsgi_application()
