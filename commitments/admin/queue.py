"""The review queue: the next right thing on top."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from commitments import accounts, queue
from commitments.forms.queue import FORMS, RowForm, colleagues
from commitments.models import Commitment, Tip
from commitments.validation import is_key

from .acts import look_at_flags

PER_PAGE = 50
FILTERS = ("reason", "pillar", "body", "assignee")


def urls(site: Any) -> list:
    """Return the addresses of the queue, for the admin page that holds it."""
    return [
        path("queue/", site.admin_view(queue_view), name="commitments_queue"),
        path(
            "queue/<int:pk>/<slug:name>/",
            site.admin_view(row_view),
            name="commitments_queue_row",
        ),
        path("queue/claim/", site.admin_view(claim_view), name="commitments_claim"),
    ]


def _check(request: HttpRequest) -> None:
    if not accounts.may(request.user, accounts.RECORD):
        raise PermissionDenied("The queue is worked by analysts and reviewers.")


def _question(request: HttpRequest) -> queue.Question:
    given = {name: request.GET.get(name, "")[:100] for name in FILTERS}
    at = timezone.now()
    return queue.Question(
        user=request.user,
        on=at.date(),
        at=at,
        snoozed=request.GET.get("snoozed") == "yes",
        **given,
    )


@require_http_methods(["GET", "HEAD"])
def queue_view(request: HttpRequest) -> HttpResponse:
    """Show what waits for a look."""
    _check(request)
    return _page(request)


@require_http_methods(["POST"])
def row_view(request: HttpRequest, pk: int, name: str) -> HttpResponse:
    """Do one thing from a row, and go on at the next one."""
    _check(request)
    if name not in FORMS:
        raise Http404("The queue knows no such act.")
    commitment = get_object_or_404(Commitment, pk=pk)
    at = timezone.now()
    form = FORMS[name](
        request.POST, commitment=commitment, user=request.user, today=at.date()
    )
    if not (form.is_valid() and form.save(at=at)):
        return _page(request, refused=form, act=name)
    if name == "accurate":
        look_at_flags(at=at)
    messages.success(request, f"{commitment}: {form.done}")
    return HttpResponseRedirect(_address(request, _next(request, commitment)))


@require_http_methods(["POST"])
def claim_view(request: HttpRequest) -> HttpResponse:
    """Claim every row that was ticked; what another has is named and stays."""
    _check(request)
    at = timezone.now()
    chosen = [pk for pk in request.POST.getlist("pk") if is_key(pk)]
    found = Commitment.objects.filter(pk__in=chosen[:PER_PAGE])
    for commitment in found:
        form = FORMS["claim"](
            {}, commitment=commitment, user=request.user, today=at.date()
        )
        if form.is_valid() and form.save(at=at):
            messages.success(request, f"{commitment}: {form.done}")
        else:
            messages.error(request, f"{commitment}: {form.non_field_errors()[0]}")
    if not found:
        messages.error(request, "Tick the rows to claim first.")
    return HttpResponseRedirect(_address(request))


def _address(request: HttpRequest, row: int | None = None) -> str:
    query = request.GET.urlencode()
    address = reverse("admin:commitments_queue") + (f"?{query}" if query else "")
    return f"{address}#row-{row}" if row else address


def _next(request: HttpRequest, commitment: Commitment) -> int | None:
    """Return the row to go on with: where one worked, or the one that followed."""
    after = request.POST.get("after", "")
    still = queue.rows(_question(request)).filter(pk=commitment.pk).exists()
    if still:
        return commitment.pk
    return int(after) if is_key(after) else None


def _page(
    request: HttpRequest, *, refused: RowForm | None = None, act: str = ""
) -> HttpResponse:
    question = _question(request)
    paginator = Paginator(queue.rows(question), PER_PAGE)
    page = paginator.get_page(request.GET.get("page"))
    rows = _with_forms(request, list(page.object_list), question, refused, act)
    context = {
        **admin.site.each_context(request),
        "title": "Review queue",
        "page": page,
        "rows": rows,
        "question": question,
        "choices": queue.choices(question),
        "query": request.GET.urlencode(),
        "may_assign": accounts.may(request.user, accounts.CONFIRM),
        "refused": refused,
        "has_left": refused is not None
        and all(row["commitment"] != refused.commitment for row in rows),
        "tips": Tip.objects.undecided().count(),
    }
    status = 200 if refused is None else 422
    return TemplateResponse(
        request, "admin/commitments/queue.html", context, status=status
    )


def _with_forms(
    request: HttpRequest,
    commitments: list[Commitment],
    question: queue.Question,
    refused: RowForm | None,
    act: str,
) -> list[dict[str, Any]]:
    """Return each row with its forms; the refused one keeps what was typed."""
    people = list(colleagues())
    following = [*(c.pk for c in commitments), None][1:]
    rows = []
    for commitment, after in zip(commitments, following, strict=True):
        shared = {
            "commitment": commitment,
            "user": request.user,
            "today": question.on,
        }
        row: dict[str, Any] = {
            "commitment": commitment,
            "after": after,
            "people": people,
        }
        for name in ("accurate", "snooze"):
            mine = refused is not None and act == name
            if mine and refused.commitment.pk == commitment.pk:
                row[name] = refused
            else:
                row[name] = FORMS[name](**shared)
        rows.append(row)
    return rows
