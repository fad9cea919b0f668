"""What changed since: every public change in the order of the record.

The history is written under one lock, so that its numbers have no gaps and are in the
order of commits: whoever has all up to a number has missed nothing, whatever is being
written. What stood before and after an entry is read from the states as they were
known then, so that an answer once given never changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from django.http import QueryDict
from drf_spectacular.utils import (
    OpenApiParameter,
    extend_schema,
    extend_schema_field,
)
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from commitments.models import HistoryEntry, State
from commitments.models.state import Standing
from commitments.statuses import EntryKind, Position, Precision, Status
from tracker.api import filters
from tracker.api.views import Answer
from tracker.browse import BadParameter

DEFAULT, MOST = 100, 500
TYPES = {
    EntryKind.PUBLISHED: "material",
    EntryKind.STATUS: "material",
    EntryKind.CLAIM: "material",
    EntryKind.MILESTONE: "material",
    EntryKind.DEADLINE: "schedule",
    EntryKind.REVIEW: "review",
    EntryKind.EVIDENCE: "editorial",
    EntryKind.WORDING: "editorial",
    EntryKind.REDACTION: "editorial",
    EntryKind.CORRECTION: "correction",
    EntryKind.WITHDRAWN: "tombstone",
    EntryKind.MERGED: "tombstone",
}


class ValuesSerializer(serializers.ModelSerializer):
    """What was held true of a commitment."""

    standing = serializers.ChoiceField(choices=Standing.choices)
    status = serializers.ChoiceField(choices=Status.choices, allow_null=True)
    criteria_met = serializers.ListField(child=serializers.CharField())
    official_position = serializers.ChoiceField(choices=Position.choices)
    due_precision = serializers.ChoiceField(choices=Precision.choices, allow_null=True)
    merged_into = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = State
        fields = [
            *("standing", "status", "status_since", "criteria_met"),
            *("official_position", "due_on", "due_precision", "reviewed_on"),
            *("review_due_on", "merged_into"),
        ]

    def to_representation(self, instance: State) -> dict[str, Any]:
        values = super().to_representation(instance)
        # Empty in the database, unknown to a reader.
        return {name: None if value == "" else value for name, value in values.items()}


class ChangeSerializer(serializers.ModelSerializer):
    """One change: its kind, what stood before it and after it, and why."""

    type = serializers.SerializerMethodField()
    commitment = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    ref = serializers.CharField(source="commitment.ref")
    title = serializers.CharField(source="commitment.title")
    recorded_at = serializers.DateTimeField(format="%Y-%m-%dT%H:%M:%S.%fZ")
    reason = serializers.CharField(source="text.reason")
    corrects = serializers.IntegerField(source="refers_to_id", allow_null=True)
    old = serializers.SerializerMethodField()
    new = serializers.SerializerMethodField()

    class Meta:
        model = HistoryEntry
        fields = [
            *("seq", "type", "kind", "commitment", "ref", "title", "effective_on"),
            *("precision", "recorded_at", "reason", "corrects", "old", "new"),
        ]

    @extend_schema_field(serializers.ChoiceField(choices=sorted(set(TYPES.values()))))
    def get_type(self, entry: HistoryEntry) -> str:
        return TYPES[EntryKind(entry.kind)]

    @extend_schema_field(ValuesSerializer(allow_null=True))
    def get_old(self, entry: HistoryEntry) -> dict | None:
        return self.context["steps"][entry.seq][0]

    @extend_schema_field(ValuesSerializer(allow_null=True))
    def get_new(self, entry: HistoryEntry) -> dict | None:
        return self.context["steps"][entry.seq][1]


class ChangePageSerializer(serializers.Serializer):
    """A page of changes: go on from ``after`` while there are ``more``."""

    results = ChangeSerializer(many=True)
    after = serializers.IntegerField(help_text="The number to go on from.")
    more = serializers.BooleanField(help_text="Whether there are changes behind it.")


def steps(entries: Sequence[HistoryEntry]) -> dict[int, tuple[Any, Any]]:
    """Return for each entry what stood before it and after it, as known then.

    On the day of its recording, in one query whatever the number of entries.
    """
    if not entries:
        return {}
    found = State.objects.filter(
        commitment__in={entry.commitment_id for entry in entries},
        known_from__lte=entries[-1].seq,
    )
    states: dict[int, list[State]] = defaultdict(list)
    for state in found.select_related("merged_into"):
        states[state.commitment_id].append(state)
    return {
        entry.seq: (
            _values(states[entry.commitment_id], entry, known_by=entry.seq - 1),
            _values(states[entry.commitment_id], entry, known_by=entry.seq),
        )
        for entry in entries
    }


def _values(
    states: Sequence[State], entry: HistoryEntry, *, known_by: int
) -> dict[str, Any] | None:
    day = entry.recorded_at.date()
    for state in states:
        is_known = state.known_from <= known_by < state.known_until
        if is_known and state.effective_from <= day < state.effective_until:
            return ValuesSerializer(state).data
    return None


def _number(query: QueryDict, name: str, *, default: int, most: int) -> int:
    given = query.get(name, "")
    if not given:
        return default
    is_number = given.isascii() and given.isdigit() and len(given) <= 18
    if not is_number or int(given) > most:
        raise BadParameter(name, f"Give “{name}” as a number up to {most}.")
    return int(given)


class ChangesView(Answer, APIView):
    """Every public change behind a number, in order: what systems sync from."""

    @extend_schema(
        operation_id="changes",
        parameters=[
            OpenApiParameter("after", int, description="The last number you have."),
            OpenApiParameter("limit", int, description=f"How many, up to {MOST}."),
        ],
        responses={200: ChangePageSerializer},
    )
    def get(self, request: Any) -> Response:
        filters.refuse_unknown(request, known=["after", "limit"])
        query = request.query_params
        after = _number(query, "after", default=0, most=10**18)
        limit = _number(query, "limit", default=DEFAULT, most=MOST) or DEFAULT
        found = HistoryEntry.objects.public().filter(seq__gt=after).order_by("seq")
        entries = list(found.select_related("commitment", "text")[: limit + 1])
        shown = entries[:limit]
        context = {"steps": steps(shown)}
        return Response(
            {
                "results": ChangeSerializer(shown, many=True, context=context).data,
                "after": shown[-1].seq if shown else after,
                "more": len(entries) > limit,
            }
        )
