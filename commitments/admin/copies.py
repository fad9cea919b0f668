"""The link of a document and its kept copies, for the people who keep the record."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.models import CHANGE, LogEntry
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.clickjacking import xframe_options_sameorigin
from django.views.decorators.http import require_POST, require_safe

from commitments import accounts, archive, services, verdicts
from commitments.forms.copies import UploadForm
from commitments.models import Capture, Evidence, Host, Link, LinkCheck, Snapshot
from commitments.rules import RuleBroken

from .base import Unlisted, ViewOnlyAdmin

CHECKS = 20
# No script, no request, no name of ours: whatever the kept page holds.
SANDBOX = (
    "sandbox; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    "form-action 'none'; base-uri 'none'; frame-ancestors 'self'"
)


def urls(site: admin.AdminSite) -> list:
    """Return the addresses of the pages about copies, under the evidence."""
    page = site.admin_view
    return [
        path("<int:pk>/copies/", page(copies), name="commitments_evidence_copies"),
        path(
            "<int:pk>/accept/",
            page(require_POST(accept)),
            name="commitments_evidence_accept",
        ),
        path(
            "<int:pk>/look-again/",
            page(require_POST(look_again)),
            name="commitments_evidence_look_again",
        ),
        path(
            "copies/<int:pk>/document/",
            page(xframe_options_sameorigin(require_safe(document))),
            name="commitments_capture_document",
        ),
        path(
            "copies/<int:pk>/warc/",
            page(require_safe(warc)),
            name="commitments_capture_warc",
        ),
    ]


def _evidence(request: HttpRequest, pk: int) -> Evidence:
    if not request.user.has_perm("commitments.view_evidence"):
        raise PermissionDenied
    return get_object_or_404(Evidence.objects.select_related("link"), pk=pk)


def copies(request: HttpRequest, pk: int) -> HttpResponse:
    """Show how the link was found, what changed and what is kept; take an upload."""
    evidence = _evidence(request, pk)
    may_record = accounts.may(request.user, accounts.RECORD)
    form = (
        UploadForm(request.POST, request.FILES)
        if request.method == "POST"
        else UploadForm()
    )
    if request.method == "POST":
        if not may_record:
            raise PermissionDenied
        if form.is_valid() and form.save(
            evidence=evidence, by=request.user, at=timezone.now()
        ):
            _log(request, evidence, "Uploaded a copy.")
            messages.success(request, "The copy is kept.")
            return _back(evidence)
    link = getattr(evidence, "link", None)
    kept = list(evidence.captures.defer("text", "headers").select_related("snapshot"))
    context = {
        **admin.site.each_context(request),
        "title": f"Link and copies: {evidence.title}",
        "evidence": evidence,
        "link": link,
        "definition": verdicts.DEFINITIONS.get(link.verdict) if link else "",
        "differences": _differences(link),
        "captures": kept,
        "checks": evidence.link_checks.all()[:CHECKS],
        "form": form,
        "may_record": may_record,
    }
    return TemplateResponse(request, "admin/commitments/evidence/copies.html", context)


def _differences(link: Link | None) -> list[tuple[str, str]]:
    if link is None or link.latest_id == link.baseline_id:
        return []
    found = Capture.objects.in_bulk([link.baseline_id, link.latest_id])
    old, new = found[link.baseline_id], found[link.latest_id]
    return verdicts.difference(old.text, new.text)


def accept(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a change as read: the newest copy is what the link is held against."""
    evidence = _evidence(request, pk)
    if not accounts.may(request.user, accounts.RECORD):
        raise PermissionDenied
    try:
        services.accept_change(evidence=evidence, at=timezone.now())
    except RuleBroken as broken:
        messages.error(request, str(broken))
    else:
        _log(request, evidence, "Took the changed text as read.")
        messages.success(request, "The newest copy is what the link is held against.")
    return _back(evidence)


def look_again(request: HttpRequest, pk: int) -> HttpResponse:
    """Have the link looked at as soon as its host's turn comes."""
    evidence = _evidence(request, pk)
    if not accounts.may(request.user, accounts.RECORD):
        raise PermissionDenied
    services.look_again(evidence=evidence, at=timezone.now())
    messages.success(request, "It is looked at within a minute or two.")
    return _back(evidence)


def _back(evidence: Evidence) -> HttpResponseRedirect:
    return HttpResponseRedirect(
        reverse("admin:commitments_evidence_copies", args=[evidence.pk])
    )


def _log(request: HttpRequest, evidence: Evidence, what: str) -> None:
    LogEntry.objects.log_actions(
        request.user.pk, [evidence], CHANGE, change_message=what, single_object=True
    )


def _file(request: HttpRequest, pk: int) -> tuple[Capture, bytes]:
    if not request.user.has_perm("commitments.view_capture"):
        raise PermissionDenied
    capture = get_object_or_404(Capture.objects.defer("text"), pk=pk)
    try:
        return capture, archive.document(capture)
    except OSError:
        raise Http404(
            "The file of this copy cannot be read. Run manage.py verify_captures."
        ) from None


def document(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the kept document in a sandbox: no script, no request, no origin."""
    capture, content = _file(request, pk)
    mime = archive.MIME.get(capture.kind, "application/octet-stream")
    response = HttpResponse(content, content_type=mime)
    shown = capture.kind in ("html", "text", "png", "jpeg", "gif", "webp")
    return _sealed(response, f"copy-{pk}.{capture.kind}", attached=not shown)


def warc(request: HttpRequest, pk: int) -> HttpResponse:
    """Answer the WARC file as it is kept."""
    capture, _ = _file(request, pk)
    with archive.storage().open(capture.warc) as file:
        response = HttpResponse(file.read(), content_type="application/warc")
    return _sealed(response, capture.warc.rpartition("/")[2], attached=True)


def _sealed(response: HttpResponse, name: str, *, attached: bool) -> HttpResponse:
    disposition = "attachment" if attached else "inline"
    response["Content-Disposition"] = f'{disposition}; filename="{name}"'
    response["Content-Security-Policy"] = SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    response["Cross-Origin-Resource-Policy"] = "same-origin"
    response["Cache-Control"] = "private, no-store"
    return response


@admin.register(Capture)
class CaptureAdmin(Unlisted, ViewOnlyAdmin):
    list_display = ["evidence", "taken_at", "origin", "kind", "size", "sha256"]
    list_filter = ["origin", "kind"]
    list_select_related = ["evidence"]
    search_fields = ["evidence__title", "url", "=sha256"]

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("text", "headers")


@admin.register(Link)
class LinkAdmin(ViewOnlyAdmin):
    """Every link, those that want a decision first by the filter."""

    list_display = ["evidence", "verdict", "verdict_since", "checked_at", "due_at"]
    list_filter = ["verdict", "verdict_since"]
    list_select_related = ["evidence"]
    search_fields = ["url", "evidence__title", "evidence__publisher"]
    ordering = ["-verdict_since", "pk"]

    def lookup_allowed(self, lookup, value, request):
        by_commitment = lookup == "evidence__commitments__id__exact"
        return by_commitment or super().lookup_allowed(lookup, value, request)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Lead to the page on which one decides."""
        link = self.get_object(request, object_id)
        if link is None or not self.has_view_permission(request, link):
            return super().change_view(request, object_id, form_url, extra_context)
        return _back(link.evidence)


@admin.register(LinkCheck)
class LinkCheckAdmin(Unlisted, ViewOnlyAdmin):
    list_display = ["evidence", "checked_at", "verdict", "status", "detail"]
    list_filter = ["verdict", "checked_at"]
    list_select_related = ["evidence"]
    search_fields = ["url", "evidence__title"]


@admin.register(Host)
class HostAdmin(Unlisted, ViewOnlyAdmin):
    list_display = ["name", "next_at", "leased_until", "robots_at"]
    search_fields = ["name"]


@admin.register(Snapshot)
class SnapshotAdmin(Unlisted, ViewOnlyAdmin):
    list_display = ["capture", "address", "attempts", "tried_at", "failure"]
    list_select_related = ["capture"]
    search_fields = ["address"]
