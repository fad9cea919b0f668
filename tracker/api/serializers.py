"""What leaves by the API: explicit fields, small embedded serializers."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from commitments import models
from commitments.statuses import Freshness, Grade, Schedule
from commitments.verdicts import Verdict


class PillarSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Pillar
        fields = ["number", "slug", "title", "title_zh", "summary"]


class BodySerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Body
        fields = ["slug", "name", "name_zh", "short_name", "kind"]


class PartnerSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Partner
        fields = ["slug", "name", "name_zh", "kind", "iso2", "members"]


class TopicSerializer(serializers.ModelSerializer):
    class Meta:
        model = models.Topic
        fields = ["slug", "name", "name_zh"]


class PassageSerializer(serializers.ModelSerializer):
    commitments = serializers.SerializerMethodField()

    class Meta:
        model = models.Passage
        fields = ["ref", "role", "summary", "commitments"]

    def get_commitments(self, passage: models.Passage) -> list[str]:
        return [c.slug for c in passage.commitments.all() if c.standing]


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
    link = serializers.SerializerMethodField()
    copies = CopySerializer(source="captures", many=True)

    class Meta:
        model = models.Evidence
        fields = [
            *("id", "title", "title_original", "publisher", "url", "published_on"),
            *("occurred_on", "precision", "language", "type", "nature", "official"),
            *("reliability", "grade", "summary", "unreadable_since"),
            *("link", "copies"),
        ]

    @extend_schema_field(LinkSerializer(allow_null=True))
    def get_link(self, evidence: models.Evidence) -> dict | None:
        link = getattr(evidence, "link", None)
        return LinkSerializer(link).data if link and link.verdict else None


class ObservationSerializer(serializers.ModelSerializer):
    evidence = serializers.SlugRelatedField(slug_field="slug", read_only=True)
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
    baseline_passage = serializers.SlugRelatedField(slug_field="ref", read_only=True)
    target = serializers.FloatField(allow_null=True)
    observations = ObservationSerializer(many=True)
    commitments = serializers.SerializerMethodField()

    class Meta:
        model = models.Indicator
        fields = [
            *("slug", "name", "name_zh", "unit", "direction", "comparator"),
            *("baseline", "baseline_on", "baseline_precision", "baseline_passage"),
            *("target", "target_on", "note", "commitments", "observations"),
        ]

    def get_commitments(self, indicator: models.Indicator) -> list[str]:
        return [c.slug for c in indicator.commitments.all() if c.standing]


class CitationSerializer(serializers.ModelSerializer):
    """A piece of evidence as it stood when it was cited: this is what is hashed."""

    id = serializers.CharField(source="evidence.slug")
    title = serializers.CharField(source="evidence.title")
    publisher = serializers.CharField(source="evidence.publisher")
    grade = serializers.CharField(source="evidence.grade")

    class Meta:
        model = models.Citation
        fields = [
            *("id", "title", "publisher", "grade", "url", "nature", "official"),
            "copy_sha256",
        ]


class HistorySerializer(serializers.ModelSerializer):
    """An entry, with all that enters its digest. Names never leave."""

    commitment = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    body = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    milestone = serializers.SlugRelatedField(slug_field="key", read_only=True)
    merged_into = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    refers_to = serializers.IntegerField(source="refers_to_id", allow_null=True)
    reason = serializers.CharField(source="text.reason")
    reason_salt = serializers.CharField(source="text.reason_salt")
    recorded_at = serializers.DateTimeField(format="%Y-%m-%dT%H:%M:%S.%fZ")
    evidence = CitationSerializer(source="citations", many=True)

    class Meta:
        model = models.HistoryEntry
        fields = [
            *("seq", "commitment", "kind", "acts_as", "refers_to", "effective_on"),
            *("precision", "recorded_at", "reason", "reason_salt", "status"),
            *("criteria_met", "confidence", "looked_until", "position", "body"),
            *("milestone", "due_on", "due_precision", "merged_into", "evidence"),
            *("actor", "approver_actor", "sign_off", "method_version"),
            *("idempotency_key", "format", "leaves", "prev_digest", "digest"),
        ]


class StateSerializer(serializers.ModelSerializer):
    """A commitment as it stood on the days asked about."""

    slug = serializers.CharField(source="commitment.slug")
    ref = serializers.CharField(source="commitment.ref")
    title = serializers.CharField(source="commitment.title")
    title_zh = serializers.CharField(source="commitment.title_zh")
    statement = serializers.CharField(source="commitment.statement")
    kind = serializers.CharField(source="commitment.kind")
    specificity = serializers.CharField(source="commitment.specificity")
    trackable = serializers.BooleanField(source="commitment.trackable")
    pillar = serializers.IntegerField(source="commitment.pillar.number")
    bodies = serializers.SerializerMethodField()
    partners = serializers.SerializerMethodField()
    topics = serializers.SerializerMethodField()
    original_due_on = serializers.DateField(source="commitment.original_due_on")
    schedule = serializers.SerializerMethodField()
    freshness = serializers.SerializerMethodField()
    inactive = serializers.SerializerMethodField()
    claim_gap = serializers.BooleanField(source="has_claim_gap")

    class Meta:
        model = models.State
        fields = [
            *("slug", "ref", "title", "title_zh", "statement", "pillar", "kind"),
            *("specificity", "trackable", "bodies", "partners", "topics", "standing"),
            *("status", "status_since", "status_precision", "criteria_met"),
            *("confidence", "signed_off", "official_position", "position_since"),
            *("claim_gap", "due_on", "due_precision", "original_due_on", "schedule"),
            *("reviewed_on", "review_due_on", "freshness", "last_material_on"),
            *("inactive", "sources", "official_sources"),
        ]

    def get_bodies(self, state: models.State) -> list[str]:
        return [r.body.slug for r in state.commitment.responsibilities.all()]

    def get_partners(self, state: models.State) -> list[str]:
        return [partner.slug for partner in state.commitment.partners.all()]

    def get_topics(self, state: models.State) -> list[str]:
        return [topic.slug for topic in state.commitment.topics.all()]

    def get_schedule(self, state: models.State) -> Schedule:
        return state.schedule(on=self.context["on"])

    def get_freshness(self, state: models.State) -> Freshness:
        return state.freshness(on=self.context["on"])

    def get_inactive(self, state: models.State) -> bool:
        return state.is_inactive(on=self.context["on"])


class CriterionSerializer(serializers.Serializer):
    key = serializers.CharField()
    text = serializers.CharField()
    met = serializers.BooleanField()


class MilestoneSerializer(serializers.Serializer):
    key = serializers.CharField()
    title = serializers.CharField()
    due_on = serializers.DateField(allow_null=True)
    met_on = serializers.DateField(allow_null=True)


class CriterionRowSerializer(serializers.ModelSerializer):
    """One observable part of a test, as it reads and stands today."""

    id = serializers.IntegerField(source="pk")
    commitment = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    met = serializers.SerializerMethodField()

    class Meta:
        model = models.Criterion
        fields = ["id", "commitment", "key", "text", "met"]

    def get_met(self, criterion: models.Criterion) -> bool:
        return criterion.key in criterion.commitment.criteria_met


class MilestoneRowSerializer(serializers.ModelSerializer):
    """A dated step on the way, as it stands today."""

    id = serializers.IntegerField(source="pk")
    commitment = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    met_on = serializers.SerializerMethodField()

    class Meta:
        model = models.Milestone
        fields = [
            *("id", "commitment", "key", "title"),
            *("due_on", "due_precision", "met_on"),
        ]

    @extend_schema_field(serializers.DateField(allow_null=True))
    def get_met_on(self, milestone: models.Milestone) -> str | None:
        return milestone.commitment.milestones_met.get(milestone.key)


class ResponsibleSerializer(serializers.Serializer):
    """A responsible body, whole."""

    def to_representation(self, responsibility: models.Responsibility) -> dict:
        return BodySerializer(responsibility.body).data


# What ``expand=`` of commitments gives whole, in place of its name.
EXPANDABLE = {
    "pillar": lambda: PillarSerializer(source="commitment.pillar"),
    "bodies": lambda: ResponsibleSerializer(
        source="commitment.responsibilities", many=True
    ),
    "partners": lambda: PartnerSerializer(source="commitment.partners", many=True),
    "topics": lambda: TopicSerializer(source="commitment.topics", many=True),
}


class StateDetailSerializer(StateSerializer):
    reading = serializers.CharField(source="commitment.reading")
    untrackable_reason = serializers.CharField(source="commitment.untrackable_reason")
    due_basis = serializers.CharField(source="commitment.due_basis")
    passages = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()
    criteria = serializers.SerializerMethodField()
    milestones = serializers.SerializerMethodField()
    indicators = serializers.SerializerMethodField()
    history = serializers.SerializerMethodField()

    class Meta(StateSerializer.Meta):
        fields = [
            *StateSerializer.Meta.fields,
            *("reading", "untrackable_reason", "due_basis", "passages", "reason"),
            *("criteria", "milestones", "indicators", "history"),
        ]

    def get_passages(self, state: models.State) -> list[str]:
        return [passage.ref for passage in state.commitment.passages.all()]

    def get_reason(self, state: models.State) -> str:
        return state.status_entry.text.reason if state.status_entry else ""

    def get_criteria(self, state: models.State) -> list[dict[str, Any]]:
        rows = [
            {"key": c.key, "text": c.text, "met": c.key in state.criteria_met}
            for c in state.commitment.criteria.all()
        ]
        return CriterionSerializer(rows, many=True).data

    def get_milestones(self, state: models.State) -> list[dict[str, Any]]:
        return [
            {
                "key": step.key,
                "title": step.title,
                "due_on": step.due_on,
                "met_on": state.milestones_met.get(step.key),
            }
            for step in state.commitment.milestones.all()
        ]

    def get_indicators(self, state: models.State) -> list[str]:
        return [indicator.slug for indicator in state.commitment.indicators.all()]

    def get_history(self, state: models.State) -> list[dict[str, Any]]:
        entries = self.context["history"]
        return HistorySerializer(entries, many=True).data
