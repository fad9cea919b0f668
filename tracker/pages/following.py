"""Following by e-mail: the form, and the pages behind signed links.

No page here sets a cookie. What a form may do it may do by the address or the token
it sends, not by who is signed in; so there is no session for another site to misuse,
and instead of a CSRF token the browser's own word is asked for where it comes from.
Links in mails only show a page: programs that open every link change nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe

from commitments.lockout import counted_address
from commitments.validation import is_key
from tracker.browse import BadParameter
from tracker.following import filters as followed
from tracker.following import follows, knocking, tokens, wishes
from tracker.following.addresses import BadAddress
from tracker.following.filters import Words
from tracker.following.tokens import Expired, Forged, Purpose
from tracker.models import Follow, Follower
from tracker.models.follower import Cadence, Language, Scope

View = Callable[..., HttpResponse]
ONE_CLICK = "One-Click"


def is_from_here(request: HttpRequest) -> bool:
    """Whether a form was sent by a page of ours, by all that the browser says.

    Old browsers and other programs say nothing: they are believed, for no authority
    of a reader goes with the request.
    """
    site = request.headers.get("Sec-Fetch-Site", "same-origin")
    origin = request.headers.get("Origin")
    if site not in ("same-origin", "none"):
        return False
    return origin is None or urlsplit(origin).netloc == request.get_host()


def personal(view: View) -> View:
    """Keep an answer out of every cache and index, and its address out of referrers."""

    @wraps(view)
    def answered(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        response["Cache-Control"] = "no-store, private"
        response["X-Robots-Tag"] = "noindex, nofollow"
        # Not no-referrer: browsers would then send forms with no origin.
        response["Referrer-Policy"] = "same-origin"
        return response

    return answered


def page(request: HttpRequest, template: str, *, code: int = 200, **shown: Any):
    return render(request, template, {"noindex": True, **shown}, status=code)


def _language() -> str:
    spoken = get_language() or ""
    return Language.CHINESE if spoken.startswith("zh") else Language.ENGLISH


def _client(request: HttpRequest) -> str:
    return counted_address(request) or "unknown"


def _refused(request: HttpRequest) -> HttpResponse:
    return page(request, "follow_note.html", code=403, note="elsewhere")


def _too_many(request: HttpRequest, what: str) -> HttpResponse:
    answer = page(request, "follow_note.html", code=429, note="too-many")
    answer["Retry-After"] = str(knocking.wait(what))
    return answer


# --- Asking ------------------------------------------------------------------------


@csrf_exempt
@personal
@require_http_methods(["GET", "HEAD", "POST"])
def follow(request: HttpRequest) -> HttpResponse:
    """Show the form for the filters of this address, or take it."""
    today = timezone.localdate()
    given = request.POST if request.method == "POST" else request.GET
    wanted = (
        QueryDict(given.get("filters", "").lstrip("?"))
        if "filters" in given
        else request.GET
    )
    try:
        filters = followed.normalised(wanted, today=today)
    except BadParameter as error:
        return _form(request, filters="", errors={"filters": error.message})
    if request.method != "POST":
        return _form(request, filters=filters, errors={})
    if not is_from_here(request):
        return _refused(request)
    errors = {}
    if given.get("scope", Scope.MATERIAL) not in Scope.values:
        errors["scope"] = _("Choose which changes you want to hear of.")
    if given.get("cadence", Cadence.WEEKLY) not in Cadence.values:
        errors["cadence"] = _("Choose how often you want to be written to.")
    if errors:
        return _form(request, filters=filters, errors=errors)
    return _wish(
        request,
        lambda at: wishes.to_follow(
            address=given.get("address", ""),
            filters=filters,
            scope=Scope(given.get("scope", Scope.MATERIAL)),
            cadence=Cadence(given.get("cadence", Cadence.WEEKLY)),
            language=_language(),
            at=at,
        ),
        lambda errors: _form(request, filters=filters, errors=errors),
    )


def _form(
    request: HttpRequest, *, filters: str, errors: dict[str, str]
) -> HttpResponse:
    given = request.POST
    return page(
        request,
        "follow.html",
        code=400 if errors else 200,
        filters=filters,
        words=Words().of(filters),
        errors=errors,
        given=given,
        scopes=Scope.choices,
        scope=given.get("scope", Scope.MATERIAL),
        cadences=Cadence.choices,
        cadence=given.get("cadence", Cadence.WEEKLY),
    )


def _wish(
    request: HttpRequest,
    note: Callable[[datetime], None],
    form: Callable[[dict[str, str]], HttpResponse],
) -> HttpResponse:
    """Note what is asked for; the answer is the same whoever's address it is."""
    at, client = timezone.now(), _client(request)
    if knocking.is_over(client, "wish", at=at):
        return _too_many(request, "wish")
    try:
        note(at)
    except BadAddress as error:
        return form({"address": str(error)})
    knocking.note(client, "wish", at=at)
    return redirect("follow-asked")


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    """Say that a mail is on its way, if there is reason for one."""
    return page(request, "follow_note.html", note="asked")


@csrf_exempt
@personal
@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_link(request: HttpRequest) -> HttpResponse:
    """Show the form that asks for the link to one's own follows, or take it."""

    def form(errors: dict[str, str]) -> HttpResponse:
        code = 400 if errors else 200
        shown = {"errors": errors, "given": request.POST}
        return page(request, "follow_link.html", code=code, **shown)

    if request.method != "POST":
        return form({})
    if not is_from_here(request):
        return _refused(request)
    address = request.POST.get("address", "")
    return _wish(
        request,
        lambda at: wishes.for_link(address=address, language=_language(), at=at),
        form,
    )


# --- Behind a signed link ----------------------------------------------------------


def behind(purpose: Purpose) -> Callable[[View], View]:
    """Let a view be reached by a token of ours alone; it gets whose it is.

    Forged tokens count against their client, who has so many tries. Only to end all
    mail is never refused: many readers share the machines that do it for them.
    """

    def decorated(view: View) -> View:
        @csrf_exempt
        @personal
        @wraps(view)
        def opened(request: HttpRequest, token: str) -> HttpResponse:
            at, client = timezone.now(), _client(request)
            is_over = knocking.is_over(client, "token", at=at)
            if is_over and purpose is not Purpose.STOP:
                return _too_many(request, "token")
            try:
                follower = tokens.follower(purpose, token, at=at)
            except Forged:
                if is_over:
                    return _too_many(request, "token")
                knocking.note(client, "token", at=at)
                return page(request, "follow_note.html", code=404, note="forged")
            except Expired:
                return page(request, "follow_note.html", code=410, note="expired")
            if follower is None:
                return page(request, "follow_note.html", note="forgotten")
            if request.method == "POST" and not (
                is_from_here(request) or _is_one_click(request, purpose)
            ):
                return _refused(request)
            return view(request, follower, at)

        return opened

    return decorated


def _is_one_click(request: HttpRequest, purpose: Purpose) -> bool:
    """Whether a mail program ends a subscription for its reader (RFC 8058)."""
    return purpose is Purpose.STOP and (
        request.POST.get("List-Unsubscribe") == ONE_CLICK
    )


@require_http_methods(["GET", "HEAD", "POST"])
@behind(Purpose.CONFIRM)
def confirm(request: HttpRequest, follower: Follower, at: datetime) -> HttpResponse:
    """Show what waits for confirmation; confirm what is chosen, or drop it all."""
    if request.method != "POST":
        return _waiting(request, follower)
    if "decline" in request.POST:
        follows.decline(follower=follower, at=at)
        return page(request, "follow_note.html", note="declined")
    chosen = [int(pk) for pk in request.POST.getlist("follow") if is_key(pk)]
    waiting = follower.follows.waiting()
    if waiting.exists() and not waiting.filter(pk__in=chosen).exists():
        return _waiting(request, follower, code=400)
    follows.confirm(follower=follower, chosen=chosen, at=at)
    # A used link confirms nothing more: whoever follows nothing is not told otherwise.
    is_held = follower.follows.confirmed().exists()
    return _to_mine(follower, at=at, done="confirmed" if is_held else "")


def _waiting(request: HttpRequest, follower: Follower, code: int = 200) -> HttpResponse:
    words = Words()
    waiting = [(one, words.of(one.filters)) for one in follower.follows.waiting()]
    shown = {"waiting": waiting, "wrong": code != 200}
    return page(request, "follow_confirm.html", code=code, **shown)


def _to_mine(follower: Follower, *, at: datetime, done: str) -> HttpResponse:
    token = tokens.made(Purpose.MINE, follower, at=at)
    answer = redirect(reverse("follow-mine", args=[token]) + f"?done={done}")
    answer.status_code = 303
    return answer


@require_http_methods(["GET", "HEAD", "POST"])
@behind(Purpose.MINE)
def mine(request: HttpRequest, follower: Follower, at: datetime) -> HttpResponse:
    """Show what an address follows; change it, end it, or delete the address."""
    if request.method != "POST":
        return _mine(request, follower)
    match request.POST.get("act", ""):
        case "forget":
            follows.forget(follower=follower)
            return page(request, "follow_note.html", note="forgotten")
        case "end-all":
            follows.end_all(follower=follower, at=at)
            return _to_mine(follower, at=at, done="ended")
        case "speak" if request.POST.get("language") in Language.values:
            follows.speak(follower=follower, language=request.POST["language"])
            return _to_mine(follower, at=at, done="changed")
    pk = request.POST.get("follow", "")
    one = follower.follows.confirmed().filter(pk=pk).first() if is_key(pk) else None
    scope, cadence = request.POST.get("scope"), request.POST.get("cadence")
    match request.POST.get("act", ""):
        case "end" if one is not None:
            follows.end(follow=one, at=at)
            return _to_mine(follower, at=at, done="ended")
        case "change" if one and scope in Scope.values and cadence in Cadence.values:
            follows.change(follow=one, scope=scope, cadence=cadence, at=at)
            return _to_mine(follower, at=at, done="changed")
    return _mine(request, follower, code=400)


def _mine(request: HttpRequest, follower: Follower, code: int = 200) -> HttpResponse:
    words = Words()
    held = [(one, words.of(one.filters)) for one in follower.follows.confirmed()]
    done = request.GET.get("done", "")
    return page(
        request,
        "follow_mine.html",
        code=code,
        held=held,
        waiting=follower.follows.waiting().count(),
        follower=follower,
        done=done if done in ("confirmed", "changed", "ended") else "",
        wrong=code != 200,
        scopes=Scope.choices,
        cadences=Cadence.choices,
        languages=Language.choices,
        ended=follower.follows.filter(state=Follow.State.ENDED).exists(),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@behind(Purpose.STOP)
def stop(request: HttpRequest, follower: Follower, at: datetime) -> HttpResponse:
    """Show a button that ends all mail; end it where it, or a mail program, asks."""
    if request.method != "POST":
        held = follower.follows.confirmed().count()
        return page(request, "follow_stop.html", held=held)
    follows.end_all(follower=follower, at=at)
    return page(request, "follow_note.html", note="stopped")
