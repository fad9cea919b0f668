"""Following by e-mail at the desk: how many follow what, and what became of mails.

Addresses are personal data that nobody at the desk needs: no page shows one, and none
can be searched for or exported. `manage.py forget_follower` deletes one on request.
"""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.template.response import TemplateResponse
from django.utils import timezone

from commitments.admin.base import ViewOnlyAdmin
from tracker.following import sending
from tracker.following.filters import Words
from tracker.models import Follow, Mail
from tracker.models.follower import Cadence, Scope


@admin.register(Follow)
class FollowAdmin(ViewOnlyAdmin):
    """Counts alone: what is followed, by how many, and how often they hear of it."""

    def changelist_view(self, request: HttpRequest, extra_context: Any = None):
        counts = {
            value: Count("pk", filter=Q(cadence=value)) for value in Cadence.values
        }
        rows = (
            Follow.objects.confirmed()
            .order_by()
            .values("filters")
            .annotate(
                total=Count("pk"),
                material=Count("pk", filter=Q(scope=Scope.MATERIAL)),
                **counts,
            )
            .order_by("-total", "filters")
        )
        words = Words()
        shown = {
            **self.admin_site.each_context(request),
            "title": "What is followed by e-mail",
            "followers": Follow.objects.confirmed()
            .aggregate(n=Count("follower", distinct=True))
            .get("n"),
            "waiting": Follow.objects.waiting().count(),
            "cadences": Cadence.labels,
            "rows": [
                {
                    "words": words.of(row["filters"]),
                    "filters": row["filters"],
                    "total": row["total"],
                    "material": row["material"],
                    "by_cadence": [row[value] for value in Cadence.values],
                }
                for row in rows
            ],
        }
        if not self.has_view_permission(request):
            return super().changelist_view(request, extra_context)
        return TemplateResponse(request, "admin/tracker/follow/counts.html", shown)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        # One row would say who follows what.
        return obj is None and super().has_view_permission(request, obj)


@admin.register(Mail)
class MailAdmin(ViewOnlyAdmin):
    """The outbox of mails. Uncertain ones may be sent after all, on a person's word."""

    list_display = [
        *("pk", "what", "follower", "state", "made_at", "tries", "sent_at", "error")
    ]
    list_filter = ["state", "letter__kind", "letter__language", "made_at"]
    list_select_related = ["letter", "issue", "event__commitment", "follower"]
    fields = [*list_display, "next_at", "leased_until", "message_key"]
    actions = ["release"]

    @admin.display(description="What")
    def what(self, mail: Mail) -> str:
        if mail.event is not None:
            return f"Entry {mail.event_id} of {mail.event.commitment.ref}"
        return str(mail.issue or mail.letter.get_kind_display())

    def has_release_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tracker.change_mail")

    @admin.action(
        description="Send uncertain and given-up mails after all (may arrive twice)",
        permissions=["release"],
    )
    def release(self, request: HttpRequest, queryset: QuerySet) -> None:
        count = sending.release(mails=list(queryset), at=timezone.now())
        messages.success(request, f"{count} will be sent. Others were left alone.")
