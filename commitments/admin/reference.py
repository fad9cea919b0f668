"""What commitments are grouped under, made in, tied to and measured by."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.utils import timezone

from commitments.forms.base import check_past
from commitments.models import (
    Body,
    Evidence,
    Indicator,
    Observation,
    Partner,
    Passage,
    Pillar,
    Plan,
    Source,
    Topic,
)

from . import copies
from .base import FactAdmin


@admin.register(Plan)
class PlanAdmin(FactAdmin):
    list_display = ["title", "starts_on", "ends_on", "coded_on", "evidence_to"]
    list_filter = ["starts_on"]
    search_fields = ["title", "title_zh", "slug"]
    prepopulated_fields = {"slug": ["title"]}


@admin.register(Pillar)
class PillarAdmin(FactAdmin):
    list_display = ["__str__", "plan"]
    list_filter = ["plan"]
    list_select_related = ["plan"]
    search_fields = ["title", "title_zh", "slug", "=number"]
    autocomplete_fields = ["plan"]
    prepopulated_fields = {"slug": ["title"]}


@admin.register(Source)
class SourceAdmin(FactAdmin):
    list_display = ["title", "publisher", "kind", "delivered_on", "language"]
    list_filter = ["kind", "language"]
    search_fields = ["title", "title_zh", "publisher", "speaker", "slug"]
    prepopulated_fields = {"slug": ["title"]}


@admin.register(Passage)
class PassageAdmin(FactAdmin):
    list_display = ["ref", "source", "role", "summary"]
    list_filter = ["role", "source"]
    list_select_related = ["source"]
    search_fields = ["ref", "summary"]
    autocomplete_fields = ["source"]


@admin.register(Body)
class BodyAdmin(FactAdmin):
    list_display = ["name", "short_name", "kind"]
    list_filter = ["kind"]
    search_fields = ["name", "name_zh", "short_name", "slug"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Partner)
class PartnerAdmin(FactAdmin):
    list_display = ["name", "kind", "iso2"]
    list_filter = ["kind"]
    search_fields = ["name", "name_zh", "slug", "=iso2"]
    prepopulated_fields = {"slug": ["name"]}


@admin.register(Topic)
class TopicAdmin(FactAdmin):
    list_display = ["name", "name_zh"]
    list_filter = [("name_zh", admin.EmptyFieldListFilter)]
    search_fields = ["name", "name_zh", "slug"]
    prepopulated_fields = {"slug": ["name"]}


class FactForm(forms.ModelForm):
    """Refuses a day of ``past`` that is still to come, where it is given anew."""

    past = ("observed_on", "occurred_on", "published_on")

    def clean(self) -> None:
        super().clean()
        given = set(self.past) & set(self.changed_data)
        check_past(self, *sorted(given), today=timezone.localdate())


class DocumentForm(FactForm):
    def clean_url(self) -> str:
        url = self.cleaned_data["url"]
        others = Evidence.objects.at_address(url).exclude(pk=self.instance.pk)
        if known := others.first():
            raise forms.ValidationError(
                f"“{known.title}” has this address already, however it is written. Use "
                "that document, or mend its address first."
            )
        return url


@admin.register(Evidence)
class EvidenceAdmin(FactAdmin):
    """Which commitments a document is on follows from what was recorded."""

    form = DocumentForm

    list_display = [
        "title",
        "publisher",
        "occurred_on",
        "type",
        "nature",
        "official",
        "grade",
    ]
    list_filter = [
        "link__verdict",
        "grade",
        "type",
        "nature",
        "official",
        "reliability",
        ("unreadable_since", admin.EmptyFieldListFilter),
        "language",
    ]
    search_fields = ["title", "title_original", "publisher", "url", "summary", "slug"]
    date_hierarchy = "occurred_on"
    readonly_fields = ["grade", "commitments"]
    prepopulated_fields = {"slug": ["title"]}

    def get_urls(self):
        return [*copies.urls(self.admin_site), *super().get_urls()]


class ObservationInline(admin.TabularInline):
    model = Observation
    form = FactForm
    autocomplete_fields = ["evidence"]
    extra = 0


@admin.register(Indicator)
class IndicatorAdmin(FactAdmin):
    list_display = ["name", "unit", "baseline", "baseline_on", "target", "target_on"]
    list_filter = ["direction", "comparator"]
    search_fields = ["name", "name_zh", "slug"]
    autocomplete_fields = ["baseline_passage", "commitments"]
    prepopulated_fields = {"slug": ["name"]}
    inlines = [ObservationInline]


@admin.register(Observation)
class ObservationAdmin(FactAdmin):
    form = FactForm
    list_display = ["indicator", "observed_on", "value", "evidence"]
    list_filter = ["indicator"]
    list_select_related = ["indicator", "evidence"]
    search_fields = ["indicator__name", "note"]
    autocomplete_fields = ["indicator", "evidence"]
