"""What is only looked at: the history, what follows from it, and flags."""

from __future__ import annotations

from django.contrib import admin, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from commitments import services
from commitments.models import (
    Assignment,
    Citation,
    Criterion,
    DataVersion,
    DeskDigest,
    DigestPause,
    Flag,
    HistoryEntry,
    HistoryText,
    Milestone,
    Responsibility,
    Snooze,
    State,
)
from commitments.statuses import FLAG_DEFINITIONS, FlagReason

from . import queue
from .base import Unlisted, ViewOnlyAdmin
from .filters import AgeFilter, OpenFilter


class CitationInline(admin.TabularInline):
    model = Citation
    fields = ["evidence", "url", "nature", "official"]
    can_delete = False
    extra = 0

    def has_add_permission(self, request, obj=None) -> bool:
        return False

    def has_change_permission(self, request, obj=None) -> bool:
        return False

    def has_delete_permission(self, request, obj=None) -> bool:
        return False


@admin.register(HistoryEntry)
class HistoryEntryAdmin(ViewOnlyAdmin):
    list_display = [
        "seq",
        "commitment",
        "kind",
        "status",
        "effective_on",
        "recorded_at",
        "author_name",
        "sign_off",
    ]
    list_filter = ["kind", "status", "sign_off", "commitment__pillar"]
    list_select_related = ["commitment", "text"]
    search_fields = ["=seq", "commitment__ref", "commitment__title", "text__reason"]
    date_hierarchy = "recorded_at"
    ordering = ["-seq"]
    exclude = ["idempotency_key"]
    readonly_fields = ["reason", "author_name", "approver_name"]
    inlines = [CitationInline]

    @admin.display(description="reason")
    def reason(self, entry: HistoryEntry) -> str:
        return entry.text.reason

    @admin.display(description="author")
    def author_name(self, entry: HistoryEntry) -> str:
        return entry.text.author_name

    @admin.display(description="approver")
    def approver_name(self, entry: HistoryEntry) -> str:
        return entry.text.approver_name


@admin.register(HistoryText)
class HistoryTextAdmin(Unlisted, ViewOnlyAdmin):
    """The salts stay out: with them an erased text could be guessed."""

    list_display = ["entry", "author_name", "approver_name", "reason"]
    list_filter = ["entry__kind"]
    list_select_related = ["entry"]
    search_fields = ["reason", "author_name", "entry__commitment__title"]
    fields = ["entry", "reason", "wording", "author_name", "approver_name"]


@admin.register(Citation)
class CitationAdmin(Unlisted, ViewOnlyAdmin):
    list_display = ["entry", "evidence", "nature", "official"]
    list_filter = ["nature", "official"]
    list_select_related = ["entry", "evidence"]
    search_fields = ["evidence__title", "url", "entry__commitment__title"]


@admin.register(State)
class StateAdmin(Unlisted, ViewOnlyAdmin):
    list_display = [
        "commitment",
        "status",
        "effective_from",
        "effective_until",
        "known_from",
        "known_until",
    ]
    list_filter = ["status", "standing", "official_position"]
    list_select_related = ["commitment"]
    search_fields = ["commitment__ref", "commitment__title"]
    readonly_fields = ["standing", "status", "official_position", "criteria_met"]


@admin.register(Flag)
class FlagAdmin(ViewOnlyAdmin):
    list_display = [
        "commitment",
        "reason",
        "meaning",
        "pillar",
        "since_on",
        "age",
        "closed_at",
    ]
    list_filter = [OpenFilter, "reason", AgeFilter, "commitment__pillar"]
    list_select_related = ["commitment__pillar"]
    search_fields = ["commitment__ref", "commitment__title", "commitment__slug"]
    ordering = ["since_on", "pk"]

    def get_urls(self):
        return [*queue.urls(self.admin_site), *super().get_urls()]

    @admin.display(description="what it means")
    def meaning(self, flag: Flag) -> str:
        return FLAG_DEFINITIONS[FlagReason(flag.reason)]

    @admin.display(description="pillar", ordering="commitment__pillar__number")
    def pillar(self, flag: Flag) -> str:
        return str(flag.commitment.pillar)

    @admin.display(description="age", ordering="-since_on")
    def age(self, flag: Flag) -> str:
        days = (timezone.localdate() - flag.since_on).days
        return f"{days} day" if days == 1 else f"{days} days"


@admin.register(Assignment)
class AssignmentAdmin(Unlisted, ViewOnlyAdmin):
    list_display = ["commitment", "assignee", "assigned_by", "at", "until", "ended_at"]
    list_filter = ["assignee"]
    list_select_related = ["commitment", "assignee", "assigned_by"]
    search_fields = ["commitment__ref", "commitment__title", "assignee__username"]


@admin.register(Snooze)
class SnoozeAdmin(Unlisted, ViewOnlyAdmin):
    list_display = ["commitment", "until", "reason", "by", "at", "ended_at"]
    list_select_related = ["commitment", "by"]
    search_fields = ["commitment__ref", "commitment__title", "reason"]


@admin.register(DeskDigest)
class DeskDigestAdmin(Unlisted, ViewOnlyAdmin):
    list_display = ["on", "kind", "recipient", "is_empty", "sent_at"]
    list_filter = ["kind", "is_empty", "on"]
    list_select_related = ["recipient"]
    search_fields = ["recipient__username"]


@admin.register(DigestPause)
class DigestPauseAdmin(Unlisted, ViewOnlyAdmin):
    list_display = ["account", "since"]
    list_select_related = ["account"]
    search_fields = ["account__username"]

    def get_urls(self):
        view = self.admin_site.admin_view(require_POST(switch_digests))
        own = [path("switch/", view, name="commitments_digests_switch")]
        return [*own, *super().get_urls()]


def switch_digests(request: HttpRequest) -> HttpResponse:
    """Stop the desk's mails to whoever asks, or send them again."""
    if request.POST.get("wanted") == "no":
        services.pause_digests(account=request.user, at=timezone.now())
        messages.success(request, "You get no more digests by mail.")
    else:
        services.resume_digests(account=request.user)
        messages.success(request, "You get the digests by mail again.")
    return HttpResponseRedirect(reverse("admin:index"))


@admin.register(DataVersion)
class DataVersionAdmin(Unlisted, ViewOnlyAdmin):
    list_display = ["number"]
    search_fields = ["=number"]


@admin.register(Criterion)
class CriterionAdmin(Unlisted, ViewOnlyAdmin):
    """Edited on the page of its commitment, while that is a draft."""

    list_display = ["key", "text", "commitment", "indicator"]
    list_filter = ["commitment__pillar"]
    list_select_related = ["commitment", "indicator"]
    search_fields = ["text", "commitment__ref", "commitment__title"]


@admin.register(Milestone)
class MilestoneAdmin(Unlisted, ViewOnlyAdmin):
    """Edited on the page of its commitment."""

    list_display = ["title", "commitment", "due_on"]
    list_filter = ["commitment__pillar", "due_on"]
    list_select_related = ["commitment"]
    search_fields = ["title", "commitment__ref", "commitment__title"]


@admin.register(Responsibility)
class ResponsibilityAdmin(Unlisted, ViewOnlyAdmin):
    """Edited on the page of its commitment."""

    list_display = ["body", "commitment", "position"]
    list_filter = ["position", "body"]
    list_select_related = ["body", "commitment"]
    search_fields = ["body__name", "commitment__ref", "commitment__title"]
