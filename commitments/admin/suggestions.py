"""Documents that may be evidence: reading what is found, deciding, suggesting one."""

from __future__ import annotations

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone

from commitments import accounts, actors, services
from commitments.excerpts import excerpts
from commitments.forms.suggestions import AttachForm, DismissForm, SuggestForm
from commitments.models import (
    Evidence,
    Sighting,
    Suggestion,
    SuggestionMatch,
    Tip,
    WatchedSource,
)
from commitments.validation import is_key

from .base import ListedAdmin, Unlisted, ViewOnlyAdmin
from .filters import DefaultStateFilter


@admin.register(WatchedSource)
class WatchedSourceAdmin(ListedAdmin):
    list_display = ["name", "kind", "enabled", "every_hours", "polled_at", "outcome"]
    list_filter = ["enabled", "kind", "official", "body"]
    search_fields = ["name", "url"]
    autocomplete_fields = ["body"]
    readonly_fields = ["polled_at", "next_at", "outcome"]


@admin.register(Sighting)
class SightingAdmin(Unlisted, ViewOnlyAdmin):
    list_display = ["page_key", "source", "seen_at"]
    list_filter = ["source"]
    list_select_related = ["source"]
    search_fields = ["page_key"]


@admin.register(SuggestionMatch)
class SuggestionMatchAdmin(Unlisted, ViewOnlyAdmin):
    list_display = ["suggestion", "commitment", "score", "is_best"]
    list_filter = ["is_best"]
    list_select_related = ["suggestion", "commitment"]
    search_fields = ["commitment__title", "suggestion__title"]


class WaitingFilter(DefaultStateFilter):
    """What waits comes first; everything else by its state."""

    default = Suggestion.State.OPEN.label

    def lookups(self, request, model_admin):
        others = [s for s in Suggestion.State if s != Suggestion.State.OPEN]
        return [*((s.value, s.label) for s in others), ("all", "All")]

    def queryset(self, request, queryset):
        if self.value() == "all":
            return queryset
        return queryset.filter(state=self.value() or Suggestion.State.OPEN)


@admin.register(Suggestion)
class SuggestionAdmin(ViewOnlyAdmin):
    list_display = ["__str__", "score", "likely", "source", "published_on", "state"]
    list_filter = [WaitingFilter, "source"]
    list_select_related = ["source"]
    search_fields = ["title", "url"]
    ordering = ["-score", "-found_at", "pk"]

    def get_queryset(self, request):
        return (
            super()
            .get_queryset(request)
            .defer("text")
            .prefetch_related("matches__commitment")
        )

    def lookup_allowed(self, lookup, value, request):
        by_commitment = lookup == "matches__commitment__id__exact"
        return by_commitment or super().lookup_allowed(lookup, value, request)

    @admin.display(description="likely about")
    def likely(self, suggestion: Suggestion) -> str:
        best = [m.commitment.ref for m in suggestion.matches.all()][:3]
        return ", ".join(best) or "nothing yet"

    def get_urls(self):
        page = self.admin_site.admin_view
        own = [
            path(
                "<int:pk>/dismiss/",
                page(self.dismiss_view),
                name="commitments_suggestion_dismiss",
            )
        ]
        return [*own, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest, *args) -> bool:
        return accounts.may(request.user, accounts.RECORD)

    def add_view(self, request: HttpRequest, form_url="", extra_context=None):
        """Take an address; ``?url=`` fills it in, for a bookmark of the browser."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        posted = request.method == "POST"
        form = SuggestForm(
            request.POST if posted else None,
            initial={"url": request.GET.get("url", "")},
        )
        if form.is_valid():
            url = form.cleaned_data["url"]
            if known := Evidence.objects.at_address(url).first():
                _note(request, known)
                messages.info(request, "This document is evidence already.")
                return HttpResponseRedirect(
                    reverse("admin:commitments_evidence_change", args=[known.pk])
                )
            made = services.suggest(
                url=url, by=actors.key(request.user), at=timezone.now()
            )
            _note(request, made)
            return self._to(made)
        here = request.build_absolute_uri(reverse("admin:commitments_suggestion_add"))
        tip = request.POST.get("tip") or request.GET.get("tip", "")
        context = {"title": "Suggest evidence", "form": form, "here": here, "tip": tip}
        return self._page(request, "suggest", **context)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show a document with its likely commitments, and take the decision."""
        one = self.get_object(request, object_id)
        if one is None or not self.has_view_permission(request, one):
            return super().change_view(request, object_id, form_url, extra_context)
        may_record = accounts.may(request.user, accounts.RECORD)
        posted = request.method == "POST"
        if posted and not may_record:
            raise PermissionDenied
        form = AttachForm(
            request.POST if posted else None,
            suggestion=one,
            today=timezone.localdate(),
        )
        if posted and form.is_valid():
            count = form.save(by=request.user, at=timezone.now())
            if count is not None:
                one.refresh_from_db()
                messages.success(request, f"Attached to {count} commitments.")
                return self._to(one)
        return self._decide(request, one, form, DismissForm(suggestion=one))

    def dismiss_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Put a document aside with the reason."""
        one = get_object_or_404(Suggestion, pk=pk)
        if not accounts.may(request.user, accounts.RECORD):
            raise PermissionDenied
        form = DismissForm(
            request.POST if request.method == "POST" else None, suggestion=one
        )
        if form.is_valid() and form.save(by=request.user, at=timezone.now()):
            messages.success(request, "Dismissed.")
            return HttpResponseRedirect(
                reverse("admin:commitments_suggestion_changelist")
            )
        attach = AttachForm(suggestion=one, today=timezone.localdate())
        return self._decide(request, one, attach, form)

    def _decide(
        self,
        request: HttpRequest,
        one: Suggestion,
        form: AttachForm,
        dismiss: DismissForm,
    ) -> HttpResponse:
        matches = list(one.matches.select_related("commitment"))
        return self._page(
            request,
            "decide",
            title=str(one),
            one=one,
            decided_by=actors.names([one.decided_by]).get(one.decided_by, "")
            if one.decided_by
            else "",
            matches=[
                (match, excerpts(one.text, match.words, most=2)) for match in matches
            ],
            is_waiting=one.state in (Suggestion.State.OPEN, Suggestion.State.UNLIKELY),
            may_record=accounts.may(request.user, accounts.RECORD),
            form=form,
            dismiss=dismiss,
        )

    def _to(self, one: Suggestion) -> HttpResponse:
        return HttpResponseRedirect(
            reverse("admin:commitments_suggestion_change", args=[one.pk])
        )

    def _page(self, request: HttpRequest, name: str, **context) -> HttpResponse:
        return TemplateResponse(
            request,
            f"admin/commitments/suggestion/{name}.html",
            {**self.admin_site.each_context(request), **context},
        )


def _note(request: HttpRequest, made: Evidence | Suggestion) -> None:
    """Note on the tip that an address came from what it led to."""
    pk = request.POST.get("tip", "")
    if is_key(pk):
        tip = get_object_or_404(Tip, pk=int(pk))
        services.link_tip(tip=tip, made=made, by=request.user, at=timezone.now())
