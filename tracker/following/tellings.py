"""A change in the words of a mail: rendered once for each language, and kept."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from commitments.models import HistoryEntry
from commitments.statuses import EntryKind
from tracker import changes, feeds, telling
from tracker.browse import Question
from tracker.changes import Change
from tracker.models import Telling

from .plain import plain


def kept(seqs: Collection[int], language: str) -> dict[int, Telling]:
    """Return the tellings of entries in a language; what is missing is written first.

    The number of queries does not depend on that of entries.
    """
    found = _found(seqs, language)
    if missing := set(seqs) - set(found):
        write(missing, language)
        found |= _found(missing, language)
    return found


def _found(seqs: Iterable[int], language: str) -> dict[int, Telling]:
    rows = Telling.objects.filter(event__in=list(seqs), language=language)
    return {row.event_id: row for row in rows}


def write(seqs: Collection[int], language: str) -> None:
    """Write the tellings of entries, in place of those there are."""
    entries = list(HistoryEntry.objects.filter(seq__in=seqs).order_by("seq").whole())
    if not entries:
        return
    today = max(entry.recorded_at for entry in entries).date()
    with translation.override(language):
        told = [
            _told(change, language)
            for change in changes.told(entries, Question(today=today))
        ]
    Telling.objects.bulk_create(
        told,
        batch_size=200,
        update_conflicts=True,
        unique_fields=["event", "language"],
        update_fields=["html", "text", "line"],
    )


def write_redacted_anew(entries: Iterable[HistoryEntry]) -> None:
    """Take what was erased out of tellings that were written before."""
    erased = {e.refers_to_id for e in entries if e.kind == EntryKind.REDACTION}
    rows = Telling.objects.filter(event__in=erased - {None})
    for language in set(rows.order_by().values_list("language", flat=True)):
        again = rows.filter(language=language).values_list("event", flat=True)
        write(list(again), language)


def _told(change: Change, language: str) -> Telling:
    entry = change.entry
    was, now = telling.step(change)
    context = {
        "change": change,
        "entry": entry,
        "what": telling.what(change),
        "was": was,
        "now": now,
        "address": feeds.address(change),
        "evidence": [citation.evidence for citation in entry.citations.all()],
        "took_effect": telling.day(entry.effective_on, entry.precision),
        "recorded": telling.day(entry.recorded_at.date()),
        "SITE_URL": settings.SITE_URL,
    }
    html = render_to_string("mail/_change.html", context)
    return Telling(
        event_id=entry.seq,
        language=language,
        html=html,
        text=plain(html),
        line=" ".join(feeds.title(change).split())[:300],
    )
