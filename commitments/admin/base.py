"""What the pages of the desk share."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.http import HttpRequest

from commitments import chain
from commitments.models import DataVersion


class FactAdmin(admin.ModelAdmin):
    """Edits facts that readers see: each change counts in the data version.

    A slug is permanent: addresses and the digests of the history name it.
    """

    list_per_page = 50

    def changeform_view(self, request: HttpRequest, *args, **kwargs):
        with transaction.atomic():
            # Nothing is recorded between reading the row and writing it back.
            if request.method == "POST":
                chain.lock()
            return super().changeform_view(request, *args, **kwargs)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None):
        names = [field.name for field in self.opts.fields]
        fixed = ["slug"] if obj and "slug" in names else []
        return [*super().get_readonly_fields(request, obj), *fixed]

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None):
        return {} if obj else super().get_prepopulated_fields(request, obj)

    def save_related(self, *args, **kwargs) -> None:
        super().save_related(*args, **kwargs)
        DataVersion.bump()

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        super().delete_model(request, obj)
        DataVersion.bump()

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet) -> None:
        with transaction.atomic():
            super().delete_queryset(request, queryset)
            DataVersion.bump()


class ViewOnlyAdmin(admin.ModelAdmin):
    """Shows what only services write, or what is edited on another page."""

    list_per_page = 50
    actions = None

    def has_add_permission(self, request: HttpRequest, *args) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
