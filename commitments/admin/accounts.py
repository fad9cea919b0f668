"""Accounts, their groups and the audit list."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import GroupAdmin, UserAdmin
from django.contrib.auth.models import Group, Permission
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.forms import CheckboxSelectMultiple
from django.http import Http404, HttpRequest
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path
from django.utils import timezone
from django.utils.text import Truncator
from django_otp.plugins.otp_static.models import StaticDevice
from django_otp.plugins.otp_totp.models import TOTPDevice

from commitments import lockout
from commitments.lockout import client_address
from commitments.models import AuditEvent
from commitments.services import second_factor

from .base import ListedAdmin, ViewOnlyAdmin

User = get_user_model()
# The stock pages would show keys and codes, and give rights without limits.
for model in (TOTPDevice, StaticDevice, User, Group):
    if admin.site.is_registered(model):
        admin.site.unregister(model)

# What nobody but a superuser changes of themselves.
OWN = ("is_active", "is_staff", "is_superuser", "groups")


@admin.register(User)
class AccountAdmin(ListedAdmin, UserAdmin):
    """Administrators make accounts and put them into groups.

    Only a superuser touches or makes a superuser, and nobody else changes their own
    rights. Rights come from groups alone. Accounts are made inactive, never deleted:
    the record names them.
    """

    fieldsets = [
        (None, {"fields": ["username", "password"]}),
        ("Person", {"fields": ["first_name", "last_name", "email"]}),
        ("Rights", {"fields": OWN}),
        ("Dates", {"fields": ["last_login", "date_joined"]}),
    ]
    filter_horizontal = []

    list_display = [
        "username",
        "email",
        "is_active",
        "is_staff",
        "has_second_factor",
        "last_login",
    ]
    list_filter = ["is_staff", "is_superuser", "is_active", "groups"]
    list_per_page = 50
    actions = ["lift_lock_outs"]

    def get_queryset(self, request: HttpRequest) -> QuerySet:
        devices = TOTPDevice.objects.filter(user=OuterRef("pk"), confirmed=True)
        return super().get_queryset(request).annotate(second_factor=Exists(devices))

    @admin.display(description="second factor", boolean=True)
    def has_second_factor(self, user: Any) -> bool:
        return user.second_factor

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        above = obj is not None and obj.is_superuser and not request.user.is_superuser
        return not above and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None):
        fixed = ["last_login", "date_joined"]
        if request.user.is_superuser:
            return fixed
        own = obj is not None and obj.pk == request.user.pk
        return [*fixed, *(OWN if own else ["is_superuser"])]

    def formfield_for_manytomany(self, db_field, request, **kwargs):
        if db_field.name == "groups":
            kwargs["widget"] = CheckboxSelectMultiple
        return super().formfield_for_manytomany(db_field, request, **kwargs)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = ""):
        with transaction.atomic():
            return super().user_change_password(request, id, form_url)

    def get_urls(self):
        reset = path(
            "<path:object_id>/second-factor/",
            self.admin_site.admin_view(self.reset_second_factor),
            name="reset_second_factor",
        )
        return [reset, *super().get_urls()]

    def reset_second_factor(self, request: HttpRequest, object_id: str):
        """Take another's second factor away, so that a lost device is no end."""
        account = self.get_object(request, object_id)
        if account is None:
            raise Http404
        if not self.has_change_permission(request, account):
            raise PermissionDenied
        if account.pk == request.user.pk:
            # Of oneself it needs a code.
            return redirect("admin:remove_second_factor")
        if request.method == "POST":
            gone = second_factor.remove(
                account=account,
                by=request.user,
                at=timezone.now(),
                address=client_address(request),
            )
            said = "has been reset" if gone else "was not set up; nothing changed"
            messages.success(request, f"The second factor of {account} {said}.")
            return redirect("admin:auth_user_change", account.pk)
        context = {
            **self.admin_site.each_context(request),
            "title": f"Reset the second factor of {account}",
            "account": account,
        }
        return TemplateResponse(request, "admin/second_factor_reset.html", context)

    @admin.action(description="Lift lock-outs", permissions=["change"])
    def lift_lock_outs(self, request: HttpRequest, queryset: QuerySet) -> None:
        lockout.lift(
            accounts=queryset,
            by=request.user,
            at=timezone.now(),
            address=client_address(request),
        )
        messages.success(request, "The chosen accounts can be signed in to again.")


@admin.register(Group)
class GroupsAdmin(ViewOnlyAdmin, GroupAdmin):
    """What a group may do is written in ``commitments.accounts``."""

    list_display = ["name"]

    def get_queryset(self, request: HttpRequest):
        named = Permission.objects.select_related("content_type")
        return (
            super()
            .get_queryset(request)
            .prefetch_related(Prefetch("permissions", named))
        )


@admin.register(AuditEvent)
class AuditEventAdmin(ViewOnlyAdmin):
    """Administrators read; the database lets nobody edit or delete."""

    list_display = ["when", "kind", "account_name", "actor_name", "address", "short"]
    list_filter = ["kind", "at"]
    search_fields = ["=account_name", "=actor_name", "=address"]
    date_hierarchy = "at"
    fields = ["when", "kind", "account_name", "actor_name", "address", "what"]
    readonly_fields = ["when", "what"]

    @admin.display(description="when (UTC)", ordering="pk")
    def when(self, event: AuditEvent) -> str:
        return f"{event.at:%Y-%m-%d %H:%M:%S}"

    @admin.display(description="details")
    def what(self, event: AuditEvent) -> str:
        return "; ".join(
            f"{name.replace('_', ' ')}: {_said(value)}"
            for name, value in event.details.items()
        )

    @admin.display(description="details")
    def short(self, event: AuditEvent) -> str:
        return Truncator(self.what(event)).chars(160)


def _said(value: Any) -> str:
    if isinstance(value, dict):
        return f"{_said(value['from'])} → {_said(value['to'])}"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value) or "none"
