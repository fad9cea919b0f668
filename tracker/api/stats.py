"""Counts of what stood on a day, under the filters of the list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from commitments.models import DataVersion, Plan
from commitments.statuses import Freshness, Schedule, Status
from tracker import browse, counting
from tracker.api import filters
from tracker.api.answers import Answer
from tracker.api.asking import choices, days


def _counts(name: str, words: Iterable[str]) -> Any:
    """Return a serializer of one number for each of some words."""
    numbers = {word: serializers.IntegerField(min_value=0) for word in words}
    return type(f"{name}CountsSerializer", (serializers.Serializer,), numbers)()


class StatsSerializer(serializers.Serializer):
    """How many commitments stood how; what cannot be tracked is counted apart."""

    as_of = serializers.DateField(help_text="The day counted for.")
    known_at = serializers.DateField(allow_null=True)
    data_version = serializers.IntegerField()
    evidence_to = serializers.DateField(
        allow_null=True, help_text="Up to when the founding catalogue looked."
    )
    commitments = serializers.IntegerField()
    trackable = serializers.IntegerField()
    status = _counts("Status", Status.values)
    unassessed = serializers.IntegerField(help_text="Published, not assessed yet.")
    pillars = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()),
        help_text="For each pillar by its number: how many have which status.",
    )
    schedule = _counts("Schedule", Schedule.values)
    freshness = _counts("Freshness", Freshness.values)
    claim_gaps = serializers.IntegerField()
    signed_off = serializers.IntegerField()


class StatsView(Answer, APIView):
    """Counts of what stood on a day; what cannot be tracked stays outside."""

    @extend_schema(
        parameters=[*choices(), *days()],
        responses={200: StatsSerializer},
        operation_id="stats",
    )
    def get(self, request: Any) -> Response:
        query = request.query_params
        filters.refuse_unknown(query, known=browse.PARAMETERS, many=browse.FACETS)
        question = browse.parse(query, today=timezone.localdate())
        counted = counting.stats(
            browse.narrowed(browse.counted(question), question), on=question.on
        )
        plan = Plan.objects.order_by("pk").first()
        return Response(
            {
                "as_of": question.on,
                "known_at": question.known_at,
                "data_version": DataVersion.current(),
                "evidence_to": plan.evidence_to if plan else None,
                **counted,
                "unassessed": counted["trackable"] - sum(counted["status"].values()),
            }
        )
