"""Facts beside the history as they leave by the API: names, documents and figures."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from commitments import models
from commitments.statuses import Grade
from commitments.verdicts import Verdict
from tracker.api.fields import words


class PillarSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Pillar
        fields = ["number", "slug", "title", "title_zh", "summary"]


class BodySerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Body
        fields = ["slug", "name", "name_zh", "short_name", "kind"]


class PartnerSerializer(serializers.ModelSerializer):
    members = words()

    class Meta:
        model = models.Partner
        fields = ["slug", "name", "name_zh", "kind", "iso2", "members"]


class TopicSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Topic
        fields = ["slug", "name", "name_zh"]


def tied(fact: Any) -> list[models.Commitment]:
    """Return the commitments of a fact that readers may see, in their order.

    Those of a document on a past day are the ones that had cited it by then.
    """
    found = fact.commitments.all()
    if hasattr(fact, "by_then"):
        cited = {citation.entry.commitment_id for citation in fact.by_then}
        found = [c for c in found if c.pk in cited]
    return [c for c in found if c.standing]


@extend_schema_field({"type": "array", "items": {"type": "string"}})
class StandingSlugs(serializers.Field):
    """The names of those of some commitments that readers may see."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(read_only=True, **kwargs)

    def get_attribute(self, fact: Any) -> list[models.Commitment]:
        return tied(fact)

    def to_representation(self, commitments: list[models.Commitment]) -> list[str]:
        return sorted(c.slug for c in commitments)


class PassageSerializer(serializers.ModelSerializer):
    commitments = StandingSlugs()

    class Meta:
        model = models.Passage
        fields = ["ref", "role", "summary", "commitments"]


class PassageRowSerializer(PassageSerializer):
    id = serializers.IntegerField(source="pk")
    source = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta(PassageSerializer.Meta):
        fields = ["id", "source", *PassageSerializer.Meta.fields]


class SourceSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Source
        fields = [
            *("slug", "title", "title_zh", "publisher", "speaker", "kind"),
            *("delivered_on", "published_on", "language", "url", "note"),
        ]


class SourceDetailSerializer(SourceSerializer):
    passages = PassageSerializer(many=True)

    class Meta(SourceSerializer.Meta):
        fields = [*SourceSerializer.Meta.fields, "passages"]


class LinkSerializer(serializers.ModelSerializer):
    """How the link of a document was found when it was last looked at."""

    verdict = serializers.ChoiceField(choices=Verdict.choices)

    class Meta:
        model = models.Link
        fields = ["verdict", "verdict_since", "checked_at", "moved_to"]


class CopySerializer(serializers.ModelSerializer):
    """A kept copy: that it exists, and its hash. Whole copies are not published."""

    class Meta:
        model = models.Capture
        fields = ["taken_at", "origin", "kind", "size", "sha256", "text_sha256"]


class EvidenceSerializer(serializers.ModelSerializer):
    id = serializers.CharField(source="slug")
    grade = serializers.ChoiceField(choices=Grade.choices)
    commitments = StandingSlugs()
    link = serializers.SerializerMethodField()
    copies = CopySerializer(source="captures", many=True)

    class Meta:
        model = models.Evidence
        fields = [
            *("id", "title", "title_original", "publisher", "url", "published_on"),
            *("occurred_on", "precision", "language", "type", "nature", "official"),
            *("reliability", "grade", "summary", "unreadable_since"),
            *("commitments", "link", "copies"),
        ]

    @extend_schema_field(LinkSerializer(allow_null=True))
    def get_link(self, evidence: models.Evidence) -> dict | None:
        # What is found of a link today says nothing of a past day.
        is_past = self.context.get("is_past", False)
        link = None if is_past else getattr(evidence, "link", None)
        return LinkSerializer(link).data if link and link.verdict else None


class ObservationSerializer(serializers.ModelSerializer):
    evidence = serializers.SlugRelatedField(
        slug_field="slug", read_only=True, allow_null=True
    )
    value = serializers.FloatField()

    class Meta:
        model = models.Observation
        fields = ["observed_on", "precision", "value", "evidence", "note"]


class ObservationRowSerializer(ObservationSerializer):
    id = serializers.IntegerField(source="pk")
    indicator = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta(ObservationSerializer.Meta):
        fields = ["id", "indicator", *ObservationSerializer.Meta.fields]


class IndicatorSerializer(serializers.ModelSerializer):
    baseline = serializers.FloatField()
    baseline_passage = serializers.SlugRelatedField(
        slug_field="ref", read_only=True, allow_null=True
    )
    target = serializers.FloatField(allow_null=True)
    observations = ObservationSerializer(many=True)
    commitments = StandingSlugs()

    class Meta:
        model = models.Indicator
        fields = [
            *("slug", "name", "name_zh", "unit", "direction", "comparator"),
            *("baseline", "baseline_on", "baseline_precision", "baseline_passage"),
            *("target", "target_on", "note", "commitments", "observations"),
        ]
