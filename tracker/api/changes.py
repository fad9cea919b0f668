"""What changed since: the feed that copies of the record are kept up to date with."""

from __future__ import annotations

from typing import Any

import orjson
from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import serializers
from rest_framework.response import Response
from rest_framework.views import APIView

from commitments.models.state import Standing
from commitments.statuses import (
    Confidence,
    EntryKind,
    Position,
    Precision,
    SignOff,
    Status,
)
from tracker import sync
from tracker.api.answers import Answer
from tracker.api.filters import number, refuse_unknown

MOST, USUAL = 500, 100
NO_PAST = (
    "This list goes by positions, not by days: ask with “after”. The history takes "
    "“as_of” and “known_at”."
)


class HeldSerializer(serializers.Serializer):
    """What the record held of a commitment, before or after an entry."""

    title = serializers.CharField()
    title_zh = serializers.CharField()
    statement = serializers.CharField()
    reading = serializers.CharField()
    standing = serializers.ChoiceField(Standing.choices)
    status = serializers.ChoiceField(Status.choices, allow_blank=True)
    status_since = serializers.DateField(allow_null=True)
    status_precision = serializers.ChoiceField(Precision.choices, allow_blank=True)
    criteria_met = serializers.ListField(child=serializers.CharField())
    confidence = serializers.ChoiceField(Confidence.choices, allow_blank=True)
    signed_off = serializers.BooleanField()
    official_position = serializers.ChoiceField(Position.choices)
    position_since = serializers.DateField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    due_precision = serializers.ChoiceField(Precision.choices, allow_blank=True)
    reviewed_on = serializers.DateField(allow_null=True)
    review_due_on = serializers.DateField(allow_null=True)
    last_material_on = serializers.DateField(allow_null=True)
    milestones_met = serializers.DictField(child=serializers.DateField())
    merged_into = serializers.CharField(allow_null=True)


class ChangeSerializer(serializers.Serializer):
    """One entry of the history, as a step from old values to new ones."""

    seq = serializers.IntegerField()
    type = serializers.ChoiceField(list(sync.TYPES.items()))
    kind = serializers.ChoiceField(EntryKind.choices)
    commitment = serializers.CharField()
    ref = serializers.CharField()
    effective_on = serializers.DateField()
    precision = serializers.ChoiceField(Precision.choices)
    recorded_at = serializers.DateTimeField()
    reason = serializers.CharField()
    refers_to = serializers.IntegerField(allow_null=True)
    evidence = serializers.ListField(child=serializers.CharField())
    sign_off = serializers.ChoiceField(SignOff.choices)
    old = HeldSerializer(allow_null=True)
    new = HeldSerializer()
    digest = serializers.CharField()


ANSWER = inline_serializer(
    "Changes",
    {
        "results": ChangeSerializer(many=True),
        "last": serializers.IntegerField(
            help_text="The position reached: ask again with it as “after”."
        ),
        "more": serializers.BooleanField(help_text="Whether more waits already."),
        "next": serializers.URLField(help_text="Where to go on, now or later."),
    },
)


class ChangesView(Answer, APIView):
    """Every public change after a position, in the order of recording.

    No number appears behind a position already handed out. Keep `last`, and go on
    from there whenever you like.
    """

    @extend_schema(
        operation_id="changes_list",
        parameters=[
            OpenApiParameter(
                "after",
                {"type": "integer", "minimum": 0, "maximum": 2**62},
                description="The last number you have.",
            ),
            OpenApiParameter(
                "limit",
                {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
                description="How many changes an answer has at most.",
            ),
        ],
        responses={200: ANSWER},
    )
    def get(self, request: Any) -> Response:
        refuse_unknown(request.query_params, known=["after", "limit"], no_past=NO_PAST)
        after = number(request, "after", least=0, most=2**62, usual=0)
        limit = number(request, "limit", least=1, most=MOST, usual=USUAL)
        found, more = sync.after(after, limit=limit)
        last = found[-1][0] if found else after
        results = orjson.Fragment(f"[{','.join(body for _, body in found)}]")
        address = request.build_absolute_uri(reverse("api-changes"))
        following = f"{address}?after={last}&limit={limit}"
        return Response(
            {"results": results, "last": last, "more": more, "next": following},
            headers={"Link": f'<{following}>; rel="next"'},
        )
