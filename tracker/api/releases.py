"""Releases of the data, as the API lists them."""

from __future__ import annotations

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from tracker.api.lists import RecordViewSet
from tracker.models import Release, ReleaseFile
from tracker.orders import Key


class ReleaseFileSerializer(serializers.ModelSerializer):
    address = serializers.SerializerMethodField()

    class Meta:
        model = ReleaseFile
        fields = ["name", "media_type", "size", "sha256", "rows", "address"]

    @extend_schema_field(serializers.URLField())
    def get_address(self, file: ReleaseFile) -> str:
        return self.context["request"].build_absolute_uri(file.get_absolute_url())


class ReleaseSerializer(serializers.ModelSerializer):
    """A release: where it stands in the history, and how it is cited."""

    previous = serializers.IntegerField(source="previous_id", allow_null=True)
    address = serializers.SerializerMethodField()
    citation = serializers.CharField()
    changes = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()),
        help_text="Rows added, changed and removed since the one before, by table.",
    )

    class Meta:
        model = Release
        fields = [
            *("number", "previous", "made_at", "seq", "digest", "sums", "format"),
            *("method_version", "changes", "citation", "address"),
        ]

    @extend_schema_field(serializers.URLField())
    def get_address(self, release: Release) -> str:
        return self.context["request"].build_absolute_uri(release.get_absolute_url())


class ReleaseDetailSerializer(ReleaseSerializer):
    files = ReleaseFileSerializer(many=True)

    class Meta(ReleaseSerializer.Meta):
        fields = [*ReleaseSerializer.Meta.fields, "files"]


class ReleaseViewSet(RecordViewSet):
    """The numbered releases of all data; one with all its files."""

    queryset = Release.objects.all()
    serializer_class = ReleaseSerializer
    detail_serializer_class = ReleaseDetailSerializer
    lookup_field = "number"
    lookup_value_regex = "[0-9]{1,9}"
    orders: ClassVar[dict[str, list[Key]]] = {"number": [Key("number", int)]}

    def get_queryset(self) -> Any:
        if self.action == "retrieve":
            return Release.objects.prefetch_related("files")
        return super().get_queryset()
