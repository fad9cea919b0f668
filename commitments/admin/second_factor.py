"""Signing in with a second factor, and setting one up."""

from __future__ import annotations

from base64 import b32encode
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import django_otp
import qrcode
from django.conf import settings
from django.contrib import admin, messages
from django.contrib.admin.forms import AdminAuthenticationForm
from django.contrib.auth import REDIRECT_FIELD_NAME, get_user_model, login, logout
from django.contrib.auth.views import LoginView
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from commitments.forms.second_factor import CodeForm
from commitments.lockout import client_address
from commitments.services import second_factor

from . import first_password

SAFE = ("GET", "HEAD", "OPTIONS", "TRACE")
# May be posted to without a second factor: the way to it, and out.
OPEN = ("login", "login_code", "logout", "second_factor")
# Between password and code.
WITHIN = timedelta(minutes=10)
TRIES = 5
KEY, SIGNING_IN = "second_factor_key", "signing_in"
SIGNED_OUT = (
    "Nothing was saved: you were not signed in any more. What you typed is not lost. Sign "
    "in, go back with your browser until you see it, and save again."
)


def urls(site: admin.AdminSite) -> list:
    """Return the addresses that the admin has beside the stock ones."""

    def own(view: Callable[[HttpRequest], HttpResponse]) -> Callable:
        return site.admin_view(sensitive_post_parameters("code")(view))

    return [
        path("login/code/", give_code, name="login_code"),
        path("second-factor/", own(set_up), name="second_factor"),
        path("second-factor/recovery-codes/", own(renew), name="recovery_codes"),
        path("second-factor/remove/", own(remove), name="remove_second_factor"),
    ]


def is_wanting(request: HttpRequest) -> bool:
    """Whether this signed-in person may only look until a second factor is given."""
    user: Any = request.user
    return bool(
        settings.REQUIRE_MFA
        and user.is_authenticated
        and user.is_staff
        and not user.is_verified()
    )


def require_second_factor(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: refuse to change anything in the admin without a second factor.

    Whose session has ended meanwhile is told, on the way to signing in.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        is_at_desk = request.path_info.startswith(first_password.DESK)
        if request.method in SAFE or not is_at_desk:
            return get_response(request)
        if request.path in {reverse(f"admin:{name}") for name in OPEN}:
            return get_response(request)
        if not request.user.is_authenticated:
            messages.warning(request, SIGNED_OUT)
        # What somebody else knows is changed even before the second factor.
        changing = request.path == reverse("admin:password_change")
        if changing and first_password.is_pending(request):
            return get_response(request)
        return refused(request) if is_wanting(request) else get_response(request)

    return middleware


def refused(request: HttpRequest) -> HttpResponse:
    """Say why nothing was saved, and how to lose nothing."""
    context = {
        **admin.site.each_context(request),
        "title": "Nothing was saved: your second factor is missing",
        "is_set_up": second_factor.is_set_up(request.user),
        "second_factor_wanted": False,
    }
    return render(request, "admin/second_factor_required.html", context, status=403)


class SignIn(LoginView):
    """Asks for the password; who has a second factor is asked for a code next."""

    authentication_form = AdminAuthenticationForm
    template_name = "admin/login.html"
    next_page = "admin:index"

    def form_valid(self, form: AdminAuthenticationForm) -> HttpResponse:
        user: Any = form.get_user()
        onward = self.get_success_url()
        if not second_factor.is_set_up(user):
            login(self.request, user)
            return redirect(
                _with_next("second_factor", onward) if settings.REQUIRE_MFA else onward
            )
        # A session that somebody else may know does not become this person's.
        if self.request.user.is_authenticated:
            logout(self.request)
        self.request.session.cycle_key()
        self.request.session[SIGNING_IN] = {
            "user": user.pk,
            "backend": user.backend,
            "password": user.get_session_auth_hash(),
            "at": timezone.now().isoformat(),
            "tries": 0,
        }
        return redirect(_with_next("login_code", onward))


def sign_in(site: admin.AdminSite, request: HttpRequest) -> HttpResponse:
    """The first step of signing in."""
    if request.method == "GET" and site.has_permission(request):
        return redirect("admin:index")
    context = {
        **site.each_context(request),
        "title": "Log in",
        "subtitle": None,
        "app_path": request.get_full_path(),
        "username": request.user.get_username(),
    }
    if REDIRECT_FIELD_NAME not in {**request.GET, **request.POST}:
        context[REDIRECT_FIELD_NAME] = reverse("admin:index")
    return SignIn.as_view(extra_context=context)(request)


@never_cache
@sensitive_post_parameters("code")
def give_code(request: HttpRequest) -> HttpResponse:
    """The second step of signing in: a code, after the password."""
    account = _half_signed_in(request, at=timezone.now())
    if account is None:
        return redirect(_with_next("login", _next(request)))
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if device := _verified(request, form, account):
            _let_in(request, account, device)
            return redirect(_next(request))
        if _used_up(request):
            messages.error(request, "Too many wrong codes. Begin again.")
            return redirect(_with_next("login", _next(request)))
    context = {
        "title": "Second step: your code",
        "form": form,
        "label": "Code from your app, or a recovery code",
        "button": "Log in",
        "next": _next(request),
        "account": account,
        "second_factor_wanted": False,
    }
    return _page(request, "admin/login_code.html", context)


@never_cache
def set_up(request: HttpRequest) -> HttpResponse:
    """Show whether there is a second factor, or set one up."""
    user: Any = request.user
    if second_factor.is_set_up(user):
        context = {
            "title": "Your second factor",
            "left": second_factor.recovery_codes_left(user),
            "is_required": settings.REQUIRE_MFA,
        }
        return _page(request, "admin/second_factor.html", context)
    key = request.session.setdefault(KEY, second_factor.new_key())
    form = CodeForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            device, codes = second_factor.set_up(
                account=user,
                key=key,
                code=form.cleaned_data["code"],
                at=timezone.now(),
                address=client_address(request),
            )
        except second_factor.AlreadySetUp:
            return redirect("admin:second_factor")
        except second_factor.WrongCode as wrong:
            form.add_error("code", str(wrong))
        else:
            del request.session[KEY]
            django_otp.login(request, device)
            request.session.cycle_key()
            return _codes(request, codes, "Your second factor is set up")
    context = {
        "title": "Set up your second factor",
        "form": form,
        "is_required": settings.REQUIRE_MFA,
        "next": _next(request),
        "second_factor_wanted": False,
        **_picture(second_factor.unsaved_device(account=user, key=key)),
    }
    return _page(request, "admin/second_factor_set_up.html", context)


@never_cache
def renew(request: HttpRequest) -> HttpResponse:
    """Make new recovery codes, against a code."""

    def act(at: datetime) -> HttpResponse:
        codes = second_factor.renew_recovery_codes(
            account=request.user, at=at, address=client_address(request)
        )
        return _codes(request, codes, "Your new recovery codes")

    return _against_a_code(request, "Make new recovery codes", act)


@never_cache
def remove(request: HttpRequest) -> HttpResponse:
    """Take one's own second factor away, against a code."""

    def act(at: datetime) -> HttpResponse:
        second_factor.remove(
            account=request.user,
            by=request.user,
            at=at,
            address=client_address(request),
        )
        messages.success(request, "Your second factor has been removed.")
        return redirect("admin:second_factor")

    return _against_a_code(request, "Remove your second factor", act)


def _against_a_code(
    request: HttpRequest, title: str, act: Callable[[datetime], HttpResponse]
) -> HttpResponse:
    """Ask for a code, then act."""
    if not second_factor.is_set_up(request.user):
        return redirect("admin:second_factor")
    form = CodeForm(request.POST or None)
    given = request.method == "POST" and form.is_valid()
    if given and _verified(request, form, request.user):
        return act(timezone.now())
    context = {
        "title": title,
        "form": form,
        "label": "Code from your app, or a recovery code",
        "button": title,
        "is_removal": request.path == reverse("admin:remove_second_factor"),
    }
    return _page(request, "admin/second_factor_code.html", context)


def _verified(request: HttpRequest, form: CodeForm, account: Any) -> Any:
    """Return the device that the given code opens; else None and why, in the form."""
    try:
        return second_factor.verify(
            account=account,
            code=form.cleaned_data["code"],
            at=timezone.now(),
            address=client_address(request),
        )
    except second_factor.WrongCode as wrong:
        form.add_error("code", str(wrong))
        return None


def _half_signed_in(request: HttpRequest, *, at: datetime) -> Any:
    """Return whose code is awaited: after the password, or signed in without one."""
    user: Any = request.user
    if user.is_authenticated:
        waits = not user.is_verified() and second_factor.is_set_up(user)
        return user if waits and user.is_staff else None
    begun = request.session.get(SIGNING_IN)
    if not begun or at - datetime.fromisoformat(begun["at"]) > WITHIN:
        return None
    accounts = get_user_model()._default_manager
    account: Any = accounts.filter(pk=begun["user"], is_active=True).first()
    if account is None or account.get_session_auth_hash() != begun["password"]:
        return None
    return account if second_factor.is_set_up(account) else None


def _let_in(request: HttpRequest, account: Any, device: Any) -> None:
    """End signing in: this session is trusted until it signs out."""
    if request.user.is_authenticated:
        django_otp.login(request, device)
        request.session.cycle_key()
    else:
        begun = request.session.pop(SIGNING_IN)
        account.otp_device = device
        login(request, account, backend=begun["backend"])
    if device.name == second_factor.RECOVERY:
        left = second_factor.recovery_codes_left(account)
        messages.warning(
            request,
            f"You used a recovery code; {left} are left. Under Second factor you can "
            "make new ones, or set up another app.",
        )


def _used_up(request: HttpRequest) -> bool:
    """Count a wrong code; after the last one the password is asked for again."""
    begun = request.session.get(SIGNING_IN)
    if begun is None:
        return False
    begun["tries"] += 1
    request.session[SIGNING_IN] = begun
    if begun["tries"] < TRIES:
        return False
    del request.session[SIGNING_IN]
    return True


def _codes(request: HttpRequest, codes: list[str], title: str) -> HttpResponse:
    context = {"title": title, "codes": codes, "second_factor_wanted": False}
    return _page(request, "admin/second_factor_codes.html", context)


def _page(request: HttpRequest, template: str, context: dict) -> HttpResponse:
    request.current_app = admin.site.name  # type: ignore[attr-defined]
    shared = admin.site.each_context(request)
    return TemplateResponse(request, template, {**shared, **context})


def _next(request: HttpRequest) -> str:
    """Return where to go on to, on this site."""
    onward = request.POST.get("next") or request.GET.get("next") or ""
    ours = url_has_allowed_host_and_scheme(
        onward, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return onward if ours else reverse("admin:index")


def _with_next(name: str, onward: str) -> str:
    return f"{reverse(f'admin:{name}')}?{urlencode({'next': onward})}"


def _picture(device: Any) -> dict[str, Any]:
    """Return the key as text and as a QR code: its size and the path of its squares.

    A path in the page itself: the policy lets no inline style or script through.
    """
    code = qrcode.QRCode(border=4)
    code.add_data(device.config_url)
    rows = code.get_matrix()
    squares = [
        f"M{x} {y}h1v1h-1z"
        for y, row in enumerate(rows)
        for x, dark in enumerate(row)
        if dark
    ]
    key = b32encode(device.bin_key).decode()
    return {
        "qr_size": len(rows),
        "qr_path": "".join(squares),
        "key": " ".join(key[i : i + 4] for i in range(0, len(key), 4)),
        "address": device.config_url,
    }
