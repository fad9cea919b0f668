"""The pages on which something is recorded: one form, one call to a service."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any

from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from commitments import forms, services
from commitments.accounts import DECIDE, DUTIES, RECORD, groups_of, may
from commitments.models import Commitment, HistoryEntry, Proposal, Tip
from commitments.validation import is_key

from .preview import public_page


@dataclass(frozen=True)
class Act:
    """A thing to record: its page, its form and whose duty it is."""

    name: str
    title: str
    form: type[forms.ActForm]
    duty: str = RECORD
    # On drafts ("") or on published commitments, or also on what is no longer tracked.
    standings: tuple[str, ...] = ("published",)
    # Only where a status can be given at all.
    needs_test: bool = False

    @property
    def url_name(self) -> str:
        return f"commitments_commitment_{self.name.replace('-', '_')}"

    def fits(self, commitment: Commitment) -> bool:
        return commitment.standing in self.standings and (
            commitment.trackable or not self.needs_test
        )


ACTS = (
    Act("publish", "Publish", forms.PublishForm, DECIDE, standings=("",)),
    Act("assess", "Assess", forms.AssessForm, needs_test=True),
    Act("review", "Review: still accurate", forms.ReviewForm, needs_test=True),
    Act("claim", "Record official claim", forms.ClaimForm),
    Act("attach-evidence", "Attach evidence", forms.AttachEvidenceForm),
    Act(
        "correct",
        "Correct",
        forms.CorrectForm,
        standings=("published", "withdrawn", "merged"),
    ),
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
    chosen, tip = _chosen(act, request, commitment), _tip(request)
    if chosen is None:
        return _page(model_admin, act, request, commitment, form=None, tip=tip)
    at = timezone.now()
    shown = ""
    form = act.form(
        request.POST if request.method == "POST" else None,
        commitment=commitment,
        user=request.user,
        today=at.date(),
        **chosen,
    )
    if tip is not None and tip.source_url:
        form.initial.setdefault("new_url", tip.source_url)
    if form.is_valid():
        if _asks_for_preview(request, form):
            show = partial(public_page, request=request)
            shown = form.preview(by=request.user, at=at, show=show) or ""
        elif made := _write(request, form, tip=tip, at=at):
            look_at_flags(at=at)
            messages.success(request, said(made))
            return HttpResponseRedirect(address_of(made))
    return _page(model_admin, act, request, commitment, form=form, shown=shown, tip=tip)


def _asks_for_preview(request: HttpRequest, form: forms.ActForm) -> bool:
    """Whether to show first: what is handed in was seen as readers will see it."""
    if not isinstance(form, forms.ProposalForm) or "_draft" in request.POST:
        return False
    return "_preview" in request.POST or not form.is_previewed


@transaction.atomic
def _write(
    request: HttpRequest, form: forms.ActForm, *, tip: Tip | None, at: datetime
) -> Any:
    """Record it, and note on the tip it came from what that led to."""
    if isinstance(form, forms.ProposalForm) and "_draft" in request.POST:
        made = form.keep_draft(by=request.user, at=at)
    else:
        made = form.save(by=request.user, at=at)
    if made and tip is not None:
        services.link_tip(tip=tip, made=made, by=request.user, at=at)
    return made


def look_at_flags(*, at: datetime) -> None:
    """Close the flags whose reason an entry has just ended: nobody looks at it again."""
    services.flag_commitments(on=at.date(), at=at)


def said(made: HistoryEntry | Proposal) -> str:
    """Return what to tell the person who made an entry or a proposal."""
    entry = made.entry if isinstance(made, Proposal) else made
    if entry is not None:
        return f"Recorded as entry {entry.seq}, {entry.get_sign_off_display().lower()}."
    if made.state == Proposal.State.DRAFT:
        return "Kept as a draft. Readers see nothing of it."
    return "Handed in. Readers see it when a second person has signed it off."


def address_of(made: HistoryEntry | Proposal) -> str:
    """Return where to go on: the proposal, or the commitment of an entry."""
    if isinstance(made, Proposal) and made.entry_id is None:
        return reverse("admin:commitments_proposal_change", args=[made.pk])
    return reverse("admin:commitments_commitment_change", args=[made.commitment_id])


def _chosen(
    act: Act, request: HttpRequest, commitment: Commitment
) -> dict[str, Any] | None:
    """Return what the form needs beside the commitment; None: still to choose."""
    chosen: dict[str, Any] = {}
    if pk := _number(request, "proposal"):
        own = Proposal.objects.by(request.user).filter(commitment=commitment)
        proposal = get_object_or_404(own, pk=pk, kind=getattr(act.form, "kind", ""))
        if not proposal.is_editable:
            raise Http404("This proposal has been decided on; draft a new one.")
        chosen["proposal"] = proposal
    if act.form is not forms.CorrectForm:
        return chosen
    if "proposal" in chosen:
        return {**chosen, "entry": chosen["proposal"].refers_to}
    if not (number := _number(request, "entry")):
        return None
    return {**chosen, "entry": get_object_or_404(commitment.history, pk=number)}


def _number(request: HttpRequest, name: str) -> int | None:
    given = request.POST.get(name) or request.GET.get(name)
    if not given:
        return None
    if not is_key(given):
        raise Http404(f"No such {name}.")
    return int(given)


def _tip(request: HttpRequest) -> Tip | None:
    """Return the tip that the form was opened from, if it was."""
    pk = _number(request, "tip")
    if pk is None or not may(request.user, RECORD):
        return None
    return get_object_or_404(Tip, pk=pk)


def _drafts(commitment: Commitment) -> list[Proposal]:
    """Return what colleagues have in hand on this commitment."""
    return list(commitment.proposals.open().select_related("author"))


def _page(
    model_admin: admin.ModelAdmin,
    act: Act,
    request: HttpRequest,
    commitment: Commitment,
    *,
    form: forms.ActForm | None,
    shown: str = "",
    tip: Tip | None = None,
) -> HttpResponse:
    context = {
        **model_admin.admin_site.each_context(request),
        "opts": model_admin.opts,
        "title": f"{act.title}: {commitment}",
        "act": act,
        "commitment": commitment,
        "form": form,
        "media": form.media if form else "",
        "shown": shown,
        "tip": tip,
        "proposal": getattr(form, "proposal", None),
        "drafts": _drafts(commitment),
        "entry": getattr(form, "entry", None),
        "correctable": forms.correctable(commitment) if form is None else (),
        "sign_off": settings.SIGN_OFF,
    }
    return TemplateResponse(request, "admin/commitments/commitment/act.html", context)
