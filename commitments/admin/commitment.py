"""The page of a commitment: drafts are edited, the rest follows from history."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import path

from commitments.models import Commitment, Criterion, Milestone, Responsibility
from commitments.validation import check_ref

from .acts import ACTS, act_view, offered
from .base import FactAdmin
from .filters import DueFilter, FreshnessFilter, GapFilter, ScheduleFilter
from .timeline import timeline

# What publication fixes: from then on it changes by history entries alone.
FIXED = (
    "slug",
    "ref",
    "pillar",
    "kind",
    "title",
    "title_zh",
    "statement",
    "reading",
    "trackable",
    "untrackable_reason",
    "clause",
    "stated_on",
    "original_due_on",
    "original_due_precision",
    "due_basis",
    # The review dates of the record follow from it.
    "review_interval",
)
RECORD = (
    "standing",
    "status",
    "status_since",
    "criteria_met",
    "confidence",
    "signed_off",
    "official_position",
    "position_since",
    "due_on",
    "due_precision",
    "reviewed_on",
    "review_due_on",
    "last_material_on",
    "sources",
    "official_sources",
    "milestones_met",
    "merged_into",
    "latest_entry",
)


class DraftInline(admin.TabularInline):
    """Rows that are edited until their commitment is published."""

    extra = 0

    def has_add_permission(self, request, obj=None) -> bool:
        return not _fixed(obj) and super().has_add_permission(request, obj)

    def has_change_permission(self, request, obj=None) -> bool:
        return not _fixed(obj) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request, obj=None) -> bool:
        return not _fixed(obj) and super().has_delete_permission(request, obj)


class CriterionInline(DraftInline):
    model = Criterion
    autocomplete_fields = ["indicator"]


class MilestoneInline(DraftInline):
    model = Milestone


class ResponsibilityInline(admin.TabularInline):
    model = Responsibility
    autocomplete_fields = ["body"]
    extra = 0


def _fixed(obj: Any) -> bool:
    return isinstance(obj, Commitment) and bool(obj.standing)


@admin.register(Commitment)
class CommitmentAdmin(FactAdmin):
    """The form edits the facts. A status moves only on a page of its own."""

    list_display = [
        "ref",
        "title",
        "pillar",
        "standing",
        "status",
        "official_position",
        "due_on",
        "reviewed_on",
        "review_due_on",
        "signed_off",
    ]
    list_display_links = ["ref", "title"]
    list_filter = [
        "standing",
        "pillar",
        "status",
        "official_position",
        FreshnessFilter,
        ScheduleFilter,
        DueFilter,
        GapFilter,
        "signed_off",
        "kind",
        "trackable",
    ]
    list_select_related = ["pillar"]
    search_fields = ["ref", "title", "title_zh", "statement", "slug"]
    autocomplete_fields = ["pillar", "passages", "partners", "topics"]
    prepopulated_fields = {"slug": ["title"]}
    inlines = [CriterionInline, MilestoneInline, ResponsibilityInline]

    def formfield_for_dbfield(self, db_field: Any, request: HttpRequest, **kwargs):
        field = super().formfield_for_dbfield(db_field, request, **kwargs)
        if db_field.name == "ref":
            field.validators.append(check_ref)
        return field

    def get_fieldsets(self, request: HttpRequest, obj: Any = None):
        facts = [*FIXED, "specificity", "passages", "partners", "topics"]
        if obj is None:
            return [(None, {"fields": facts})]
        return [
            (None, {"fields": facts}),
            ("What the history adds up to", {"fields": RECORD}),
        ]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None):
        return [*RECORD, *FIXED] if _fixed(obj) else list(RECORD)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None):
        return {} if _fixed(obj) else dict(self.prepopulated_fields)

    def get_actions(self, request: HttpRequest):
        return {}

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        if obj is not None and obj.latest_entry_id is not None:
            return False
        return super().has_delete_permission(request, obj)

    def get_urls(self):
        own = [
            path(
                f"<int:pk>/{act.name}/",
                self.admin_site.admin_view(
                    partial(act_view, model_admin=self, act=act)
                ),
                name=act.url_name,
            )
            for act in ACTS
        ]
        return [*own, *super().get_urls()]

    def change_view(self, request, object_id, form_url="", extra_context=None):
        commitment = self.get_object(request, object_id)
        extra: dict[str, Any] = {}
        if commitment is not None and self.has_view_permission(request, commitment):
            extra = {
                "acts": offered(request.user, commitment),
                "timeline": timeline(commitment),
            }
        return super().change_view(
            request, object_id, form_url, {**extra, **(extra_context or {})}
        )
