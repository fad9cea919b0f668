"""Kept copies that people decide about: uploads, and changes that are taken."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from commitments import actors, archive
from commitments.models import Capture, DataVersion, Evidence, Link
from commitments.readable import IMAGES, kind, readable
from commitments.rules import RuleBroken
from commitments.verdicts import Verdict

from .checks import check_plain
from .links import follow_links

LARGEST_UPLOAD = 20_000_000
UPLOADS = ("pdf", "html", *IMAGES)


def upload_copy(
    *, evidence: Evidence, content: bytes, note: str, by: actors.Actor, at: datetime
) -> Capture:
    """Keep a copy that an analyst brought of what the tracker cannot reach.

    ``note`` says where it came from. The same bytes again give the copy that is
    there. Raises RuleBroken for what is too large, empty or no PDF, page or image.
    """
    check_plain(note, field="note")
    if not note.strip():
        raise RuleBroken(
            "copy_says_where_from",
            "Say where this copy came from, and how you know that it is the document.",
            field="note",
        )
    if not content or len(content) > LARGEST_UPLOAD:
        raise RuleBroken(
            "copy_has_a_size",
            f"This file has {len(content):,} bytes; a copy has 1 to "
            f"{LARGEST_UPLOAD:,}. Save the document again, smaller.",
            field="file",
        )
    found = kind(content)
    if found not in UPLOADS:
        raise RuleBroken(
            "copy_is_a_document",
            "By its bytes this is no PDF, web page (HTML) or image (PNG, JPEG, GIF, "
            "WebP). Save the document as one of these.",
            field="file",
        )
    digest = archive.sha256(content)
    if same := evidence.captures.filter(sha256=digest).first():
        return same
    text = readable(content).text
    warc = archive.keep_upload(content, url=evidence.url, kind=found, at=at)
    follow_links(at=at)
    with transaction.atomic():
        link = Link.objects.select_for_update().get(evidence=evidence)
        capture = Capture.objects.create(
            evidence=evidence,
            origin=Capture.Origin.UPLOADED,
            taken_at=at,
            url=evidence.url,
            kind=found,
            size=len(content),
            sha256=digest,
            text=text,
            text_sha256=archive.sha256(text.encode()),
            warc=warc,
            note=note.strip(),
            actor=actors.key(by),
        )
        link.latest = link.baseline = capture
        link.etag = link.last_modified = link.sha256 = ""
        link.save()
        Evidence.objects.filter(pk=evidence.pk).update(unreadable_since=None)
        DataVersion.bump()
    return capture


@transaction.atomic
def accept_change(*, evidence: Evidence, at: datetime) -> None:
    """Hold the link against its newest copy from now on: a person has read it.

    Raises RuleBroken where nothing has changed.
    """
    link = Link.objects.select_for_update().filter(evidence=evidence).first()
    if link is None or link.latest_id == link.baseline_id:
        raise RuleBroken(
            "something_has_changed",
            "The newest copy is the one that is cited already. Nothing to take.",
        )
    link.baseline_id = link.latest_id
    if link.verdict == Verdict.CHANGED:
        link.verdict, link.verdict_since, link.detail = Verdict.OK, at.date(), ""
    link.save()
    DataVersion.bump()
