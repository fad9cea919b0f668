"""What is described beside the history, as it reads now and as readers may see it.

These rows carry no times of their own: a release keeps them (``ReleasedFact``), so
that it can be made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.db.models import Model, Prefetch, Q, QuerySet
from rest_framework import serializers

from commitments.models import (
    Body,
    Capture,
    Commitment,
    Criterion,
    Evidence,
    Indicator,
    Milestone,
    Observation,
    Partner,
    Passage,
    Pillar,
    Plan,
    Responsibility,
    Source,
    Topic,
)
from tracker.api import fact_serializers as api
from tracker.api.record_serializers import (
    CriterionRowSerializer,
    MilestoneRowSerializer,
)

from .contents import NAMED

CHUNK = 500
# A commitment shown to readers, and what hangs on one.
PUBLIC = Q(commitment__standing__gt="")
SHOWN = Prefetch("commitments", Commitment.objects.public().order_by("ref_order"))


def slugs(rows: Any) -> list[str]:
    return [row.slug for row in rows]


class CommitmentFacts(serializers.ModelSerializer):
    pillar = serializers.IntegerField(source="pillar.number")
    bodies = serializers.SerializerMethodField()
    partners = serializers.SerializerMethodField()
    topics = serializers.SerializerMethodField()
    passages = serializers.SerializerMethodField()
    indicators = serializers.SerializerMethodField()

    class Meta:
        model = Commitment
        fields = NAMED["commitments"].facts

    def get_bodies(self, commitment: Commitment) -> list[str]:
        return [row.body.slug for row in commitment.responsibilities.all()]

    def get_partners(self, commitment: Commitment) -> list[str]:
        return sorted(slugs(commitment.partners.all()))

    def get_topics(self, commitment: Commitment) -> list[str]:
        return sorted(slugs(commitment.topics.all()))

    def get_passages(self, commitment: Commitment) -> list[str]:
        return [f"{row.source.slug}:{row.ref}" for row in commitment.passages.all()]

    def get_indicators(self, commitment: Commitment) -> list[str]:
        return sorted(slugs(commitment.indicators.all()))


class EvidenceFacts(api.EvidenceSerializer):
    commitments = serializers.SerializerMethodField()
    link_verdict = serializers.SerializerMethodField()
    link_verdict_since = serializers.SerializerMethodField()
    link_moved_to = serializers.SerializerMethodField()

    class Meta(api.EvidenceSerializer.Meta):
        fields = [*api.EvidenceSerializer.Meta.fields, *NAMED["evidence"].names[-4:]]

    def get_commitments(self, evidence: Evidence) -> list[str]:
        return slugs(evidence.commitments.all())

    def get_link_verdict(self, evidence: Evidence) -> str:
        return getattr(getattr(evidence, "link", None), "verdict", "")

    def get_link_verdict_since(self, evidence: Evidence) -> Any:
        return getattr(getattr(evidence, "link", None), "verdict_since", None)

    def get_link_moved_to(self, evidence: Evidence) -> str:
        return getattr(getattr(evidence, "link", None), "moved_to", "")


class CopyFacts(api.CopySerializer):
    evidence = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta(api.CopySerializer.Meta):
        fields = ["evidence", *api.CopySerializer.Meta.fields]


class PlanFacts(serializers.ModelSerializer):
    class Meta:
        model = Plan
        fields = NAMED["plans"].facts


def shown_evidence() -> QuerySet[Evidence]:
    """Return what a published commitment cites or is tied to, or a figure is from."""
    return Evidence.objects.filter(
        Q(commitments__standing__gt="")
        | Q(history__commitment__standing__gt="")
        | Q(observations__isnull=False)
    ).distinct()


def _commitments() -> QuerySet[Any]:
    return (
        Commitment.objects.public()
        .select_related("pillar")
        .prefetch_related(
            Prefetch("responsibilities", Responsibility.objects.select_related("body")),
            "partners",
            "topics",
            "indicators",
            Prefetch("passages", Passage.objects.select_related("source")),
        )
    )


def _evidence() -> QuerySet[Any]:
    return shown_evidence().select_related("link").prefetch_related(SHOWN)


def _copies() -> QuerySet[Any]:
    shown = shown_evidence().values("pk")
    return Capture.objects.filter(evidence__in=shown).defer("text", "headers")


# Each table that describes: its rows and what makes them into plain values.
READ: dict[str, tuple[Callable[[], QuerySet[Any]], Any]] = {
    "commitments": (_commitments, CommitmentFacts),
    "criteria": (lambda: Criterion.objects.filter(PUBLIC), CriterionRowSerializer),
    "milestones": (
        lambda: Milestone.objects.filter(PUBLIC),
        MilestoneRowSerializer,
    ),
    "evidence": (_evidence, EvidenceFacts),
    "copies": (lambda: _copies().select_related("evidence"), CopyFacts),
    "indicators": (
        lambda: Indicator.objects.prefetch_related(SHOWN),
        api.IndicatorSerializer,
    ),
    "observations": (Observation.objects.all, api.ObservationRowSerializer),
    "sources": (Source.objects.all, api.SourceSerializer),
    "passages": (
        lambda: Passage.objects.prefetch_related(SHOWN),
        api.PassageRowSerializer,
    ),
    "plans": (Plan.objects.all, PlanFacts),
    "pillars": (Pillar.objects.all, api.PillarSerializer),
    "bodies": (Body.objects.all, api.BodySerializer),
    "partners": (Partner.objects.all, api.PartnerSerializer),
    "topics": (Topic.objects.all, api.TopicSerializer),
}
JOINED = {
    "criteria": ("commitment",),
    "milestones": ("commitment",),
    "indicators": ("baseline_passage",),
    "observations": ("indicator", "evidence"),
    "passages": ("source",),
}


def rows(name: str) -> Iterator[dict[str, Any]]:
    """Yield the described part of each row of a table, in any order."""
    read, serializer = READ[name]
    found = read().order_by("pk")
    if joined := JOINED.get(name):
        found = found.select_related(*joined)
    yield from plain(found, serializer, NAMED[name].facts)


def plain(
    found: QuerySet[Model], serializer_class: Any, names: list[str], **context: Any
) -> Iterator[dict[str, Any]]:
    """Yield rows as plain values of the named parts alone, in their order."""
    serializer = serializer_class(context=context)
    for name in set(serializer.fields) - set(names):
        serializer.fields.pop(name)
    for row in found.iterator(CHUNK):
        told = serializer.to_representation(row)
        yield {name: told[name] for name in names}
