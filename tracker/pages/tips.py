"""Where readers tell us what is wrong or missing, and see what came of it."""

from __future__ import annotations

from datetime import datetime

from django.core.exceptions import BadRequest, RequestDataTooBig, SuspiciousOperation
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, QueryDict
from django.http.multipartparser import MultiPartParserError
from django.shortcuts import get_object_or_404
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_safe
from rest_framework.authentication import CSRFCheck

from commitments import services
from commitments.models import Tip
from commitments.validation import is_key
from tracker import browse, tip_form, tip_ledger
from tracker.browse import BadParameter, Question
from tracker.pages.asking import asked, computed_anew, page
from tracker.tip_form import Refused, TipForm

FORM = "application/x-www-form-urlencoded"


# Checked in the view itself, which keeps what was typed where it refuses.
@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def tell(request: HttpRequest) -> HttpResponse:
    """Show the form; on POST take the tip in and lead to its receipt."""
    at = timezone.now()
    if request.method != "POST":
        return _shown(request, TipForm(initial=_initial(request, at)))
    try:
        posted = _posted(request)
    except Refused as refused:
        return _shown(request, TipForm(initial=_initial(request, at)), refused)
    form = TipForm(posted)
    try:
        _check_origin(request)
        if not form.is_valid():
            wrong = _("Nothing was sent yet. See below what to mend.")
            raise Refused(str(form.errors.get("homepage", [wrong])[0]), status=422)
        tip = _taken(request, form, at=at)
    except Refused as refused:
        form.show_again(key=_key_for(form, at))
        return _shown(request, form, refused)
    return HttpResponseRedirect(reverse("tip", args=[tip.reference]))


def _initial(request: HttpRequest, at: datetime) -> dict[str, str]:
    """Return what is known of the page that the reader came from."""
    where = tip_form.clean_page(request.GET.get("page", ""))
    commitment = tip_form.commitment_of(where)
    return {
        "page": where,
        "about": commitment.ref if commitment else "",
        "key": tip_form.seal(at=at),
    }


def _posted(request: HttpRequest) -> QueryDict:
    """Return what was sent, without files. Raises Refused."""
    if request.content_type != FORM:
        raise Refused(
            _("Send this with the form of this page; files are not taken."), status=415
        )
    try:
        return request.POST
    except RequestDataTooBig:
        raise Refused(
            _(
                "That is too much to read. Go back one page: what you typed is there. "
                "Shorten it, or give the address of a document."
            ),
            status=413,
        ) from None
    except (BadRequest, SuspiciousOperation, MultiPartParserError):
        raise Refused(
            _("What was sent could not be read. Go back one page and send it again."),
            status=400,
        ) from None


def _check_origin(request: HttpRequest) -> None:
    """Refuse what another site sent with its reader's browser. Raises Refused."""

    def answer(asked: HttpRequest) -> HttpResponse:
        return HttpResponse()

    check = CSRFCheck(answer)
    check.process_request(request)
    if check.process_view(request, answer, (), {}):
        raise Refused(
            _(
                "Your browser did not show that it sent this from our page: it may be "
                "set to refuse cookies. Allow one for this site, and send it again."
            ),
            status=403,
        )


def _taken(request: HttpRequest, form: TipForm, *, at: datetime) -> Tip:
    """Take in what was sent. Raises Refused."""
    given = form.cleaned_data
    name = tip_form.opened(given["key"] or "", at=at)
    tip_form.check_rate(request, at=at)
    return services.receive_tip(
        message=given["message"],
        source_url=given["source_url"],
        email=given["email"],
        page=given["page"],
        commitment=given["about"],
        language=get_language() or "en",
        form_key=name,
        at=at,
    )


def _key_for(form: TipForm, at: datetime) -> str:
    """Return a new key where the form's own opens nothing any more."""
    try:
        tip_form.opened(form.data.get("key", ""), at=at + tip_form.SOONEST)
    except Refused:
        return tip_form.seal(at=at)
    return ""


def _shown(
    request: HttpRequest, form: TipForm, refused: Refused | None = None
) -> HttpResponse:
    given = form.data.get("page", "") if form.is_bound else form.initial["page"]
    answer = page(
        request,
        "tip_form.html",
        Question(today=timezone.localdate()),
        None,
        form=form,
        refused=refused,
        about_page=tip_form.clean_page(given),
        section="corrections",
    )
    answer["Cache-Control"] = "no-store"
    if refused is not None:
        answer.status_code = refused.status
        if refused.again_in:
            answer["Retry-After"] = str(refused.again_in)
    return answer


@require_safe
def tip(request: HttpRequest, reference: str) -> HttpResponse:
    """Answer what came of a tip, to whoever knows its reference; nothing personal."""
    found = get_object_or_404(Tip.objects.with_results(), reference=reference)
    answer = page(
        request,
        "tip.html",
        Question(today=timezone.localdate()),
        None,
        reference=found.reference,
        one=tip_ledger.told([found])[0],
        section="corrections",
    )
    answer["Cache-Control"] = "no-store"
    answer["Referrer-Policy"] = "same-origin"
    return answer


@require_safe
def tips(request: HttpRequest) -> HttpResponse:
    """Answer what readers told us by a day, what we answered, and how fast."""
    question, error = asked(request, browse.parse_days)
    before = None
    try:
        before = _before(request.GET.get("before", ""))
    except BadParameter as refused:
        error = refused
    ledger = tip_ledger.ledger(question, before=before)
    answer = page(
        request,
        "tips.html",
        question,
        error,
        ledger=ledger,
        before=before,
        section="corrections",
    )
    return computed_anew(answer)


def _before(value: str) -> int | None:
    if not value:
        return None
    if not is_key(value):
        raise BadParameter("before", f"“{value[:40]}” is no number of a tip.")
    return int(value)
