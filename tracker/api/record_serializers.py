"""What the history decides, as it leaves by the API: entries and what held on a day."""

from __future__ import annotations

from typing import Any

from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from commitments import models
from commitments.models.commitment import WORDING
from commitments.statuses import (
    Confidence,
    EntryKind,
    Freshness,
    Grade,
    Nature,
    Position,
    Precision,
    Schedule,
    Status,
)
from tracker import reading
from tracker.api.fields import or_blank, words


class CitationSerializer(serializers.ModelSerializer):
    """A piece of evidence as it stood when it was cited: this is what is hashed."""

    id = serializers.CharField(source="evidence.slug")
    title = serializers.CharField(source="evidence.title")
    publisher = serializers.CharField(source="evidence.publisher")
    grade = serializers.ChoiceField(Grade.choices, source="evidence.grade")
    nature = serializers.ChoiceField(Nature.choices)

    class Meta:
        model = models.Citation
        fields = [
            *("id", "title", "publisher", "grade", "url", "nature", "official"),
            "copy_sha256",
        ]


class HistorySerializer(serializers.ModelSerializer):
    """An entry, with all that enters its digest. Names never leave."""

    commitment = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    body = serializers.SlugRelatedField(
        slug_field="slug", read_only=True, allow_null=True
    )
    milestone = serializers.SlugRelatedField(
        slug_field="key", read_only=True, allow_null=True
    )
    merged_into = serializers.SlugRelatedField(
        slug_field="slug", read_only=True, allow_null=True
    )
    refers_to = serializers.IntegerField(source="refers_to_id", allow_null=True)
    reason = serializers.CharField(source="text.reason")
    reason_salt = serializers.CharField(source="text.reason_salt")
    acts_as = or_blank(EntryKind)
    status = or_blank(Status)
    criteria_met = words()
    confidence = or_blank(Confidence)
    position = or_blank(Position)
    due_precision = or_blank(Precision)
    leaves = serializers.DictField(child=serializers.CharField())
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
    kind = serializers.ChoiceField(
        models.Commitment.Kind.choices, source="commitment.kind"
    )
    specificity = serializers.ChoiceField(
        models.Commitment.Specificity.choices, source="commitment.specificity"
    )
    trackable = serializers.BooleanField(source="commitment.trackable")
    pillar = serializers.IntegerField(source="commitment.pillar.number")
    bodies = serializers.SerializerMethodField()
    partners = serializers.SerializerMethodField()
    topics = serializers.SerializerMethodField()
    standing = serializers.ChoiceField(models.Standing.choices)
    status = or_blank(Status)
    status_precision = or_blank(Precision)
    criteria_met = words()
    confidence = or_blank(Confidence)
    due_precision = or_blank(Precision)
    original_due_on = serializers.DateField(
        source="commitment.original_due_on", allow_null=True
    )
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

    def to_representation(self, state: models.State) -> dict[str, Any]:
        """Return the row; on a past day in the words of that day."""
        row = super().to_representation(state)
        if self.context.get("is_past"):
            then = reading.wording(state)
            row.update({name: then[name] for name in WORDING if name in row})
        return row

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
    due_precision = or_blank(Precision)
    met_on = serializers.DateField(allow_null=True)


class CriterionRowSerializer(serializers.ModelSerializer):
    """One observable part of a test, as it read and stood on the day asked about."""

    id = serializers.IntegerField(source="pk")
    commitment = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    text = serializers.SerializerMethodField()
    met = serializers.SerializerMethodField()

    class Meta:
        model = models.Criterion
        fields = ["id", "commitment", "key", "text", "met"]

    def get_text(self, criterion: models.Criterion) -> str:
        then = held(criterion.commitment)
        kept = worded_test(then) if isinstance(then, models.State) else {}
        return kept.get(criterion.key, criterion.text)

    def get_met(self, criterion: models.Criterion) -> bool:
        return criterion.key in held(criterion.commitment).criteria_met


class MilestoneRowSerializer(serializers.ModelSerializer):
    """A dated step on the way, and when it was reached if it was by that day."""

    id = serializers.IntegerField(source="pk")
    commitment = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    due_precision = or_blank(Precision)
    met_on = serializers.SerializerMethodField()

    class Meta:
        model = models.Milestone
        fields = [
            *("id", "commitment", "key", "title"),
            *("due_on", "due_precision", "met_on"),
        ]

    @extend_schema_field(serializers.DateField(allow_null=True))
    def get_met_on(self, milestone: models.Milestone) -> str | None:
        return held(milestone.commitment).milestones_met.get(milestone.key)


def held(commitment: models.Commitment) -> models.State | models.Commitment:
    """Return what held of a commitment on the day asked about, today if none was."""
    then = getattr(commitment, "then", None)
    return then[0] if then else commitment


def worded_test(state: models.State) -> dict[str, str]:
    """Return the parts of the test as they were worded when ``state`` held."""
    return reading.wording(state).get("criteria", {})


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

    @extend_schema_field(CriterionSerializer(many=True))
    def get_criteria(self, state: models.State) -> list[dict[str, Any]]:
        then = worded_test(state) if self.context.get("is_past") else {}
        return [
            {
                "key": part.key,
                "text": then.get(part.key, part.text),
                "met": part.key in state.criteria_met,
            }
            for part in state.commitment.criteria.all()
        ]

    @extend_schema_field(MilestoneSerializer(many=True))
    def get_milestones(self, state: models.State) -> list[dict[str, Any]]:
        return [
            {
                "key": step.key,
                "title": step.title,
                "due_on": step.due_on,
                "due_precision": step.due_precision,
                "met_on": state.milestones_met.get(step.key),
            }
            for step in state.commitment.milestones.all()
        ]

    def get_indicators(self, state: models.State) -> list[str]:
        return [indicator.slug for indicator in state.commitment.indicators.all()]

    @extend_schema_field(HistorySerializer(many=True))
    def get_history(self, state: models.State) -> list[dict[str, Any]]:
        return self._entries.to_representation(self.context["history"])

    @cached_property
    def _entries(self) -> Any:
        # Made once: what many commitments are told of in one go uses it for each.
        return HistorySerializer(many=True)
