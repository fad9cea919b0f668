"""The first password, which somebody else gave: to be changed before anything else.

OWASP ASVS 5.0, 6.4.1: what an administrator knows does not stay the password. Whether
the present one came from somebody else stands in the audit list, so nothing else keeps
it. It is looked up at signing in and remembered in the session; a new password given by
an administrator ends all sessions, so that it is looked up again.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.signals import user_logged_in
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse

from commitments import actors
from commitments.models import AuditEvent
from commitments.models.audit import AuditKind

# What addresses of the desk begin with, under whichever path the site lies.
DESK = "/admin/"
KEY = "first_password"
WHY = (
    "Your present password was given to you by somebody else. Choose one that you alone "
    "know; then you can go on."
)
GIVEN = (AuditKind.ACCOUNT_MADE, AuditKind.PASSWORD_CHANGED)
# What is open meanwhile: the change itself, the second factor, and the way out.
OPEN = ("password_change", "second_factor", "login", "login_code", "logout", "jsi18n")


def is_first(account: Any) -> bool:
    """Whether another person gave an account its present password."""
    last = AuditEvent.objects.about(account).filter(kind__in=GIVEN).first()
    own = actors.key(account)
    return last is not None and last.actor.startswith("user:") and last.actor != own


@receiver(user_logged_in, dispatch_uid="first_password")
def note(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    if is_first(user):
        request.session[KEY] = True


def is_pending(request: HttpRequest) -> bool:
    """Whether this session opened with a password that is still to be changed."""
    if not request.user.is_authenticated or KEY not in request.session:
        return False
    if not is_first(request.user):
        del request.session[KEY]
        return False
    return True


def require_own_password(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: lead to the change of a first password, and nowhere else."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path_info.startswith(DESK):
            return get_response(request)
        if request.path in {reverse(f"admin:{name}") for name in OPEN}:
            return get_response(request)
        if is_pending(request):
            messages.warning(request, WHY)
            return redirect("admin:password_change")
        return get_response(request)

    return middleware
