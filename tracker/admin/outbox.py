"""The outbox at the desk: what is told, and whether it is held back."""

from __future__ import annotations

from django.contrib import admin

from commitments.admin.base import ViewOnlyAdmin
from tracker.models import Event, Hold


@admin.register(Event)
class EventAdmin(ViewOnlyAdmin):
    list_display = [
        "pk",
        "commitment",
        "type",
        "recorded_at",
        "webhooks_at",
        "mails_at",
    ]
    list_filter = [
        "type",
        ("webhooks_at", admin.EmptyFieldListFilter),
        ("mails_at", admin.EmptyFieldListFilter),
    ]
    list_select_related = ["commitment"]
    search_fields = ["commitment__slug", "commitment__ref"]
    raw_id_fields = ["entry"]


@admin.register(Hold)
class HoldAdmin(ViewOnlyAdmin):
    """Begun by a restore or by `hold_outbox`, ended by `release_outbox`."""

    list_display = ["reason", "held_at", "released_at", "discarded"]
    list_filter = [("released_at", admin.EmptyFieldListFilter)]
