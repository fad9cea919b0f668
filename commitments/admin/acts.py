"""The pages on which something is recorded: one form, one call to a service."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from commitments import forms
from commitments.accounts import DECIDE, DUTIES, RECORD, groups_of, may
from commitments.models import Commitment


@dataclass(frozen=True)
class Act:
    """A thing to record: its page, its form and whose duty it is."""

    name: str
    title: str
    form: type[forms.ActForm]
    duty: str = RECORD
    # On drafts ("") or on published commitments.
    standing: str = "published"
    # Only where a status can be given at all.
    needs_test: bool = False

    @property
    def url_name(self) -> str:
        return f"commitments_commitment_{self.name.replace('-', '_')}"

    def fits(self, commitment: Commitment) -> bool:
        return commitment.standing == self.standing and (
            commitment.trackable or not self.needs_test
        )


ACTS = (
    Act("publish", "Publish", forms.PublishForm, DECIDE, standing=""),
    Act("assess", "Assess", forms.AssessForm, needs_test=True),
    Act("review", "Review: still accurate", forms.ReviewForm, needs_test=True),
    Act("claim", "Record official claim", forms.ClaimForm),
    Act("attach-evidence", "Attach evidence", forms.AttachEvidenceForm),
    Act("correct", "Correct", forms.CorrectForm),
    Act("amend-wording", "Amend wording", forms.AmendWordingForm),
    Act("move-deadline", "Move deadline", forms.MoveDeadlineForm),
    Act("meet-milestone", "Meet milestone", forms.MeetMilestoneForm),
    Act("withdraw", "Withdraw", forms.WithdrawForm, DECIDE),
    Act("merge", "Merge", forms.MergeForm, DECIDE),
)


def offered(user: Any, commitment: Commitment) -> list[dict[str, str]]:
    """Return title and address of what this account may do with a commitment."""
    mine = groups_of(user)
    return [
        {"title": act.title, "url": _url(act, commitment)}
        for act in ACTS
        if act.fits(commitment) and not mine.isdisjoint(DUTIES[act.duty])
    ]


def _url(act: Act, commitment: Commitment) -> str:
    return reverse(f"admin:{act.url_name}", args=[commitment.pk])


@require_http_methods(["GET", "HEAD", "POST"])
def act_view(
    request: HttpRequest, pk: int, *, model_admin: admin.ModelAdmin, act: Act
) -> HttpResponse:
    """Show the form of an act; on POST record it and return to the commitment."""
    commitment = get_object_or_404(Commitment, pk=pk)
    if not model_admin.has_view_permission(request, commitment):
        raise PermissionDenied
    if not may(request.user, act.duty):
        raise PermissionDenied(
            f"“{act.title}” is for the groups {' and '.join(DUTIES[act.duty])}."
        )
    chosen = _chosen(act, request, commitment)
    if chosen is None:
        return _page(model_admin, act, request, commitment, form=None)
    at = timezone.now()
    form = act.form(
        request.POST if request.method == "POST" else None,
        commitment=commitment,
        user=request.user,
        today=at.date(),
        **chosen,
    )
    if form.is_valid() and (entry := form.save(by=request.user, at=at)):
        messages.success(
            request, f"Recorded as entry {entry.seq}, {entry.get_sign_off_display()}."
        )
        address = reverse("admin:commitments_commitment_change", args=[commitment.pk])
        return HttpResponseRedirect(address)
    return _page(model_admin, act, request, commitment, form=form)


def _chosen(
    act: Act, request: HttpRequest, commitment: Commitment
) -> dict[str, Any] | None:
    """Return what the form needs beside the commitment; None: still to choose."""
    if act.form is not forms.CorrectForm:
        return {}
    number = request.POST.get("entry") or request.GET.get("entry")
    if not number:
        return None
    if not (number.isascii() and number.isdigit()) or len(number) > 18:
        raise Http404("No such entry.")
    return {"entry": get_object_or_404(commitment.history, pk=int(number))}


def _page(
    model_admin: admin.ModelAdmin,
    act: Act,
    request: HttpRequest,
    commitment: Commitment,
    *,
    form: forms.ActForm | None,
) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": f"{act.title}: {commitment}",
        "act": act,
        "commitment": commitment,
        "form": form,
        "media": form.media if form else "",
        "entry": getattr(form, "entry", None),
        "correctable": forms.correctable(commitment) if form is None else (),
        "sign_off": settings.SIGN_OFF,
    }
    return TemplateResponse(request, "admin/commitments/commitment/act.html", context)
