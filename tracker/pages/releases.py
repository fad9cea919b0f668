"""Releases of the data: the list, each of them, and their files."""

from __future__ import annotations

import logging
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.views.decorators.http import condition, require_safe

from tracker.browse import Question
from tracker.models import Release, ReleaseFile
from tracker.pages.asking import page
from tracker.releases import keeping
from tracker.releases.contents import TABLES

logger = logging.getLogger(__name__)

# A file of a release never changes: whoever has it need not ask again.
FOR_GOOD = "public, max-age=31536000, immutable"
OPS = ("added", "changed", "removed")
FORMS = ("csv", "jsonl", "parquet")


@require_safe
def releases(request: HttpRequest) -> HttpResponse:
    """Answer which releases there are, the newest first."""
    return page(
        request,
        "releases.html",
        Question(today=timezone.localdate()),
        None,
        releases=list(Release.objects.all()),
        section="data",
    )


@require_safe
def release(request: HttpRequest, number: int) -> HttpResponse:
    """Answer what is in a release, how to cite it, and what it changed."""
    found = get_object_or_404(Release.objects.select_related("previous"), pk=number)
    files = {file.name: file for file in found.files.all()}
    return page(
        request,
        "release.html",
        Question(today=timezone.localdate()),
        None,
        release=found,
        newer=Release.objects.filter(previous=found).first(),
        whole=[
            files[name]
            for name in (f"release-{number}.zip", "tracker.xlsx", "tracker.sqlite")
            if name in files
        ],
        tables=list(_tables(found, files)),
        files=files,
        package=files.get("datapackage.json"),
        difference=files.get("diff.jsonl"),
        section="data",
    )


def _tables(release: Release, files: dict[str, ReleaseFile]) -> Any:
    """Yield each table with its files, and how many of its rows changed."""
    for table in TABLES:
        forms = [files.get(f"{table.name}.{form}") for form in FORMS]
        counts = release.changes.get(table.name, {})
        yield {
            "title": table.title,
            "what": table.what,
            "forms": [file for file in forms if file],
            "rows": forms[0].rows if forms[0] else 0,
            "changes": [counts.get(op, 0) for op in OPS],
            "changed": bool(counts),
        }


@require_safe
def latest(request: HttpRequest, name: str = "") -> HttpResponse:
    """Lead to the newest release, or to one of its files; to the list, if none is."""
    newest = Release.objects.order_by("-number").first()
    if name:
        file = get_object_or_404(ReleaseFile, release=newest, name=name)
        return redirect(file.get_absolute_url())
    return redirect(newest.get_absolute_url() if newest else "releases")


def _found(number: int, name: str) -> ReleaseFile:
    # A number larger than the database knows finds none, by way of its own table.
    release = Release.objects.filter(pk=number)
    files = ReleaseFile.objects.select_related("release")
    return get_object_or_404(files, release__in=release, name=name)


def _tag(request: HttpRequest, number: int, name: str) -> str:
    return f'"{_found(number, name).sha256}"'


@require_safe
@condition(etag_func=_tag)
def release_file(request: HttpRequest, number: int, name: str) -> Any:
    """Answer with a file, byte by byte as it was released."""
    file = _found(number, name)
    try:
        content = keeping.opened(file)
    except OSError:
        logger.exception("Release %s: %s cannot be read", number, name)
        told = "This file cannot be read just now. We have been told.\n"
        return HttpResponse(told, status=503, content_type="text/plain; charset=utf-8")
    answer = FileResponse(
        content, as_attachment=True, filename=file.name, content_type=file.media_type
    )
    answer["Content-Length"] = str(file.size)
    answer["Cache-Control"] = FOR_GOOD
    answer["Access-Control-Allow-Origin"] = "*"
    return answer
