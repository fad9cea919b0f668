"""Proposals: a list, and one page on which a second person decides."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.views.decorators.http import require_POST

from commitments import accounts, actors, services
from commitments.differences import differences
from commitments.forms.sign_off import DecisionForm
from commitments.models import Evidence, Proposal, ProposalStep
from commitments.rules import RuleBroken
from commitments.services.sign_off import changes_since
from commitments.validation import is_key

from .acts import ACTS, address_of, look_at_flags, said
from .base import Unlisted, ViewOnlyAdmin
from .filters import AuthorFilter
from .preview import public_page


@admin.register(Proposal)
class ProposalAdmin(ViewOnlyAdmin):
    list_display = ["__str__", "commitment", "state", "author_name", "changed_at"]
    list_filter = ["state", "kind", AuthorFilter, "commitment__pillar"]
    list_select_related = ["commitment", "author"]
    search_fields = ["commitment__ref", "commitment__title"]
    ordering = ["-changed_at"]
    actions = ["approve_selected"]

    @admin.display(description="author", ordering="author")
    def author_name(self, proposal: Proposal) -> str:
        return proposal.author_name

    def get_urls(self):
        own = path(
            "<int:pk>/withdraw/",
            self.admin_site.admin_view(require_POST(self.withdraw_view)),
            name="commitments_proposal_withdraw",
        )
        return [own, *super().get_urls()]

    def get_actions(self, request: HttpRequest):
        actions = super().get_actions(request)
        if not accounts.may(request.user, accounts.CONFIRM):
            actions.pop("approve_selected", None)
        return actions

    def action_checkbox(self, obj: Proposal) -> SafeString:
        """A box, and with it the revision that the list shows."""
        shown = format_html(
            '<input type="hidden" name="revision_{}" value="{}">', obj.pk, obj.revision
        )
        return super().action_checkbox(obj) + shown

    @admin.action(description="Approve what was selected", permissions=["view"])
    def approve_selected(self, request: HttpRequest, queryset) -> None:
        """Approve each by itself, as it was listed; what is refused is named and stays."""
        if not accounts.may(request.user, accounts.CONFIRM):
            return
        at = timezone.now()
        for proposal in queryset.select_related("commitment"):
            listed = request.POST.get(f"revision_{proposal.pk}", "")
            if not is_key(listed):
                told = (
                    "It was not among those listed. Look at it before you approve it."
                )
                messages.error(request, f"{proposal.commitment}: {told}")
                continue
            try:
                entry = services.approve(
                    proposal=proposal,
                    by=request.user,
                    at=at,
                    revision=int(listed),
                    seen=proposal.commitment.latest_entry_id,
                )
            except RuleBroken as broken:
                messages.error(request, f"{proposal.commitment}: {broken}")
            else:
                messages.success(request, f"{proposal.commitment}: {said(entry)}")
        look_at_flags(at=at)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show a proposal whole; on POST decide on it."""
        proposal = self.get_object(request, object_id)
        if proposal is None or not self.has_view_permission(request, proposal):
            return super().change_view(request, object_id, form_url, extra_context)
        form = None
        if may_decide(request.user, proposal):
            decision = next(
                (d for d in DecisionForm.DECISIONS if f"_{d}" in request.POST), None
            )
            form = DecisionForm(request.POST if decision else None, proposal=proposal)
            if decision and form.is_valid():
                at = timezone.now()
                made = form.decide(decision, by=request.user, at=at)
                if made is not None:
                    look_at_flags(at=at)
                    messages.success(request, _done(made))
                    return HttpResponseRedirect(address_of(made))
                proposal = self.get_object(request, object_id)
        elif request.method == "POST":
            messages.error(request, why_not(request.user, proposal))
        return self._page(request, proposal, form=form)

    def withdraw_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Take back one's own proposal."""
        if not accounts.may(request.user, accounts.RECORD):
            raise PermissionDenied
        proposal = get_object_or_404(Proposal, pk=pk)
        try:
            services.withdraw_proposal(
                proposal=proposal, by=request.user, at=timezone.now()
            )
        except RuleBroken as broken:
            messages.error(request, str(broken))
        else:
            messages.success(request, "Withdrawn. It stays on record.")
        address = reverse("admin:commitments_proposal_change", args=[pk])
        return HttpResponseRedirect(address)

    def _page(
        self, request: HttpRequest, proposal: Proposal, *, form: DecisionForm | None
    ) -> HttpResponse:
        steps = list(proposal.steps.all())
        names = actors.names(step.actor for step in steps)
        shown, refused = _shown(request, proposal)
        cited = proposal.content.get("evidence") or []
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": f"{proposal.get_kind_display()}: {proposal.commitment}",
            "proposal": proposal,
            "commitment": proposal.commitment,
            "differences": differences(proposal),
            "documents": Evidence.objects.filter(slug__in=cited),
            "steps": [(step, names[step.actor]) for step in steps],
            "since": changes_since(proposal) if proposal.is_editable else [],
            "form": form,
            "why_not": why_not(request.user, proposal),
            "revise_url": _revise_url(request.user, proposal),
            "shown": shown,
            "refused": refused,
        }
        return TemplateResponse(
            request, "admin/commitments/proposal/change_form.html", context
        )


@admin.register(ProposalStep)
class ProposalStepAdmin(Unlisted, ViewOnlyAdmin):
    list_display = ["proposal", "number", "action", "severity", "comment", "at"]
    list_filter = ["action", "severity"]
    list_select_related = ["proposal"]
    search_fields = ["comment", "proposal__commitment__title"]
    date_hierarchy = "at"


def may_decide(user: Any, proposal: Proposal) -> bool:
    return not why_not(user, proposal)


def why_not(user: Any, proposal: Proposal) -> str:
    """Return why this person does not decide on a proposal, or ""."""
    if proposal.state != Proposal.State.WAITING:
        return f"It does not wait for a decision: {proposal.get_state_display()}."
    if proposal.actor == actors.key(user):
        return "You drafted this, so a second person decides on it."
    if not accounts.may(user, accounts.CONFIRM):
        return "Only reviewers decide on proposals."
    return ""


def _done(made: Any) -> str:
    if not isinstance(made, Proposal):
        return said(made)
    return {
        Proposal.State.RETURNED: "Returned to its author with your comment.",
        Proposal.State.REJECTED: "Rejected. It stays on record with your comment.",
    }[made.state]


def _revise_url(user: Any, proposal: Proposal) -> str:
    """Return where its author changes it, or ""."""
    if proposal.actor != actors.key(user) or not proposal.is_editable:
        return ""
    act = next(act for act in ACTS if getattr(act.form, "kind", "") == proposal.kind)
    url = reverse(f"admin:{act.url_name}", args=[proposal.commitment_id])
    return f"{url}?proposal={proposal.pk}"


def _shown(request: HttpRequest, proposal: Proposal) -> tuple[str, str]:
    """Return the public page as it would be, or why a rule refuses it now."""
    if not proposal.is_editable:
        return "", ""
    author = proposal.drafted_by or actors.SECOND_PERSON
    try:
        with services.rehearsed(proposal, by=author, at=timezone.now()) as entry:
            return public_page(entry.commitment, request=request), ""
    except RuleBroken as broken:
        return "", str(broken)
