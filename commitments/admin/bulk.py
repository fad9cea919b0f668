"""Bulk work: sending a file, seeing what it would do, importing it; exporting."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from commitments import accounts, actors
from commitments.bulk import exporting, runs
from commitments.bulk.limits import Unreadable
from commitments.bulk.resources import RESOURCES
from commitments.forms.bulk import ImportForm
from commitments.models import ImportRun
from commitments.rules import RuleBroken

from .base import ViewOnlyAdmin


@admin.register(ImportRun)
class ImportRunAdmin(ViewOnlyAdmin):
    list_display = ["__str__", "state", "total", "new", "changed", "by", "created_at"]
    list_filter = ["state", "kind", "format"]
    list_select_related = ["by"]
    search_fields = ["name", "by_name"]

    def get_urls(self):
        page = self.admin_site.admin_view
        own = [
            path("export/", page(self.export_page), name="commitments_export"),
            path(
                "export/<str:kind>.<str:format>",
                page(self.export_view),
                name="commitments_export_file",
            ),
            path(
                "<int:pk>/import/",
                page(require_POST(self.approve_view)),
                name="commitments_importrun_approve",
            ),
            path(
                "<int:pk>/discard/",
                page(require_POST(self.discard_view)),
                name="commitments_importrun_discard",
            ),
        ]
        return [*own, *super().get_urls()]

    def has_add_permission(self, request: HttpRequest, *args) -> bool:
        return bool(self.kinds(request))

    def kinds(self, request: HttpRequest) -> list[str]:
        """Return the kinds of rows that this account may import."""
        if not accounts.may(request.user, accounts.RECORD):
            return []
        return [kind for kind in RESOURCES if self.may_import(request, kind)]

    def may_import(self, request: HttpRequest, kind: str) -> bool:
        page = self.page_of(kind)
        may = page.has_add_permission(request) and page.has_change_permission(request)
        return may and accounts.may(request.user, accounts.RECORD)

    def page_of(self, kind: str) -> admin.ModelAdmin:
        """Return the pages of the model whose rows are meant."""
        if kind not in RESOURCES:
            raise Http404("There are no such rows.")
        return self.admin_site._registry[RESOURCES[kind].model]

    def add_view(self, request: HttpRequest, form_url="", extra_context=None):
        """Take a file, and check it at once if it is small."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        posted = request.method == "POST"
        form = ImportForm(
            request.POST if posted else None,
            request.FILES if posted else None,
            kinds=self.kinds(request),
            initial={"kind": request.GET.get("kind", "")},
        )
        at = timezone.now()
        if form.is_valid() and (run := form.save(by=request.user, at=at)):
            return self._worked(run, at=at)
        columns = {kind: RESOURCES[kind]().columns for kind in self.kinds(request)}
        return self._page(
            request,
            "form",
            title="Import a file",
            form=form,
            columns=columns,
            followed=[
                k for k, names in columns.items() if any(c.readonly for c in names)
            ],
        )

    def change_view(self, request, object_id, form_url="", extra_context=None):
        """Show how far a run is, and row by row what it does."""
        run = self.get_object(request, object_id)
        if run is None or not self.has_view_permission(request, run):
            return super().change_view(request, object_id, form_url, extra_context)
        return self._page(
            request,
            "run",
            title=str(run),
            run=run,
            importer=run.is_approved and run.by and actors.name(run.by),
            left_out=run.new + run.changed + run.refused - len(run.rows),
            may_import=self.may_import(request, run.kind),
        )

    def approve_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Import a checked file: at once if it is small."""
        return self._decide(request, pk, runs.approve, by=request.user)

    def discard_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        return self._decide(request, pk, runs.discard)

    def _decide(self, request: HttpRequest, pk: int, act, **who: Any) -> HttpResponse:
        run = get_object_or_404(ImportRun, pk=pk)
        if not self.may_import(request, run.kind):
            raise PermissionDenied
        at = timezone.now()
        try:
            act(run=run, at=at, **who)
        except RuleBroken as broken:
            messages.error(request, str(broken))
        return self._worked(run, at=at)

    def _worked(self, run: ImportRun, *, at) -> HttpResponse:
        if run.small and (taken := runs.take(run.pk, at=at)):
            runs.work(taken, at=at)
        address = reverse("admin:commitments_importrun_change", args=[run.pk])
        return HttpResponseRedirect(address)

    def export_page(self, request: HttpRequest) -> HttpResponse:
        """Offer all rows of each kind as a file."""
        kinds = [
            (kind, kind.label)
            for kind in ImportRun.Kind
            if self.page_of(kind).has_view_permission(request)
        ]
        return self._page(
            request,
            "export",
            title="Export",
            kinds=kinds,
            formats=list(exporting.TYPES),
        )

    def export_view(self, request: HttpRequest, kind: str, format: str) -> HttpResponse:
        """Send the rows of a list, filtered as that list is."""
        page = self.page_of(kind)
        if format not in exporting.TYPES:
            raise Http404("There is no such format.")
        if not page.has_view_permission(request):
            raise PermissionDenied
        try:
            chosen = page.get_changelist_instance(request).get_queryset(request)
            pieces = exporting.export(kind=kind, format=format, chosen=chosen)
        except IncorrectLookupParameters:
            messages.error(request, "Nothing can be filtered like this: look again.")
            return HttpResponseRedirect(reverse("admin:commitments_export"))
        except Unreadable as problem:
            messages.error(request, str(problem))
            return HttpResponseRedirect(reverse("admin:commitments_export"))
        name = f"{kind}-{timezone.localdate()}.{format}"
        return StreamingHttpResponse(
            pieces,
            content_type=exporting.TYPES[format],
            headers={"Content-Disposition": f'attachment; filename="{name}"'},
        )

    def _page(self, request: HttpRequest, name: str, **context: Any) -> HttpResponse:
        return TemplateResponse(
            request,
            f"admin/commitments/importrun/{name}.html",
            {
                **self.admin_site.each_context(request),
                "opts": self.opts,
                "has_view_permission": True,
                **context,
            },
        )
