"""The chain of digests: what is hashed, how, and how it is checked.

Formats 1 and 2. Leaf: SHA-256 over ``tracker.leaf.v1``, NUL, the salt, NUL, the field,
NUL, the text (NFC, UTF-8). Entry: SHA-256 over ``tracker.history.v1``, NUL, the
previous digest, NUL, the canonical JSON of the entry (sorted keys, ASCII, no
spaces, NFC, UTC microseconds, no fractions). Format 2 adds to each piece of evidence
the SHA-256 of the copy kept by then, or nothing. ``docs/verify.py`` is a second,
independent implementation.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from django.db import connection

from commitments.models import Citation, HistoryEntry, HistoryText
from commitments.statuses import EntryKind

FORMAT = 2
GENESIS = "0" * 64
# Any fixed number: it names the lock under which entries are appended.
LOCK = 5_112_026


@dataclass(frozen=True)
class Finding:
    """Something wrong with the chain, at entry ``seq`` (0: the chain as a whole)."""

    seq: int
    what: str

    def __str__(self) -> str:
        return f"{f'entry {self.seq}' if self.seq else 'record'}: {self.what}"


def lock() -> None:
    """Let one transaction at a time append; held until it ends.

    On SQLite the IMMEDIATE transaction is the lock already.
    """
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [LOCK])


def leaf(*, field: str, text: str, salt: str) -> str:
    """Return the salted hash under which ``text`` enters the chain."""
    plain = unicodedata.normalize("NFC", text).encode()
    parts = [b"tracker.leaf.v1", salt.encode(), field.encode(), plain]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def canonical(value: Any) -> bytes:
    """Return the one JSON text that stands for ``value``.

    Raises TypeError for a fraction: rounding differs between machines.
    """
    return json.dumps(
        _plain(value), sort_keys=True, ensure_ascii=True, separators=(",", ":")
    ).encode()


def _plain(value: Any) -> Any:
    match value:
        case None | bool() | int():
            return value
        case str():
            return unicodedata.normalize("NFC", str(value))
        case datetime():
            return value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
        case date():
            return value.isoformat()
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    raise TypeError(f"{type(value).__name__} cannot enter the chain.")


def digest(content: dict[str, Any], *, prev_digest: str) -> str:
    """Return the digest of an entry's ``content`` after ``prev_digest``."""
    parts = [b"tracker.history.v1", prev_digest.encode(), canonical(content)]
    return hashlib.sha256(b"\0".join(parts)).hexdigest()


def content(entry: HistoryEntry, cited: list[list[Any]]) -> dict[str, Any]:
    """Return what of an entry is hashed.

    ``cited`` holds [slug, url, nature, official] for each piece of evidence, and
    from format 2 on the SHA-256 of its kept copy.
    Permanent slugs stand for the rows they name.
    """
    return {
        "format": entry.format,
        "seq": entry.seq,
        "commitment": entry.commitment.slug,
        "kind": entry.kind,
        "acts_as": entry.acts_as,
        "refers_to": entry.refers_to_id,
        "effective_on": entry.effective_on,
        "precision": entry.precision,
        "recorded_at": entry.recorded_at,
        "status": entry.status,
        "criteria_met": sorted(entry.criteria_met),
        "confidence": entry.confidence,
        "looked_until": entry.looked_until,
        "position": entry.position,
        "body": entry.body.slug if entry.body else None,
        "milestone": entry.milestone.key if entry.milestone else None,
        "due_on": entry.due_on,
        "due_precision": entry.due_precision,
        "merged_into": entry.merged_into.slug if entry.merged_into else None,
        "evidence": sorted(cited),
        "actor": entry.actor,
        "approver_actor": entry.approver_actor,
        "sign_off": entry.sign_off,
        "method_version": entry.method_version,
        "idempotency_key": entry.idempotency_key,
        "leaves": entry.leaves,
    }


def hashed(citations: Iterable[Citation], *, format: int) -> list[list[Any]]:
    """Return citations in the form that ``content`` takes for this format."""
    rows = [
        [c.evidence.slug, c.url, c.nature, c.official, c.copy_sha256] for c in citations
    ]
    return [row[:4] for row in rows] if format == 1 else rows


def verify() -> Iterator[Finding]:
    """Yield what is wrong with the chain, entry by entry.

    A chain does not notice its own missing end: compare with a checkpoint too.
    """
    prev_digest, expected = GENESIS, 1
    redacted = set(
        HistoryEntry.objects.filter(kind=EntryKind.REDACTION).values_list(
            "refers_to", flat=True
        )
    )
    for entry in HistoryEntry.objects.chained().iterator(chunk_size=500):
        if entry.seq != expected:
            yield Finding(entry.seq, f"entry {expected} is missing")
        if entry.prev_digest != prev_digest:
            yield Finding(entry.seq, "does not follow the entry before it")
        cited = hashed(entry.citations.all(), format=entry.format)
        found = digest(content(entry, cited), prev_digest=entry.prev_digest)
        if found != entry.digest:
            yield Finding(entry.seq, "its content does not fit its digest")
        yield from _verify_text(entry, is_redacted=entry.seq in redacted)
        prev_digest, expected = entry.digest, entry.seq + 1


def _verify_text(entry: HistoryEntry, *, is_redacted: bool) -> Iterator[Finding]:
    text = getattr(entry, "text", None)
    if text is None:
        yield Finding(entry.seq, "its text row is missing")
        return
    for field in HistoryText.FIELDS:
        plain, salt = getattr(text, field), getattr(text, f"{field}_salt")
        hashed = entry.leaves.get(field)
        if hashed is None:
            if plain:
                yield Finding(entry.seq, f"its {field} is not in the chain")
        elif not plain and not salt:
            if not is_redacted:
                yield Finding(entry.seq, f"its {field} was erased unrecorded")
        elif leaf(field=field, text=plain, salt=salt) != hashed:
            yield Finding(entry.seq, f"its {field} was altered")
