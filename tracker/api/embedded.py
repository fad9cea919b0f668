"""What stands whole in a row where else its name does: small, and no deeper."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from commitments import models
from tracker.api.fact_serializers import (
    BodySerializer,
    PartnerSerializer,
    PillarSerializer,
    SourceSerializer,
    TopicSerializer,
    tied,
)
from tracker.api.shapes import Expansion


class CommitmentBriefSerializer(serializers.ModelSerializer):
    """A commitment, by the titles it has today."""

    class Meta:
        model = models.Commitment
        fields = ["slug", "ref", "title", "title_zh"]


class IndicatorBriefSerializer(serializers.ModelSerializer):
    """A figure, by its name."""

    class Meta:
        model = models.Indicator
        fields = ["slug", "name", "name_zh", "unit"]


class EvidenceBriefSerializer(serializers.ModelSerializer):
    """A document, by its title and address."""

    id = serializers.CharField(source="slug")

    class Meta:
        model = models.Evidence
        fields = ["id", "title", "publisher", "url"]


class PassageBriefSerializer(serializers.ModelSerializer):
    """A sentence of a source, in our own words."""

    source = serializers.CharField(source="source.slug")

    class Meta:
        model = models.Passage
        fields = ["source", "ref", "summary"]


BRIEFS = {
    "CommitmentBrief": CommitmentBriefSerializer,
    "IndicatorBrief": IndicatorBriefSerializer,
    "EvidenceBrief": EvidenceBriefSerializer,
    "PassageBrief": PassageBriefSerializer,
}


class Bodies(serializers.Field):
    """The responsible bodies, the lead first."""

    def to_representation(self, responsibilities: Any) -> list[dict]:
        return [BodySerializer(r.body).data for r in responsibilities.all()]


class PublicCommitments(serializers.Field):
    """Those of some commitments that readers may see."""

    def get_attribute(self, fact: Any) -> list[models.Commitment]:
        return tied(fact)

    def to_representation(self, commitments: list[models.Commitment]) -> list[dict]:
        return CommitmentBriefSerializer(commitments, many=True).data


COMMITMENT = {"commitment": Expansion(CommitmentBriefSerializer, "CommitmentBrief")}
COMMITMENTS = {
    "commitments": Expansion(
        lambda: PublicCommitments(read_only=True), "CommitmentBrief", many=True
    )
}
OF_A_STATE = {
    "pillar": Expansion(lambda: PillarSerializer(source="commitment.pillar"), "Pillar"),
    "bodies": Expansion(
        lambda: Bodies(source="commitment.responsibilities", read_only=True),
        "Body",
        many=True,
    ),
    "partners": Expansion(
        lambda: PartnerSerializer(source="commitment.partners", many=True),
        "Partner",
        many=True,
    ),
    "topics": Expansion(
        lambda: TopicSerializer(source="commitment.topics", many=True),
        "Topic",
        many=True,
    ),
    "passages": Expansion(
        lambda: PassageBriefSerializer(source="commitment.passages", many=True),
        "PassageBrief",
        many=True,
        detail=True,
    ),
    "indicators": Expansion(
        lambda: IndicatorBriefSerializer(source="commitment.indicators", many=True),
        "IndicatorBrief",
        many=True,
        detail=True,
    ),
}
OF_AN_ENTRY = {**COMMITMENT, "body": Expansion(BodySerializer, "Body")}
OF_A_PASSAGE = {"source": Expansion(SourceSerializer, "Source"), **COMMITMENTS}
OF_AN_OBSERVATION = {
    "indicator": Expansion(IndicatorBriefSerializer, "IndicatorBrief"),
    "evidence": Expansion(EvidenceBriefSerializer, "EvidenceBrief"),
}
