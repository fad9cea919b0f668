"""Releases at the desk: what was released, and the page that orders another."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from commitments.admin.base import ViewOnlyAdmin
from tracker.models import Release, ReleaseOrder
from tracker.releases import ordering


@admin.register(Release)
class ReleaseAdmin(ViewOnlyAdmin):
    """Never changed or deleted. To add one is to order it: a worker makes it."""

    list_display = ["number", "made_at", "seq", "digest", "sums"]
    date_hierarchy = "made_at"
    # No form writes a release; this also keeps the library from making one.
    readonly_fields = [field.name for field in Release._meta.fields]

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return request.user.has_perm("tracker.add_release")

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: Any = None
    ) -> HttpResponse:
        """Ask whether to make one; write the order down."""
        if not self.has_add_permission(request):
            raise PermissionDenied
        if request.method == "POST":
            ordering.order(by=request.user, at=timezone.now())
            messages.success(
                request,
                "Ordered. It is made within a few minutes; what came of it is told here.",
            )
            return redirect("admin:tracker_release_add")
        orders = ReleaseOrder.objects.select_related("ordered_by")[:10]
        context = {
            **self.admin_site.each_context(request),
            "title": "Make a release now",
            "last": Release.objects.order_by("-number").first(),
            "orders": orders,
            "waits": any(not one.outcome for one in orders),
        }
        return render(request, "admin/tracker/release/order.html", context)
