"""The record as a data set, in the words of schema.org."""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.safestring import SafeString, mark_safe

from commitments.models import DataVersion, HistoryEntry, Plan
from tracker.models import Release

LICENCE = "https://creativecommons.org/licenses/by/4.0/"
# As Django's json_script: no character that could end the script element.
_ESCAPES = {ord(">"): "\\u003E", ord("<"): "\\u003C", ord("&"): "\\u0026"}


def described() -> dict[str, Any]:
    """Return the data set as schema.org/Dataset."""
    plan = Plan.objects.order_by("pk").first()
    last = HistoryEntry.objects.public().order_by("-seq").first()
    told: dict[str, Any] = {
        "@context": "https://schema.org",
        "@type": "Dataset",
        "@id": settings.SITE_URL + reverse("data"),
        "name": f"{settings.SITE_NAME}: commitments, status history and evidence",
        "description": (
            "Commitments on opening-up for 2026-2030, each with a test of delivery, a "
            "dated delivery status, the official position, the reason and the evidence "
            "for every change, and an append-only history that any past day can be read "
            "from."
        ),
        "url": settings.SITE_URL + reverse("data"),
        "license": LICENCE,
        "isAccessibleForFree": True,
        "creator": {
            "@type": "Organization",
            "name": settings.SITE_NAME,
            "url": settings.SITE_URL + "/",
        },
        "version": str(DataVersion.current()),
        "keywords": [
            "China",
            "opening-up",
            "15th Five-Year Plan",
            "trade",
            "investment",
        ],
        "spatialCoverage": "China",
        "distribution": [
            _file("api-commitment-list", "application/json"),
            _file("api-history-list", "application/json"),
            _file("api-evidence-list", "application/json"),
            _file("feed-atom", "application/atom+xml"),
            _file("calendar", "text/calendar"),
            _file("checkpoints-file", "application/jsonl"),
            *_released(),
        ],
    }
    if plan:
        told["temporalCoverage"] = f"{plan.starts_on}/{plan.ends_on}"
    if last:
        told["dateModified"] = last.recorded_at.date().isoformat()
    return told


def _released() -> list[dict[str, str]]:
    """Return the files of the newest release, with their sums."""
    newest = Release.objects.order_by("-number").first()
    return [
        {
            "@type": "DataDownload",
            "name": file.name,
            "encodingFormat": file.media_type,
            "contentUrl": settings.SITE_URL + file.get_absolute_url(),
            "contentSize": f"{file.size} B",
            "sha256": file.sha256,
        }
        for file in (newest.files.all() if newest else ())
        if file.name.endswith((".csv", ".zip", ".sqlite", ".xlsx"))
    ]


def _file(name: str, kind: str) -> dict[str, str]:
    return {
        "@type": "DataDownload",
        "encodingFormat": kind,
        "contentUrl": settings.SITE_URL + reverse(name),
    }


def block(value: dict[str, Any]) -> SafeString:
    """Return ``value`` as a data block of a page: nothing in it is executed."""
    text = json.dumps(value, ensure_ascii=False, indent=1).translate(_ESCAPES)
    return mark_safe(f'<script type="application/ld+json">{text}</script>')  # noqa: S308
