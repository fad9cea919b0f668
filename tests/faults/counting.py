"""What was acknowledged, against what is there: lost, doubled, half."""

from __future__ import annotations

from collections import Counter
from typing import Any

from commitments.models import (
    Capture,
    Evidence,
    HistoryEntry,
    HistoryText,
    Proposal,
)
from tests.faults import people
from tracker.models import Event


def markers(texts: Any, known: set[str]) -> Counter[str]:
    """Count how often each marker occurs: a text holds one, in brackets."""
    found = Counter(text.rpartition("(")[2].partition(")")[0] for text in texts)
    return Counter({name: n for name, n in found.items() if name in known})


def of(book: people.Book, everybody: list[people.Person]) -> dict[str, list[str]]:
    """Return what was taken and is not there, what is there twice, and what in part."""
    lost: list[str] = []
    doubled: list[str] = []
    half: list[str] = []
    recorded = markers(HistoryText.objects.values_list("reason", flat=True), book.begun)
    proposed = markers(
        Proposal.objects.values_list("content__reason", flat=True), book.begun
    )
    kept = Counter(
        Capture.objects.filter(origin="uploaded").values_list("evidence", "sha256")
    )
    notes = markers(
        Capture.objects.filter(origin="uploaded").values_list("note", flat=True),
        book.begun,
    )
    approved = {
        f"approval-{pk}"
        for pk in Proposal.objects.exclude(entry=None).values_list("pk", flat=True)
    }
    there = {
        "review": recorded,
        "assess": proposed,
        "proposal by API": proposed,
        "copy": notes,
        "sign-off": Counter(approved),
    }
    for marker, (kind, _) in book.taken.items():
        if kind in there and not there[kind][marker]:
            lost.append(f"{kind} {marker}")
    for found in (recorded, proposed, notes, kept):
        doubled += [str(name) for name, n in found.items() if n > 1]
    _imports(book, everybody, lost, doubled, half)
    half += _untold()
    return {"lost": lost, "doubled": doubled, "half": half}


def _imports(
    book: people.Book,
    everybody: list[people.Person],
    lost: list[str],
    doubled: list[str],
    half: list[str],
) -> None:
    urls = Counter(
        Evidence.objects.filter(url__contains="/ida-").values_list("url", flat=True)
    )
    doubled += [url for url, n in urls.items() if n > 1]
    rows = Counter(url.split("/")[3] for url in urls)
    for one in everybody:
        if not isinstance(one, people.Importer):
            continue
        for marker, sent in one.sent.items():
            if marker in book.taken and not rows[marker]:
                lost.append(f"import {marker}")
            elif rows[marker] not in (0, sent):
                half.append(f"import {marker}: {rows[marker]} of {sent} rows")


def _untold() -> list[str]:
    """Entries without their text, or of which the outbox does not know."""
    public = set(HistoryEntry.objects.public().values_list("seq", flat=True))
    told = set(Event.objects.values_list("pk", flat=True))
    texts = set(HistoryText.objects.values_list("entry", flat=True))
    every = set(HistoryEntry.objects.values_list("seq", flat=True))
    return [
        *(f"entry {seq} is not told" for seq in sorted(public - told)),
        *(f"entry {seq} has no text" for seq in sorted(every - texts)),
    ]
