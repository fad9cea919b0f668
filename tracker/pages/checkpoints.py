"""The public list of checkpoints: what outsiders save to hold the record to it."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from commitments.services.checkpoints import compare_all, read_checkpoints
from tracker import browse
from tracker.browse import BadParameter
from tracker.pages.asking import asked, page

SHOWN = 60


@require_safe
def checkpoints(request: HttpRequest) -> HttpResponse:
    """Answer which heads of the chain were signed, and whether it still holds them."""
    question, error = asked(request, browse.parse_days)
    saved, broken = _saved()
    if question.is_past:
        day = question.known_at or question.on
        saved = [one for one in saved if _signed_on(one) <= day]
    before = None
    try:
        before = _before(request.GET.get("before", ""))
    except BadParameter as refused:
        error = refused
    older = [c for c in saved if before is None or c["seq"] < before]
    shown = compare_all(older[:SHOWN])
    answer = page(
        request,
        "checkpoints.html",
        question,
        error,
        checkpoints=shown,
        total=len(saved),
        broken=broken,
        differing=sum(1 for one in shown if one.findings),
        older=shown[-1].checkpoint["seq"] if len(older) > SHOWN else None,
        before=before,
        keys=_keys(saved),
        section="checkpoints",
    )
    # The file is outside the database: it grows without a new data version.
    answer["Cache-Control"] = "no-cache"
    return answer


def _saved() -> tuple[list[dict[str, Any]], str]:
    """Return the checkpoints, newest first, and what of the file cannot be read."""
    read: list[dict[str, Any]] = []
    try:
        # One by one: what comes before a broken line is kept.
        read.extend(read_checkpoints(Path(settings.CHECKPOINT_FILE)))
    except ValueError:
        # The path of the file is no business of readers.
        return read[::-1], _("Line %(n)d of the file is no checkpoint.") % {
            "n": len(read) + 1
        }
    return read[::-1], ""


def _signed_on(saved: dict[str, Any]) -> date:
    return datetime.fromisoformat(str(saved["at"])).date()


def _before(value: str) -> int | None:
    if not value:
        return None
    if not (value.isascii() and value.isdigit() and len(value) <= 18):
        said = {"value": value[:40]}
        raise BadParameter("before", _("“%(value)s” is no number of an entry.") % said)
    return int(value)


def _keys(saved: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return each public key with the first and last entry that it signed."""
    keys: dict[str, dict[str, Any]] = {}
    for one in reversed(saved):
        name = str(one.get("public_key", ""))
        line = keys.setdefault(name, {"key": name, "first": one["seq"]})
        line["last"] = one["seq"]
    return list(keys.values())


@require_safe
def checkpoints_file(request: HttpRequest) -> HttpResponse:
    """Answer with the file itself, byte by byte: one JSON object a line."""
    path = Path(settings.CHECKPOINT_FILE)
    answer = HttpResponse(
        path.read_bytes() if path.exists() else b"",
        content_type="application/jsonl; charset=utf-8",
    )
    answer["Access-Control-Allow-Origin"] = "*"
    return answer
