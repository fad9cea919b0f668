"""Kept copies as files: one WARC per copy, named by its own hash, never overwritten.

Readable by any WARC tool (ISO 28500). The files lie in the ``captures`` storage.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus

from django.core.files.base import ContentFile
from django.core.files.storage import Storage, storages
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from commitments.models import Capture
from commitments.outgoing import Answer

# The body is kept as it came through, without the framing of the transfer.
FRAMING = frozenset({"transfer-encoding", "content-length", "connection"})
MIME = {
    "pdf": "application/pdf",
    "html": "text/html",
    "text": "text/plain",
    "png": "image/png",
    "jpeg": "image/jpeg",
    "gif": "image/gif",
    "webp": "image/webp",
}


@dataclass(frozen=True)
class Damage:
    """A kept copy that is not what was kept."""

    capture_id: int
    what: str

    def __str__(self) -> str:
        return f"copy {self.capture_id}: {self.what}"


def storage() -> Storage:
    return storages["captures"]


def sha256(content: bytes) -> str:
    """Return the SHA-256 of ``content`` in hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def keep_answer(answer: Answer, *, at: datetime) -> str:
    """Keep what a server answered at ``at``; return the name of its file."""
    line = f"{answer.status} {_phrase(answer.status)}".strip()
    headers = [(n, v) for n, v in answer.raw_headers if n.lower() not in FRAMING]
    headers.append(("Content-Length", str(len(answer.raw))))
    http = StatusAndHeaders(line, headers, protocol="HTTP/1.1")
    return _keep("response", answer.url, answer.raw, at=at, http_headers=http)


def keep_upload(content: bytes, *, url: str, kind: str, at: datetime) -> str:
    """Keep a document that an analyst brought; return the name of its file."""
    mime = MIME.get(kind, "application/octet-stream")
    return _keep("resource", url, content, at=at, warc_content_type=mime)


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return ""


def _keep(
    kind: str, url: str, content: bytes, *, at: datetime, **options: object
) -> str:
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=True)
    moment = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    record = writer.create_warc_record(
        url,
        kind,
        payload=io.BytesIO(content),
        length=len(content),
        warc_headers_dict={"WARC-Date": moment},
        **options,
    )
    writer.write_record(record)
    packed = out.getvalue()
    digest = sha256(packed)
    name = f"{digest[:2]}/{digest}.warc.gz"
    if not storage().exists(name):
        storage().save(name, ContentFile(packed))
    return name


def document(capture: Capture) -> bytes:
    """Return the bytes of the kept document, decoded.

    Raises OSError where the file is not there or cannot be read.
    """
    with storage().open(capture.warc) as file:
        return _payload(file.read())


def _payload(packed: bytes) -> bytes:
    try:
        for record in ArchiveIterator(io.BytesIO(packed)):
            if record.rec_type in ("response", "resource"):
                return record.content_stream().read()
    except (ArchiveLoadFailed, EOFError) as error:
        raise OSError(f"It is no WARC file: {error}") from error
    raise OSError("The WARC file holds no document.")


def verify() -> Iterator[Damage]:
    """Hash every kept copy anew and yield what does not fit."""
    for capture in Capture.objects.order_by("pk").iterator(chunk_size=50):
        yield from _verify(capture)


def _verify(capture: Capture) -> Iterator[Damage]:
    if sha256(capture.text.encode()) != capture.text_sha256:
        yield Damage(capture.pk, "its text does not fit its hash")
    try:
        with storage().open(capture.warc) as file:
            packed = file.read()
    except OSError:
        yield Damage(capture.pk, f"its file {capture.warc} cannot be read")
        return
    if f"{sha256(packed)}.warc.gz" != capture.warc.rpartition("/")[2]:
        yield Damage(capture.pk, f"its file {capture.warc} does not fit its name")
        return
    try:
        if sha256(_payload(packed)) != capture.sha256:
            yield Damage(capture.pk, "its document does not fit its hash")
    except OSError as error:
        yield Damage(capture.pk, str(error))
