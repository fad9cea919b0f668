"""Webhooks at the desk: endpoints, what they were sent, and how it went."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from commitments.admin.base import ListedAdmin, Unlisted, ViewOnlyAdmin
from commitments.models import ApiKey, Commitment
from commitments.models.api_key import ApiScope
from commitments.rules import RuleBroken
from tracker.models import Attempt, Delivery, Endpoint, EndpointNotice
from tracker.models.endpoint import KINDS
from tracker.webhooks import endpoints
from tracker.webhooks.messages import body as message_body

SHOWN_ONCE = "copy it now: it is not shown again."


class EndpointForm(forms.ModelForm):
    kinds = forms.MultipleChoiceField(
        choices=KINDS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text="None chosen: all.",
    )
    commitments = forms.ModelMultipleChoiceField(
        Commitment.objects.public(), required=False, help_text="None chosen: all."
    )

    class Meta:
        model = Endpoint
        fields = ["key", "url", "email", "note", "kinds", "commitments"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "key" in self.fields:
            names = [
                key.pk
                for key in ApiKey.objects.filter(revoked_at=None)
                if ApiScope.WEBHOOKS in key.scopes
            ]
            self.fields["key"].queryset = ApiKey.objects.filter(pk__in=names)

    def _post_clean(self) -> None:
        """Ask the service, and take it back: its refusals show at their fields."""
        super()._post_clean()
        if self.errors:
            return
        try:
            with transaction.atomic():
                self.write()
                transaction.set_rollback(True)
        except RuleBroken as broken:
            named = broken.field if broken.field in self.fields else None
            self.add_error(named, str(broken))

    def write(self) -> tuple[Endpoint, str]:
        """Return the endpoint as it is now, and the secret of a new one."""
        given, at = dict(self.cleaned_data), timezone.now()
        if self.instance.pk is None:
            return endpoints.register(at=at, **given)
        return endpoints.change(endpoint=self.instance, at=at, **given), ""


class NoticeInline(admin.TabularInline):
    model = EndpointNotice
    fields = readonly_fields = ["at", "text", "mailed_at"]
    can_delete = False
    extra = 0
    verbose_name_plural = "what its owner was told"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Endpoint)
class EndpointAdmin(ListedAdmin):
    """Registered here or by the API; the secret is shown once."""

    form = EndpointForm
    list_display = ["url", "key", "state", "delivered_at", "failing_since", "reason"]
    list_filter = ["state", "key"]
    list_select_related = ["key"]
    list_per_page = 50
    search_fields = ["url", "email", "note", "key__name"]
    readonly_fields = [
        *("state", "reason", "made_at", "verified_at", "delivered_at"),
        *("failing_since", "paused_until"),
    ]
    inlines = [NoticeInline]
    actions = ["rotate", "send_test", "enable", "stop"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        return [*self.readonly_fields, *(["key"] if obj else [])]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: Any):
        written, secret = form.write()
        obj.pk = written.pk
        if secret:
            messages.warning(request, f"The secret is {secret} — {SHOWN_ONCE}")

    def save_related(
        self, request: HttpRequest, form: Any, formsets: Any, change: bool
    ) -> None:
        """Save no relation of the form itself: the service did."""
        for formset in formsets:
            self.save_formset(request, form, formset, change=change)

    @admin.action(description="Make a new secret", permissions=["change"])
    def rotate(self, request: HttpRequest, queryset: QuerySet) -> None:
        for endpoint in queryset:
            secret = endpoints.rotate(endpoint=endpoint, at=timezone.now())
            told = f"The new secret of {endpoint} is {secret} — {SHOWN_ONCE}"
            messages.warning(request, f"{told} The old one signs too for a day.")

    @admin.action(description="Send a test", permissions=["change"])
    def send_test(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._each(request, queryset, endpoints.send_test, "A test is on its way to")

    @admin.action(description="Enable, after a new challenge", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._each(request, queryset, endpoints.enable, "A challenge is on its way to")

    @admin.action(description="Stop", permissions=["change"])
    def stop(self, request: HttpRequest, queryset: QuerySet) -> None:
        self._each(request, queryset, endpoints.stop, "Nothing more is sent to")

    def _each(self, request: HttpRequest, found: QuerySet, act: Any, done: str) -> None:
        for endpoint in found:
            try:
                act(endpoint=endpoint, at=timezone.now())
            except RuleBroken as broken:
                messages.error(request, f"{endpoint}: {broken}")
            else:
                messages.success(request, f"{done} {endpoint}.")


class AttemptInline(admin.TabularInline):
    model = Attempt
    fields = readonly_fields = [
        *("number", "at", "milliseconds", "status", "error", "request_headers"),
        *("request_bytes", "response_headers", "response_body"),
    ]
    can_delete = False
    extra = 0
    verbose_name_plural = "its tries, the latest first"

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Delivery)
class DeliveryAdmin(ViewOnlyAdmin):
    list_display = [
        *("message_id", "endpoint", "commitment", "state", "tries", "next_try"),
        *("last_status", "last_error"),
    ]
    list_filter = ["state", "endpoint"]
    list_select_related = ["endpoint", "commitment"]
    search_fields = ["message_id", "commitment__slug", "endpoint__url"]
    date_hierarchy = "made_at"
    readonly_fields = ["body"]
    inlines = [AttemptInline]
    actions = ["send_again"]

    @admin.display(description="what is sent")
    def body(self, delivery: Delivery) -> str:
        return message_body(delivery).decode()

    def has_replay_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("tracker.change_delivery")

    @admin.action(description="Send again", permissions=["replay"])
    def send_again(self, request: HttpRequest, queryset: QuerySet) -> None:
        count = endpoints.replay(deliveries=queryset, at=timezone.now())
        messages.success(request, f"{count} will be sent again.")


@admin.register(Attempt)
class AttemptAdmin(Unlisted, ViewOnlyAdmin):
    list_display = ["delivery", "number", "at", "status", "error", "milliseconds"]
    list_filter = ["status"]
    list_select_related = ["delivery"]
    search_fields = ["delivery__message_id", "delivery__endpoint__url"]


@admin.register(EndpointNotice)
class EndpointNoticeAdmin(ViewOnlyAdmin):
    list_display = ["text", "endpoint", "at", "mailed_at"]
    list_filter = [("mailed_at", admin.EmptyFieldListFilter)]
    list_select_related = ["endpoint"]
    search_fields = ["text", "endpoint__url"]
