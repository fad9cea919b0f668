"""Keys of machines that hand in drafts. The secret is shown once."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from commitments import services
from commitments.models import ApiAnswer, ApiKey
from commitments.models.api_key import ApiScope
from commitments.rules import RuleBroken

from .base import ListedAdmin, Unlisted, ViewOnlyAdmin


class ApiKeyForm(forms.ModelForm):
    scopes = forms.MultipleChoiceField(
        choices=ApiScope.choices, widget=forms.CheckboxSelectMultiple
    )

    class Meta:
        model = ApiKey
        fields = ["name", "scopes", "expires_at"]

    def clean_expires_at(self):
        if self.cleaned_data["expires_at"] <= timezone.now():
            raise forms.ValidationError("Give a moment that is still to come.")
        return self.cleaned_data["expires_at"]


@admin.register(ApiKey)
class ApiKeyAdmin(ListedAdmin):
    """Made and revoked here, never changed or deleted: drafts name them."""

    form = ApiKeyForm
    list_display = [
        *("name", "prefix", "scopes", "made_at", "expires_at"),
        *("last_used_at", "revoked_at"),
    ]
    list_filter = [("revoked_at", admin.EmptyFieldListFilter), "expires_at"]
    list_per_page = 50
    search_fields = ["name", "prefix"]
    actions = ["revoke"]

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any):
        try:
            key, secret = services.make_key(**form.cleaned_data, at=timezone.now())
        except RuleBroken as broken:
            messages.error(request, str(broken))
            return
        obj.pk = key.pk
        messages.warning(
            request, f"The key is {secret} — copy it now: it is not shown again."
        )

    @admin.action(description="Revoke", permissions=["change"])
    def revoke(self, request: HttpRequest, queryset: QuerySet) -> None:
        count = services.revoke_keys(keys=list(queryset), at=timezone.now())
        messages.success(request, f"{count} revoked.")


@admin.register(ApiAnswer)
class ApiAnswerAdmin(Unlisted, ViewOnlyAdmin):
    list_display = ["key", "idempotency_key", "status", "at"]
    list_filter = ["key"]
    list_select_related = ["key"]
    search_fields = ["idempotency_key"]
