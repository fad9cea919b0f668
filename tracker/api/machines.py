"""What trusted machines hand in: drafts that a person decides on, never history."""

from __future__ import annotations

import hashlib
import json
import math
from typing import Any

from django.core.exceptions import ValidationError
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, inline_serializer
from rest_framework import exceptions, serializers
from rest_framework.parsers import BaseParser
from rest_framework.response import Response
from rest_framework.views import APIView

from commitments import actors, services
from commitments.models import (
    ApiKey,
    Body,
    Commitment,
    Evidence,
    HistoryEntry,
    Milestone,
)
from commitments.models.api_key import ApiScope
from commitments.statuses import Confidence, EntryKind, Position, Precision, Status
from tracker.api import views
from tracker.api.answers import Answer
from tracker.api.keys import require_scope

# A proposal is a few hundred words.
MOST_BYTES = 100_000
DEEPEST = 10
LONGEST_KEY = 255


class TooLarge(exceptions.APIException):
    status_code = 413
    default_detail = f"The body is larger than {MOST_BYTES} bytes."


class NotDecoded(exceptions.APIException):
    status_code = 415
    default_detail = "A compressed body is not read here: send it as it is."


class StrictJSONParser(BaseParser):
    """Reads one JSON object; refuses what two readers could understand differently."""

    media_type = "application/json"

    def parse(
        self, stream: Any, media_type: Any = None, parser_context: Any = None
    ) -> dict[str, Any]:
        request = (parser_context or {}).get("request")
        coding = request.headers.get("Content-Encoding", "") if request else ""
        if coding.lower() not in ("", "identity"):
            raise NotDecoded
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise TooLarge
        try:
            found = json.loads(
                body.decode("utf-8"),
                object_pairs_hook=_once,
                parse_constant=_no_number,
            )
        except RecursionError:
            raise exceptions.ParseError("The body is nested too deeply.") from None
        except UnicodeDecodeError:
            raise exceptions.ParseError("The body is not UTF-8.") from None
        except ValueError as error:
            raise exceptions.ParseError(f"The body is no JSON: {error}.") from None
        if not isinstance(found, dict):
            raise exceptions.ParseError("The body must be a JSON object.")
        _check(found, DEEPEST)
        return found


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a name occurs twice in one object")
    return found


def _no_number(name: str) -> None:
    raise ValueError(f"{name} is no number")


def _check(value: Any, depth: int) -> None:
    if not depth:
        raise exceptions.ParseError("The body is nested too deeply.")
    if isinstance(value, float) and not math.isfinite(value):
        raise exceptions.ParseError("A number is too large.")
    if isinstance(value, str):
        if "\0" in value or any("\ud800" <= c <= "\udfff" for c in value):
            raise exceptions.ParseError("A text holds a NUL or half a character.")
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check(name, depth)
            _check(inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth - 1)


# A text is no number, a number no text and an object no list: the library takes each.
PLAIN = (
    (serializers.CharField, str, "a text"),
    (serializers.IntegerField, int, "a whole number"),
    (serializers.ManyRelatedField, list, "a list"),
)


def _told_wrong(field: Any, value: Any) -> str:
    """Return what a value is to be where it is of another type, else nothing."""
    if isinstance(field, serializers.ListField) and isinstance(value, list):
        found = (_told_wrong(field.child, item) for item in value)
        return next((f"{told}, each of them" for told in found if told), "")
    if value is None:
        return ""
    for kind, plain, told in PLAIN:
        if isinstance(field, kind) and type(value) is not plain:
            return told
    return ""


class StrictSerializer(serializers.Serializer):
    """Refuses fields that it does not know, and values of another type."""

    def to_internal_value(self, data: Any) -> Any:
        if unknown := sorted(set(data) - set(self.fields)):
            known = ", ".join(self.fields)
            raise serializers.ValidationError(
                {name: f"There is no such field. Known: {known}." for name in unknown}
            )
        told = {n: _told_wrong(self.fields[n], value) for n, value in data.items()}
        if wrong := {name: f"Give {what}." for name, what in told.items() if what}:
            raise serializers.ValidationError(wrong)
        return super().to_internal_value(data)


class ProposalSerializer(StrictSerializer):
    """An entry proposed for a commitment; which fields it takes follows its kind."""

    KINDS = (
        EntryKind.STATUS,
        EntryKind.CLAIM,
        EntryKind.MILESTONE,
        EntryKind.DEADLINE,
    )
    commitment = serializers.SlugRelatedField(
        slug_field="slug", queryset=Commitment.objects.public()
    )
    kind = serializers.ChoiceField([(k.value, k.label) for k in KINDS])
    reason = serializers.CharField(max_length=2000)
    evidence = serializers.SlugRelatedField(
        slug_field="slug", queryset=Evidence.objects.public(), many=True
    )
    effective_on = serializers.DateField()
    precision = serializers.ChoiceField(Precision.choices, default=Precision.DAY)
    status = serializers.ChoiceField(Status.choices, required=False)
    criteria_met = serializers.ListField(
        child=serializers.CharField(max_length=4), required=False, max_length=26
    )
    confidence = serializers.ChoiceField(Confidence.choices, required=False)
    looked_until = serializers.DateField(required=False)
    position = serializers.ChoiceField(Position.choices, required=False)
    body = serializers.SlugRelatedField(
        slug_field="slug", queryset=Body.objects.all(), required=False
    )
    milestone = serializers.CharField(max_length=60, required=False)
    due_on = serializers.DateField(required=False)
    due_precision = serializers.ChoiceField(Precision.choices, required=False)

    def validate(self, given: dict[str, Any]) -> dict[str, Any]:
        own = HistoryEntry.OWN_COLUMNS[given["kind"]]
        wrong: dict[str, str] = {}
        for kind in self.KINDS:
            for name in HistoryEntry.OWN_COLUMNS[kind]:
                if name in own and name not in given:
                    wrong[name] = f"A proposal of kind {given['kind']} needs this."
                elif name not in own and name in given:
                    wrong[name] = f"A proposal of kind {given['kind']} has no such."
        if "milestone" in given and not wrong:
            steps = Milestone.objects.filter(commitment=given["commitment"])
            given["milestone"] = steps.filter(key=given["milestone"]).first()
            if given["milestone"] is None:
                wrong["milestone"] = "The commitment has no such milestone."
        if wrong:
            raise serializers.ValidationError(wrong)
        return given


class DocumentSerializer(StrictSerializer):
    """A document to be looked at, by its address."""

    url = serializers.CharField(max_length=2000)


ONCE = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="The same key with the same body gets the same answer again.",
)


class HandIn(Answer, APIView):
    """Takes a draft by key; nothing of it is public before a person decides."""

    parser_classes = [StrictJSONParser]
    scope: str
    draft_serializer: Any

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if request.method == "POST":
            require_scope(request, self.scope)

    def hand_in(self, request: Any) -> Response:
        """Take a draft, once: the answer to a repeated request is looked up first.

        What was handed in is read only where no answer is kept, and under the lock of
        the record: the second of two equal requests waits, and gets the first's answer.
        """
        once = request.headers.get("Idempotency-Key", "")
        if len(once) > LONGEST_KEY or not once.isprintable():
            raise exceptions.ParseError(
                f"The Idempotency-Key has at most {LONGEST_KEY} plain characters."
            )
        told = json.dumps([self.scope, request.data], sort_keys=True)
        status, body = services.answer_once(
            key=request.auth,
            idempotency_key=once,
            fingerprint=hashlib.sha256(told.encode()).hexdigest(),
            act=lambda: (201, self.draft(self.given(request), request.auth)),
            at=timezone.now(),
        )
        # PostgreSQL keeps names in an order of its own: a replay has the same bytes.
        body = dict(sorted(body.items()))
        return Response(body, status=status, headers={"Cache-Control": "no-store"})

    def given(self, request: Any) -> dict[str, Any]:
        """Return what was handed in, as the record names it. Raises ValidationError."""
        serializer = self.draft_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def draft(self, given: dict[str, Any], key: ApiKey) -> dict[str, Any]:
        raise NotImplementedError


class ProposalsView(HandIn):
    """Propose an entry: it waits until a reviewer signs it off."""

    scope = ApiScope.PROPOSALS.value
    draft_serializer = ProposalSerializer

    @extend_schema(
        operation_id="proposals_create",
        parameters=[ONCE],
        request=ProposalSerializer,
        responses={
            201: inline_serializer(
                "Proposed",
                {
                    "id": serializers.IntegerField(),
                    "state": serializers.CharField(),
                    "commitment": serializers.CharField(),
                    "kind": serializers.CharField(),
                },
            )
        },
    )
    def post(self, request: Any) -> Response:
        return self.hand_in(request)

    def draft(self, given: dict[str, Any], key: ApiKey) -> dict[str, Any]:
        arguments = dict(given)
        commitment, kind = arguments.pop("commitment"), arguments.pop("kind")
        proposal = services.propose(
            commitment=commitment,
            kind=kind,
            arguments=arguments,
            by=key.machine,
            at=timezone.now(),
        )
        return {
            "id": proposal.pk,
            "state": proposal.state,
            "commitment": commitment.slug,
            "kind": kind,
        }


class EvidenceViewSet(HandIn, views.EvidenceViewSet):
    """The documents that published commitments rest on; suggest another."""

    scope = ApiScope.EVIDENCE.value
    draft_serializer = DocumentSerializer

    @extend_schema(
        operation_id="evidence_create",
        parameters=[ONCE],
        request=DocumentSerializer,
        responses={
            201: inline_serializer(
                "Suggested",
                {
                    "id": serializers.IntegerField(),
                    "state": serializers.CharField(),
                    "url": serializers.CharField(),
                },
            )
        },
    )
    def create(self, request: Any) -> Response:
        """Suggest a document as evidence: it waits until an analyst has read it."""
        return self.hand_in(request)

    def draft(self, given: dict[str, Any], key: ApiKey) -> dict[str, Any]:
        by, at = actors.key(key.machine), timezone.now()
        try:
            one = services.suggest(url=given["url"], by=by, at=at)
        except ValidationError as error:
            told = {"url": error.messages}
            raise serializers.ValidationError(told) from error
        return {"id": one.pk, "state": one.state, "url": one.url}
