"""Webhooks of a key's owner: each key sees and changes its own alone."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from django.db.models import Prefetch, Q
from django.utils import timezone
from drf_spectacular.utils import extend_schema, inline_serializer
from rest_framework import exceptions, mixins, serializers, viewsets
from rest_framework.decorators import action
from rest_framework.response import Response

from commitments.models import Commitment
from commitments.models.api_key import ApiScope
from tracker.api.filters import PAGING, refuse_unknown
from tracker.api.keys import require_scope
from tracker.api.machines import StrictJSONParser, StrictSerializer
from tracker.api.rates import Counted
from tracker.models import Delivery, Endpoint, EndpointSecret
from tracker.models.endpoint import KINDS
from tracker.orders import Key
from tracker.webhooks import endpoints

LAST_SEQ = 2**62
WISHES = [("active", "Send again"), ("disabled", "Send nothing")]


class EndpointSerializer(serializers.ModelSerializer):
    """An endpoint as its owner sees it; never its secret."""

    kinds = serializers.ListField(child=serializers.ChoiceField(KINDS))
    commitments = serializers.SlugRelatedField(
        slug_field="slug", many=True, read_only=True
    )
    secrets = serializers.SerializerMethodField(
        help_text="How many sign now: two while a rotation overlaps."
    )

    class Meta:
        model = Endpoint
        fields = [
            *("id", "url", "email", "note", "kinds", "commitments"),
            *("state", "reason", "made_at", "verified_at", "delivered_at"),
            *("failing_since", "paused_until", "secrets"),
        ]

    def get_secrets(self, endpoint: Endpoint) -> int:
        return len(endpoint.good)


class NewEndpointSerializer(StrictSerializer):
    """What is given to register an endpoint."""

    url = serializers.CharField(max_length=500)
    email = serializers.EmailField(
        max_length=254, help_text="Told when the endpoint is disabled."
    )
    note = serializers.CharField(max_length=200, allow_blank=True, required=False)
    kinds = serializers.ListField(
        child=serializers.ChoiceField(KINDS),
        required=False,
        max_length=len(KINDS),
        help_text="Only entries of these kinds; none: all.",
    )
    commitments = serializers.SlugRelatedField(
        slug_field="slug",
        queryset=Commitment.objects.public(),
        many=True,
        required=False,
        help_text="Only these commitments, by slug; none: all.",
    )


class ChangedEndpointSerializer(NewEndpointSerializer):
    """What may be changed; another address has to answer a challenge again."""

    state = serializers.ChoiceField(WISHES, required=False)


class RotationSerializer(StrictSerializer):
    """How a secret is exchanged."""

    overlap_hours = serializers.IntegerField(
        min_value=0,
        max_value=168,
        default=24,
        help_text="How long the old secret signs beside the new one.",
    )


class AgainSerializer(StrictSerializer):
    """From where to send again."""

    after = serializers.IntegerField(
        min_value=0, max_value=LAST_SEQ, help_text="The last number that arrived."
    )


class DeliverySerializer(serializers.ModelSerializer):
    """A message, and what became of it. What an endpoint answered is not told."""

    seq = serializers.IntegerField(
        source="event_id", allow_null=True, help_text="Its entry; null for a test."
    )
    commitment = serializers.SlugRelatedField(
        slug_field="slug", read_only=True, allow_null=True
    )

    class Meta:
        model = Delivery
        fields = [
            *("id", "message_id", "seq", "commitment", "state", "tries"),
            *("made_at", "next_try", "done_at", "last_status"),
        ]


class NothingSerializer(StrictSerializer):
    """Of an address that takes no body: an empty one, at most."""


def with_secret(name: str) -> Any:
    told = {"secret": serializers.CharField(help_text="Shown this once.")}
    return inline_serializer(name, told)


class NewEndpointAnswer(EndpointSerializer):
    secret = serializers.CharField(help_text="Shown this once.")

    class Meta(EndpointSerializer.Meta):
        fields = [*EndpointSerializer.Meta.fields, "secret"]


class OwnersViewSet(Counted, viewsets.GenericViewSet):
    """Open to keys of the scope “webhooks”, each to what is its own."""

    parser_classes = [StrictJSONParser]
    filter_backends: list[Any] = []
    newest_first = False

    def order(self) -> str:
        return "newest" if self.newest_first else "oldest"

    def keys(self) -> list[Key]:
        return [Key("pk", int, descending=self.newest_first)]

    def initial(self, request: Any, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        if self.action is None:
            # A method that is not taken is told as such, whatever comes with it.
            self.http_method_not_allowed(request)
        require_scope(request, ApiScope.WEBHOOKS.value)
        lists = self.action in ("list", "deliveries")
        refuse_unknown(request.query_params, known=list(PAGING) if lists else [])

    def finalize_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(*args, **kwargs)
        response["Cache-Control"] = "private, no-store"
        return response


class WebhookViewSet(mixins.ListModelMixin, OwnersViewSet):
    """The endpoints of this key. What they are sent is signed: see docs/webhooks.md."""

    serializer_class = EndpointSerializer
    queryset = Endpoint.objects.none()
    lookup_value_regex = "[0-9]{1,18}"

    def get_queryset(self) -> Any:
        if getattr(self, "swagger_fake_view", False):
            return Endpoint.objects.none()
        return (
            Endpoint.objects.filter(key=self.request.auth)
            .prefetch_related("commitments", good_secrets())
            .order_by("pk")
        )

    def read(self, serializer_class: Any) -> dict[str, Any]:
        given = serializer_class(
            data=self.request.data, partial=self.request.method == "PATCH"
        )
        given.is_valid(raise_exception=True)
        return given.validated_data

    def told(self, pk: int, status: int = 200, **also: Any) -> Response:
        endpoint = self.get_queryset().get(pk=pk)
        return Response({**self.get_serializer(endpoint).data, **also}, status=status)

    @extend_schema(request=NewEndpointSerializer, responses={201: NewEndpointAnswer})
    def create(self, request: Any) -> Response:
        """Register an endpoint. It gets a challenge first, then what happens next."""
        given = self.read(NewEndpointSerializer)
        endpoint, secret = endpoints.register(
            key=request.auth, at=timezone.now(), **given
        )
        return self.told(endpoint.pk, 201, secret=secret)

    @extend_schema(responses=EndpointSerializer)
    def retrieve(self, request: Any, pk: str) -> Response:
        """One endpoint of this key."""
        return self.told(self.get_object().pk)

    @extend_schema(request=ChangedEndpointSerializer, responses=EndpointSerializer)
    @transaction.atomic
    def partial_update(self, request: Any, pk: str) -> Response:
        """Change an endpoint, stop it, or have a stopped one tried again."""
        endpoint, at = self.get_object(), timezone.now()
        given = self.read(ChangedEndpointSerializer)
        state = given.pop("state", "")
        if given:
            endpoint = endpoints.change(endpoint=endpoint, at=at, **given)
        if state == "active":
            endpoints.enable(endpoint=endpoint, at=at)
        elif state == "disabled":
            endpoints.stop(endpoint=endpoint, at=at)
        return self.told(endpoint.pk)

    @extend_schema(responses={204: None})
    def destroy(self, request: Any, pk: str) -> Response:
        """Remove an endpoint with all that waits for it."""
        endpoint = self.get_object()
        self.read(NothingSerializer)
        endpoint.delete()
        return Response(status=204)

    @extend_schema(
        request=RotationSerializer, responses=with_secret("Rotated"), filters=False
    )
    @action(detail=True, methods=["post"])
    def rotate(self, request: Any, pk: str) -> Response:
        """Make a new secret; for a while messages are signed with both."""
        endpoint = self.get_object()
        hours = self.read(RotationSerializer)["overlap_hours"]
        secret = endpoints.rotate(
            endpoint=endpoint, at=timezone.now(), overlap=timedelta(hours=hours)
        )
        return Response({"secret": secret})

    @extend_schema(request=None, responses={202: DeliverySerializer})
    @action(detail=True, methods=["post"])
    def test(self, request: Any, pk: str) -> Response:
        """Send a test message."""
        endpoint = self.get_object()
        self.read(NothingSerializer)
        delivery = endpoints.send_test(endpoint=endpoint, at=timezone.now())
        return Response(DeliverySerializer(delivery).data, status=202)

    @extend_schema(
        request=AgainSerializer,
        responses={
            202: inline_serializer(
                "SentAgain",
                {
                    "messages": serializers.IntegerField(),
                    "last": serializers.IntegerField(
                        help_text="Ask again with it as “after” until it stays."
                    ),
                },
            )
        },
    )
    @action(detail=True, methods=["post"])
    def replay(self, request: Any, pk: str) -> Response:
        """Send again what came after an entry, up to 500 entries at a time."""
        endpoint = self.get_object()
        count, last = endpoints.replay_after(
            endpoint=endpoint,
            seq=self.read(AgainSerializer)["after"],
            at=timezone.now(),
        )
        return Response({"messages": count, "last": last}, status=202)

    @extend_schema(responses=DeliverySerializer(many=True))
    @action(detail=True)
    def deliveries(self, request: Any, pk: str) -> Response:
        """What was sent to an endpoint in the last 30 days, the latest first."""
        self.newest_first = True
        found = self.get_object().deliveries.select_related("commitment")
        page = self.paginate_queryset(found)
        return self.get_paginated_response(DeliverySerializer(page, many=True).data)

    @extend_schema(
        operation_id="webhooks_deliveries_replay_create",
        request=None,
        responses={202: DeliverySerializer},
    )
    @action(
        detail=True,
        methods=["post"],
        url_path="deliveries/(?P<delivery>[0-9]{1,18})/replay",
    )
    def replay_delivery(self, request: Any, pk: str, delivery: str) -> Response:
        """Send one message again, under the id that it has."""
        endpoint = self.get_object()
        self.read(NothingSerializer)
        endpoints.check_active(endpoint)
        found = endpoint.deliveries.filter(pk=delivery)
        if not endpoints.replay(deliveries=found, at=timezone.now()):
            raise exceptions.NotFound("This endpoint has no such delivery.")
        return Response(DeliverySerializer(found.get()).data, status=202)


def good_secrets() -> Any:
    good = EndpointSecret.objects.filter(
        Q(expires_at=None) | Q(expires_at__gt=timezone.now())
    )
    return Prefetch("secrets", queryset=good, to_attr="good")
