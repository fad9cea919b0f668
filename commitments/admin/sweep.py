"""The half-yearly sweep: its list, its page and its report."""

from __future__ import annotations

import csv
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from commitments import accounts, actors, services
from commitments.bulk.cells import neutralise
from commitments.models import Proposal, Sweep, SweepItem
from commitments.rules import RuleBroken
from commitments.services.sweep import decisions

from .base import Unlisted, ViewOnlyAdmin


@admin.register(Sweep)
class SweepAdmin(ViewOnlyAdmin):
    list_display = ["__str__", "until", "opened_at", "closed_at"]
    search_fields = ["on"]

    def get_urls(self):
        view = self.admin_site.admin_view
        own = [
            path("open/", view(require_POST(self.open_view)), name="sweep_open"),
            path(
                "<int:pk>/close/",
                view(require_POST(self.close_view)),
                name="sweep_close",
            ),
            path(
                "<int:pk>/report.csv",
                view(require_safe(self.report_view)),
                name="sweep_report",
            ),
        ]
        return [*own, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context=None):
        may_open = accounts.may(request.user, accounts.CONFIRM)
        is_open = Sweep.objects.filter(closed_at=None).exists()
        extra = {"may_open": may_open and not is_open, **(extra_context or {})}
        return super().changelist_view(request, extra)

    def change_view(self, request, object_id, form_url="", extra_context=None):
        sweep = self.get_object(request, object_id)
        if sweep is None or not self.has_view_permission(request, sweep):
            return super().change_view(request, object_id, form_url, extra_context)
        rows = rows_of(sweep)
        names = actors.names(filter(None, [sweep.opened_actor, sweep.closed_actor]))
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": str(sweep),
            "sweep": sweep,
            "rows": rows,
            "left": sum(row["entry"] is None for row in rows),
            "opened_by": names[sweep.opened_actor],
            "closed_by": names.get(sweep.closed_actor, ""),
            "may_close": accounts.may(request.user, accounts.CONFIRM),
            "may_record": accounts.may(request.user, accounts.RECORD),
        }
        return TemplateResponse(
            request, "admin/commitments/sweep/change_form.html", context
        )

    def open_view(self, request: HttpRequest) -> HttpResponse:
        """Open a sweep for today."""
        _check_reviewer(request)
        at = timezone.now()
        try:
            sweep = services.open_sweep(by=request.user, on=at.date(), at=at)
        except RuleBroken as broken:
            messages.error(request, str(broken))
            address = reverse("admin:commitments_sweep_changelist")
            return HttpResponseRedirect(address)
        return HttpResponseRedirect(address_of(sweep))

    def close_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Close a sweep in which nothing is left."""
        _check_reviewer(request)
        sweep = get_object_or_404(Sweep, pk=pk)
        try:
            services.close_sweep(sweep=sweep, by=request.user, at=timezone.now())
        except RuleBroken as broken:
            messages.error(request, str(broken))
        else:
            messages.success(request, "Closed. Its report can be printed as it is.")
        return HttpResponseRedirect(address_of(sweep))

    def report_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Give the report as CSV; no cell is run by a spreadsheet."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        sweep = get_object_or_404(Sweep, pk=pk)
        response = HttpResponse(content_type="text/csv; charset=utf-8")
        name = f"sweep-{sweep.on}.csv"
        response["Content-Disposition"] = f'attachment; filename="{name}"'
        writer = csv.writer(response)
        writer.writerow(REPORT)
        for row in rows_of(sweep):
            writer.writerow([neutralise(str(cell)) for cell in report_row(row)])
        return response


@admin.register(SweepItem)
class SweepItemAdmin(Unlisted, ViewOnlyAdmin):
    list_display = ["sweep", "commitment", "why", "due_on", "decision"]
    list_filter = ["sweep", "why"]
    list_select_related = ["sweep", "commitment", "decision"]
    search_fields = ["commitment__ref", "commitment__title"]


REPORT = (
    "ref",
    "commitment",
    "why",
    "due_on",
    "decision",
    "entry",
    "recorded_at",
    "author",
    "signed_off_by",
    "reason",
)


def _check_reviewer(request: HttpRequest) -> None:
    if not accounts.may(request.user, accounts.CONFIRM):
        raise PermissionDenied("Sweeps are opened and closed by reviewers.")


def address_of(sweep: Sweep) -> str:
    return reverse("admin:commitments_sweep_change", args=[sweep.pk])


def rows_of(sweep: Sweep) -> list[dict[str, Any]]:
    """Return each item with the entry that decided it and what waits on it."""
    items = list(
        sweep.items.select_related("commitment", "decision__text").order_by(
            "due_on", "commitment__ref_order"
        )
    )
    decided = decisions(sweep) if sweep.closed_at is None else {}
    waiting = dict(
        Proposal.objects.open()
        .filter(commitment__in=[item.commitment_id for item in items])
        .values_list("commitment_id", "pk")
    )
    return [
        {
            "item": item,
            "commitment": item.commitment,
            "entry": item.decision or decided.get(item.commitment_id),
            "waiting": waiting.get(item.commitment_id),
        }
        for item in items
    ]


def report_row(row: dict[str, Any]) -> list[Any]:
    """Return one line of the report, in the order of ``REPORT``."""
    item, commitment, entry = row["item"], row["commitment"], row["entry"]
    facts = [commitment.ref, commitment.title, item.get_why_display(), item.due_on]
    if entry is None:
        return [*facts, "undecided", "", "", "", "", ""]
    what = entry.get_status_display() or entry.get_acts_as_display()
    return [
        *facts,
        f"moved to {entry.due_on}" if entry.due_on else what,
        entry.seq,
        entry.recorded_at.isoformat(),
        entry.text.author_name,
        entry.text.approver_name,
        entry.text.reason,
    ]
