"""What happens to accounts goes into the audit list.

Signals tell, so that it makes no difference by which page or command somebody was
given other rights; ``record_event`` is the one writer. Who acts comes from the
request that is being answered (``remember_request``); where there is none, it is a
command on the server. ``QuerySet.update`` sends no signal: rights are changed by
``save`` and by the relations.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from contextvars import ContextVar
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group, Permission
from django.contrib.auth.signals import user_logged_in, user_logged_out
from django.db.models.signals import m2m_changed, post_delete, post_save, pre_save
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from commitments import actors
from commitments.lockout import client_address
from commitments.models import AuditEvent, AuditKind

SERVER = actors.Machine("command on the server")
# What decides what an account may do.
RIGHTS = ("username", "email", "is_active", "is_staff", "is_superuser")

_request: ContextVar[HttpRequest | None] = ContextVar("request", default=None)


def record_event(
    kind: AuditKind,
    *,
    account: Any = None,
    by: actors.Actor = None,
    at: datetime,
    address: str | None = None,
    **details: Any,
) -> AuditEvent:
    """Append one event to the audit list and return it.

    ``account`` is whom it concerns and ``by`` who did it, both None where nobody is
    known; ``details`` are short facts that JSON can hold.
    """
    return AuditEvent.objects.create(
        kind=kind,
        account=actors.key(account) if account else "",
        account_name=account.get_username() if account else "",
        actor=actors.key(by) if by else "",
        actor_name=_name(by),
        at=at,
        address=address,
        details=details,
    )


def remember_request(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: lets signals know whose request is being answered."""

    def middleware(request: HttpRequest) -> HttpResponse:
        token = _request.set(request)
        try:
            return get_response(request)
        finally:
            _request.reset(token)

    return middleware


def connect() -> None:
    """Listen to all that changes what an account may do."""
    user = get_user_model()
    for signal, receiver, sender in (
        (user_logged_in, signed_in, None),
        (user_logged_out, signed_out, None),
        (pre_save, keep_rights, user),
        (post_save, account_saved, user),
        (post_delete, account_deleted, user),
        (m2m_changed, groups_changed, user.groups.through),
        (m2m_changed, permissions_changed, user.user_permissions.through),
        (m2m_changed, permissions_changed, Group.permissions.through),
    ):
        signal.connect(
            receiver, sender=sender, dispatch_uid=f"audit-{receiver}{sender}"
        )


def signed_in(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    device = getattr(user, "otp_device", None)
    record_event(
        AuditKind.SIGNED_IN,
        account=user,
        by=user,
        at=timezone.now(),
        address=client_address(request),
        second_factor=device.name if device else "none",
    )


def signed_out(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    if user is not None:
        record_event(
            AuditKind.SIGNED_OUT,
            account=user,
            by=user,
            at=timezone.now(),
            address=client_address(request),
        )


def keep_rights(
    instance: Any, raw: bool, update_fields: Collection[str] | None, **kwargs: Any
) -> None:
    """Remember what the account was allowed, unless none of it is being saved."""
    watched = {*RIGHTS, "password"}
    if update_fields is not None and watched.isdisjoint(update_fields):
        instance._rights_before = None
        return
    stored = type(instance)._default_manager.filter(pk=instance.pk)
    instance._rights_before = stored.values(*watched).first() or {}


def account_saved(
    instance: Any,
    created: bool,
    update_fields: Collection[str] | None,
    **kwargs: Any,
) -> None:
    before, instance._rights_before = instance._rights_before, None
    if before is None:
        return
    now = {name: getattr(instance, name) for name in RIGHTS}
    if created:
        _record(AuditKind.ACCOUNT_MADE, instance, **now)
        return
    changed = {
        name: {"from": before[name], "to": value}
        for name, value in now.items()
        if before.get(name) != value
    }
    if changed:
        _record(AuditKind.ACCOUNT_CHANGED, instance, **changed)
    # At a sign-in Django may hash the same password anew: that is no change.
    rehashed = instance._password is None and set(update_fields or ()) == {"password"}
    if before.get("password") != instance.password and not rehashed:
        _record(AuditKind.PASSWORD_CHANGED, instance)


def account_deleted(instance: Any, **kwargs: Any) -> None:
    _record(AuditKind.ACCOUNT_DELETED, instance)


def groups_changed(
    instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any
) -> None:
    """Record who came into which group or left it, from either side."""
    if reverse:
        people = _touched(instance, "user_set", get_user_model(), action, pk_set)
        for person in people:
            _record(
                AuditKind.GROUPS_CHANGED, person, **{_verb(action): [instance.name]}
            )
    elif names := _touched(instance, "groups", Group, action, pk_set):
        _record(
            AuditKind.GROUPS_CHANGED,
            instance,
            **{_verb(action): sorted(group.name for group in names)},
        )


def permissions_changed(
    instance: Any, action: str, reverse: bool, pk_set: Any, **kwargs: Any
) -> None:
    """Record what an account or a group was allowed or denied, from either side."""
    if reverse:
        model = kwargs["model"]
        name = "group_set" if model is Group else "user_set"
        holders = _touched(instance, name, model, action, pk_set)
        for holder in holders:
            _record_permissions(holder, **{_verb(action): [instance.codename]})
        return
    name = "permissions" if isinstance(instance, Group) else "user_permissions"
    if permissions := _touched(instance, name, Permission, action, pk_set):
        codenames = sorted(permission.codename for permission in permissions)
        _record_permissions(instance, **{_verb(action): codenames})


def _touched(
    instance: Any, relation: str, model: Any, action: str, pk_set: Any
) -> list[Any]:
    """Return the rows that a change of a relation adds or takes away."""
    if action == "pre_clear":
        return list(getattr(instance, relation).order_by("pk"))
    if action in ("post_add", "post_remove") and pk_set:
        return list(model._default_manager.filter(pk__in=pk_set).order_by("pk"))
    return []


def _verb(action: str) -> str:
    return "added" if action == "post_add" else "removed"


def _record_permissions(holder: Any, **changed: Any) -> None:
    if isinstance(holder, Group):
        _record(AuditKind.PERMISSIONS_CHANGED, None, group=holder.name, **changed)
    else:
        _record(AuditKind.PERMISSIONS_CHANGED, holder, **changed)


def _record(kind: AuditKind, account: Any, **details: Any) -> None:
    """Record what a signal told, by whoever makes the current request."""
    request = _request.get()
    user = getattr(request, "user", None)
    record_event(
        kind,
        account=account,
        by=(user if user and user.is_authenticated else None) if request else SERVER,
        at=timezone.now(),
        address=client_address(request) if request else None,
        **details,
    )


def _name(actor: actors.Actor) -> str:
    if actor is None:
        return ""
    return actor.name if isinstance(actor, actors.Machine) else actor.get_username()
