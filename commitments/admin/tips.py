"""What readers told us: reading it, answering it, and making something of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.views.decorators.http import require_POST

from commitments import accounts, actors, services
from commitments.forms.tips import AnswerForm
from commitments.models import Tip, TipStep
from commitments.rules import RuleBroken

from .acts import offered
from .base import Unlisted, ViewOnlyAdmin

# Acts that put something right; what is left does not come from a tip.
NOT_FROM_TIPS = ("Publish", "Withdraw", "Merge")


class StateFilter(admin.SimpleListFilter):
    """What waits comes first; everything else by its state."""

    title = "state"
    parameter_name = "state"
    STATES = {
        "open": "Undecided",
        "waiting": "Waits for an answer",
        "drafted": "Answer drafted",
        "all": "All",
        **dict(Tip.Verdict.choices),
    }

    def lookups(self, request, model_admin):
        return list(self.STATES.items())

    def choices(self, changelist):
        for value, label in self.lookup_choices:
            yield {
                "selected": (self.value() or "open") == value,
                "query_string": changelist.get_query_string({"state": value}),
                "display": label,
            }

    def queryset(self, request, queryset):
        match self.value() or "open":
            case "open":
                return queryset.undecided()
            case "waiting":
                return queryset.waiting()
            case "drafted":
                return queryset.drafted()
            case "all":
                return queryset
            case verdict:
                return queryset.filter(decided_at__isnull=False, verdict=verdict)


class HolderFilter(admin.SimpleListFilter):
    title = "who works on it"
    parameter_name = "holder"

    def lookups(self, request, model_admin):
        return [("me", "Me"), ("nobody", "Nobody")]

    def queryset(self, request, queryset):
        at = timezone.now()
        if self.value() == "me":
            return queryset.claimed_by(request.user, at=at)
        if self.value() == "nobody":
            return queryset.exclude(claimed_until__gt=at)
        return queryset


class DeskOnly(ViewOnlyAdmin):
    """For those who answer tips: what readers wrote is nobody else's business."""

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return accounts.may(request.user, accounts.RECORD)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)


@admin.register(Tip)
class TipAdmin(DeskOnly):
    list_display = ["__str__", "received_at", "commitment", "words", "state", "holder"]
    list_filter = [StateFilter, HolderFilter, "commitment__pillar"]
    list_select_related = ["commitment", "claimed_by"]
    search_fields = ["message", "answer", "reference", "commitment__ref"]
    ordering = ["received_at", "pk"]

    @admin.display(description="what it says")
    def words(self, tip: Tip) -> str:
        return f"{tip.message[:80]}…" if len(tip.message) > 80 else tip.message

    @admin.display(description="who works on it")
    def holder(self, tip: Tip) -> str:
        held = tip.claimed_until and tip.claimed_until > timezone.now()
        return str(tip.claimed_by) if held and tip.claimed_by else ""

    def get_urls(self):
        view = self.admin_site.admin_view
        own = [
            path(
                f"<int:pk>/{name}/",
                view(require_POST(act)),
                name=f"commitments_tip_{name}",
            )
            for name, act in (("claim", self.claim_view), ("release", self.give_back))
        ]
        return [*own, *super().get_urls()]

    def claim_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take a tip to work on."""
        return self._act(request, pk, services.claim_tip, "Claimed for 48 hours.")

    def give_back(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Free a tip for others again."""
        return self._act(request, pk, services.release_tip, "Free for others again.")

    def _act(self, request: HttpRequest, pk: int, act: Any, done: str) -> HttpResponse:
        tip = get_object_or_404(Tip, pk=pk)
        if not self.has_view_permission(request, tip):
            raise PermissionDenied
        try:
            act(tip=tip, by=request.user, at=timezone.now())
        except RuleBroken as broken:
            messages.error(request, str(broken))
        else:
            messages.success(request, done)
        return HttpResponseRedirect(address_of(tip))

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show a tip with what was done, and take the answer."""
        tip = self.get_object(request, object_id)
        if tip is None or not self.has_view_permission(request, tip):
            return super().change_view(request, object_id, form_url, extra_context)
        tip = Tip.objects.with_results().select_related("claimed_by").get(pk=tip.pk)
        form = AnswerForm(request.POST if request.method == "POST" else None, tip=tip)
        if request.method == "POST" and form.is_valid():
            decide = "_decide" in request.POST
            if form.save(decide=decide, by=request.user, at=timezone.now()):
                said = "Decided: readers see it." if decide else "Kept as a draft."
                messages.success(request, said)
                return HttpResponseRedirect(address_of(tip))
        return self._page(request, tip, form)

    def _page(self, request: HttpRequest, tip: Tip, form: AnswerForm) -> HttpResponse:
        steps = list(tip.steps.all())
        names = actors.names([step.actor for step in steps])
        at = timezone.now()
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(tip),
            "tip": tip,
            "form": form,
            "media": form.media,
            "held": bool(tip.claimed_until and tip.claimed_until > at),
            "steps": [(step, names[step.actor]) for step in steps],
            "leads_to": leads_to(request.user, tip),
            "may_decide": accounts.may(request.user, accounts.CONFIRM),
            "site_url": settings.SITE_URL,
        }
        return TemplateResponse(
            request,
            "admin/commitments/tip/change_form.html",
            context,
            status=422 if form.errors else 200,
        )


@admin.register(TipStep)
class TipStepAdmin(Unlisted, DeskOnly):
    list_display = ["tip", "number", "action", "actor", "at"]
    list_filter = ["action"]
    list_select_related = ["tip"]
    search_fields = ["=tip__pk", "comment"]


def address_of(tip: Tip) -> str:
    return reverse("admin:commitments_tip_change", args=[tip.pk])


def leads_to(user: Any, tip: Tip) -> list[dict[str, str]]:
    """Return the pages on which something is made of a tip, filled in from it."""
    found = []
    if tip.commitment is not None:
        found = [
            {"title": act["title"], "url": f"{act['url']}?tip={tip.pk}"}
            for act in offered(user, tip.commitment)
            if act["title"] not in NOT_FROM_TIPS
        ]
    query = urlencode({"tip": tip.pk, "url": tip.source_url})
    suggest = f"{reverse('admin:commitments_suggestion_add')}?{query}"
    return [*found, {"title": "Suggest evidence", "url": suggest}]
