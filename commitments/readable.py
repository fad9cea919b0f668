"""The readable text of a page or a PDF, taken in a process that may be ended.

What comes from outside can make a parser run for hours or fill the memory, so that
parsing is done by a child process with limits: ``with Reader() as reader`` keeps one
for a run, ``readable()`` asks one for a single document.
"""

from __future__ import annotations

import io
import json
import re
import resource
import struct
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import IO, Self
from urllib.parse import urljoin

LONGEST_TEXT = 500_000
LARGEST_PAGE = 5_000_000
MOST_LISTED = 500
SECONDS = 20.0
MEMORY = 2_000_000_000
MAGIC = {
    b"%PDF-": "pdf",
    b"\x89PNG\r\n\x1a\n": "png",
    b"\xff\xd8\xff": "jpeg",
    b"GIF87a": "gif",
    b"GIF89a": "gif",
}
IMAGES = ("png", "jpeg", "gif", "webp")
MARKUP = re.compile(
    rb"<(?:!doctype\s+html|html|head|body|title|meta|div|p|a)\b", re.IGNORECASE
)
WANTED = ("text", "title", "language", "date")
DAY = re.compile(r"\d{4}-\d\d-\d\d")
UNSEEN = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


@dataclass(frozen=True)
class Readable:
    """What a reader sees of a document; ``kind`` is what its bytes are."""

    kind: str
    text: str = ""
    title: str = ""
    language: str = ""
    published_on: date | None = None


@dataclass(frozen=True)
class Listed:
    """A document as a feed or a list page names it."""

    url: str
    title: str
    published_on: date | None = None


def kind(body: bytes) -> str:
    """Return what ``body`` is by its own bytes: pdf, html, an image, text or other.

    What the server calls it is never trusted.
    """
    start = body[:4096].lstrip(b"\xef\xbb\xbf \t\r\n")
    for magic, name in MAGIC.items():
        if start.startswith(magic):
            return name
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return "webp"
    if start.lower().startswith(b"<svg") or start.startswith(b"<?xml"):
        return "html" if b"<html" in start.lower() else "other"
    if MARKUP.search(start):
        return "html"
    return "other" if b"\0" in start else "text"


def readable(body: bytes) -> Readable:
    """Return the readable text of one document; empty where there is none."""
    with Reader() as reader:
        return reader.read(body)


class Reader:
    """A child process that reads documents, replaced where one defeats it."""

    def __init__(self, *, seconds: float = SECONDS) -> None:
        self._seconds = seconds
        self._child: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._end()

    def read(self, body: bytes) -> Readable:
        """Return what ``body`` says, or only its kind where it cannot be read."""
        found = kind(body)
        if not body or found not in ("html", "pdf", "text"):
            return Readable(found)
        if found == "html":
            body = body[:LARGEST_PAGE]
        answer = self._ask(body)
        if answer is None:
            return Readable(found)
        said = json.loads(answer)
        day = said.pop("published_on")
        return Readable(**said, published_on=date.fromisoformat(day) if day else None)

    def entries(self, body: bytes, *, kind: str) -> list[Listed] | None:
        """Return what a feed or a list page lists, or None where it is unreadable.

        ``kind`` is feed or list; addresses come as they are written there.
        """
        answer = self._ask(body[:LARGEST_PAGE], job=kind)
        if answer is None or (said := json.loads(answer)) is None:
            return None
        return [
            Listed(url, title, date.fromisoformat(day) if day else None)
            for url, title, day in said
        ]

    def _ask(self, body: bytes, *, job: str = "read") -> bytes | None:
        child = self._child or self._start()
        overdue = threading.Timer(self._seconds, child.kill)
        overdue.start()
        try:
            _send(child.stdin, job.encode())
            _send(child.stdin, body)
            answer = _receive(child.stdout)
        except (OSError, EOFError):
            answer = None
        finally:
            overdue.cancel()
        if answer is None or child.poll() is not None:
            self._end()
        return answer

    def _start(self) -> subprocess.Popen[bytes]:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "commitments.readable"],
            cwd=Path(__file__).parent.parent,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        child.kill()
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):
                if pipe is not None:
                    pipe.close()
        child.wait()


def _send(pipe: IO[bytes] | None, message: bytes) -> None:
    if pipe is None:
        raise OSError("no pipe")
    pipe.write(struct.pack(">I", len(message)) + message)
    pipe.flush()


def _receive(pipe: IO[bytes] | None) -> bytes:
    """Return the next message. Raises EOFError where the other side has gone."""
    head = pipe.read(4) if pipe is not None else b""
    if pipe is None or len(head) < 4:
        raise EOFError
    (length,) = struct.unpack(">I", head)
    message = pipe.read(length)
    if len(message) < length:
        raise EOFError
    return message


def clean(text: str) -> str:
    """Return ``text`` without what neither a reader nor a database can take."""
    return UNSEEN.sub("", text)[:LONGEST_TEXT].strip()


def parse(body: bytes) -> Readable:
    """Return what ``body`` says. Runs in the child process alone."""
    found = kind(body)
    if found == "pdf":
        return _parse_pdf(body)
    if found == "html":
        return _parse_html(body)
    return Readable(found, clean(_decoded(body)))


def _decoded(body: bytes) -> str:
    for encoding in ("utf-8", "gb18030"):
        with suppress(UnicodeDecodeError):
            return body.decode(encoding)
    return body.decode("utf-8", "replace")


def _parse_html(body: bytes) -> Readable:
    import trafilatura

    found = trafilatura.bare_extraction(
        body, favor_recall=True, include_comments=False, with_metadata=True
    )
    title = re.search(
        rb"<title[^>]*>(.*?)</title", body[:200_000], re.IGNORECASE | re.DOTALL
    )
    said = {name: str(getattr(found, name, None) or "") for name in WANTED}
    text = said["text"] or trafilatura.html2txt(body) or ""
    return Readable(
        "html",
        clean(text),
        clean(said["title"] or (_decoded(title[1]) if title else ""))[:300],
        clean(said["language"])[:8],
        date.fromisoformat(said["date"]) if DAY.fullmatch(said["date"]) else None,
    )


def _parse_pdf(body: bytes) -> Readable:
    from pypdf import PdfReader

    document = PdfReader(io.BytesIO(body))
    pages, length = [], 0
    for page in document.pages:
        pages.append(page.extract_text())
        length += len(pages[-1])
        if length > LONGEST_TEXT:
            break
    about = document.metadata
    title = str(about.title) if about and about.title else ""
    return Readable("pdf", clean("\n".join(pages)), clean(title)[:300])


def told(body: bytes, *, job: str = "read") -> bytes:
    """Return what ``body`` says as JSON; only its kind where a parser fails."""
    if job != "read":
        return _listed(body, job)
    try:
        found = asdict(parse(body))
    except Exception:  # noqa: BLE001 - parsers fail in any way on what comes
        found = asdict(Readable(kind(body)))
    found["published_on"] = str(found["published_on"] or "")
    return json.dumps(found).encode()


def _listed(body: bytes, job: str) -> bytes:
    try:
        found = _feed_entries(body) if job == "feed" else _list_entries(body)
    except Exception:  # noqa: BLE001 - parsers fail in any way on what comes
        found = None
    return json.dumps(found).encode()


def _feed_entries(body: bytes) -> list[tuple[str, str, str]] | None:
    """Return the entries of a feed as (address, title, day)."""
    import feedparser

    parsed = feedparser.parse(io.BytesIO(body))
    if not parsed.entries and not parsed.version:
        return None
    found = []
    for entry in parsed.entries[:MOST_LISTED]:
        stamp = entry.get("published_parsed") or entry.get("updated_parsed")
        day = f"{stamp[0]:04}-{stamp[1]:02}-{stamp[2]:02}" if stamp else ""
        title = re.sub(r"<[^>]*>", " ", entry.get("title", ""))
        found.append((entry.get("link", ""), _line(title), day))
    return found


def _list_entries(body: bytes) -> list[tuple[str, str, str]] | None:
    """Return the links of a page as (address, text, "")."""
    import lxml.html

    page = lxml.html.document_fromstring(body)
    base = page.find(".//base[@href]")
    found = [
        (link.get("href", ""), _line(link.get("title") or link.text_content()), "")
        for link in page.iter("a")
    ]
    if base is not None:
        found = [(urljoin(base.get("href"), url), t, d) for url, t, d in found]
    return found[:MOST_LISTED]


def _line(text: str) -> str:
    return " ".join(clean(text).split())[:300]


def serve(source: IO[bytes], target: IO[bytes]) -> None:
    """Answer documents with what they say until the other side goes."""
    while True:
        try:
            job, body = _receive(source).decode(), _receive(source)
        except EOFError:
            return
        _send(target, told(body, job=job))


if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    serve(sys.stdin.buffer, sys.stdout.buffer)
