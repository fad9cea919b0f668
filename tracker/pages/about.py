"""The data and how to reuse it; who we are and how to reach us."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from commitments.models import (
    Body,
    Commitment,
    DataVersion,
    Evidence,
    HistoryEntry,
    Indicator,
    Partner,
    Passage,
    Plan,
    Topic,
)
from tracker import browse, dataset, embedding
from tracker.models import Release
from tracker.pages.asking import asked, page

# (words, what one row is, its name in the API, all that is public)
TABLES = (
    (_("Commitments"), _("One each, as it stands on a day"), "commitment", Commitment),
    (
        _("History"),
        _("Every entry, with what enters its digest"),
        "history",
        HistoryEntry,
    ),
    (_("Evidence"), _("Every document, with its grade"), "evidence", Evidence),
    (_("Indicators"), _("Every figure, with its readings"), "indicator", Indicator),
    (_("Sources"), _("Every passage, with what it gave"), "source", Passage),
    (_("Bodies"), _("Who is responsible"), "body", Body),
    (_("Partners"), _("Whom it concerns"), "partner", Partner),
    (_("Topics"), _("What it is about"), "topic", Topic),
)


@require_safe
def data(request: HttpRequest) -> HttpResponse:
    """Answer how to get the record, in which forms, and on which terms."""
    question, error = asked(request, browse.parse_days)
    example = Commitment.objects.standing_now().first()
    embeds = embedding.of(example, title=example.title) if example else []
    return page(
        request,
        "data.html",
        question,
        error,
        timeless=True,
        tables=[
            (words, row, f"api-{name}-list", _public(model).count())
            for words, row, name, model in TABLES
        ],
        plan=Plan.objects.order_by("pk").first(),
        example=example,
        embeds=[*embeds, *embedding.of_all(title=settings.SITE_NAME)],
        version=DataVersion.current(),
        release=Release.objects.order_by("-number").first(),
        structured=dataset.block(dataset.described()),
        section="data",
    )


def _public(model: Any) -> Any:
    """Return the rows that the API lists."""
    if model is Commitment:
        return Commitment.objects.standing_now()
    return model.objects.public() if hasattr(model.objects, "public") else model.objects


@require_safe
def about(request: HttpRequest) -> HttpResponse:
    """Answer who keeps this record, how to reach them, and what they know of you."""
    question, error = asked(request, browse.parse_days)
    contact = settings.CONTACT
    return page(
        request,
        "about.html",
        question,
        error,
        timeless=True,
        contact=contact,
        contact_address=contact if contact.startswith("http") else f"mailto:{contact}",
        plan=Plan.objects.order_by("pk").first(),
        section="about",
    )
