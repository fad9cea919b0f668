"""The full-text index of what readers search: one row a commitment, in the database.

On SQLite an FTS5 table, on PostgreSQL a table of tsvectors, each fed with words that
are already cut here, so that both find the same: lower case, without accents, Chinese
in pairs of characters. ``now`` holds what is said today (wording, test, names, reasons,
documents), ``past`` the wordings that held before. ``refresh`` is the one writer, in
the transaction of the change (``commitments.shown``); ``check_record`` finds what it missed.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.db.models.expressions import RawSQL

from commitments import words
from commitments.models import (
    Body,
    Citation,
    Commitment,
    Criterion,
    HistoryEntry,
    Partner,
    Topic,
)
from commitments.models.commitment import WORDING
from commitments.words import HAN

TABLE = "commitments_search"
NAMES: tuple[tuple[Any, tuple[str, ...]], ...] = (
    (Body, ("name", "name_zh", "short_name")),
    (Topic, ("name", "name_zh")),
    (Partner, ("name", "name_zh")),
)
DOCUMENT = ("title", "title_original", "summary")
BATCH = 500
LONGEST_WORD = 100

# A word of a search: what must follow each other in a text, the last perhaps cut short.
Phrase = tuple[tuple[str, ...], bool]
Texts = dict[int, list[str]]


def pieces(text: str) -> list[str]:
    """Return the words and the Chinese runs of ``text``, cut to what is indexed."""
    return [piece[:LONGEST_WORD] for piece in words.pieces(text)]


def tokens(text: str) -> list[str]:
    """Return what is indexed of ``text``, in order.

    Of a Chinese run each two neighbours and the last character: so each character
    begins a token, and no two runs look like one.
    """
    found: list[str] = []
    for piece in pieces(text):
        if HAN.match(piece):
            found += [piece[i : i + 2] for i in range(len(piece))]
        else:
            found.append(piece)
    return found


def phrases(search: str) -> list[Phrase]:
    """Return what a text must say to be found by ``search``: every word of it.

    A word is found by its beginning. Punctuation alone says nothing.
    """
    found = []
    for word in search.split():
        cut = tokens(word)
        if len(cut) > 1 and len(cut[-1]) == 1 and HAN.match(cut[-1]):
            # The text may go on after the last character.
            cut, begins = cut[:-1], False
        else:
            begins = True
        if cut:
            found.append((tuple(cut), begins))
    return found


def says(text: list[str], phrase: Phrase) -> bool:
    """Whether the tokens of a text hold a phrase."""
    wanted, begins = phrase
    *first, last = wanted
    for start in range(len(text) - len(first)):
        end = text[start + len(first)]
        if text[start : start + len(first)] == first and (
            end.startswith(last) if begins else end == last
        ):
            return True
    return False


def is_said(phrase: Phrase, texts: Iterable[list[str]]) -> bool:
    """Whether one of the texts, as tokens, says a phrase, or it is the number there."""
    ref = _by_ref(phrase)
    return any(says(text, phrase) or (ref and ref in text) for text in texts)


def ref_token(ref: str) -> str:
    """Return the token by which a commitment is found by its number."""
    return f"ref{ref.replace('.', 'x')}"


def _by_ref(phrase: Phrase) -> str:
    wanted, _ = phrase
    if len(wanted) == 2 and all(one.isascii() and one.isdigit() for one in wanted):
        return ref_token(".".join(wanted))
    return ""


def holding(found: Iterable[Phrase], *, past: bool) -> RawSQL:
    """Return the keys of commitments that say all phrases, today or (``past``) ever."""
    if connection.vendor == "postgresql":
        return _postgresql(found, past=past)
    parts = []
    for wanted, begins in found:
        said = f'"{" ".join(wanted)}"{"*" if begins else ""}'
        ref = _by_ref((wanted, begins))
        parts.append(f'({said} OR "{ref}")' if ref else said)
    match = " AND ".join(parts)
    match = match if past else f"now : ({match})"
    # Quoted words of letters and digits alone: nothing in them is syntax.
    return RawSQL(f"SELECT rowid FROM {TABLE} WHERE {TABLE} MATCH %s", [match])  # noqa: S608, S611


def _postgresql(found: Iterable[Phrase], *, past: bool) -> RawSQL:
    conditions, given = [], []
    for wanted, begins in found:
        said = " <-> ".join(f"'{one}'" for one in wanted) + (":*" if begins else "")
        ref = _by_ref((wanted, begins))
        query = f"({said}) | '{ref}'" if ref else said
        conditions.append("now @@ %s::tsquery")
        given.append(query)
        if past:
            conditions[-1] = f"({conditions[-1]} OR past @@ %s::tsquery)"
            given.append(query)
    where = " AND ".join(conditions)
    return RawSQL(f"SELECT commitment_id FROM {TABLE} WHERE {where}", given)  # noqa: S608, S611


def wordings(entries: Iterable[int]) -> dict[int, list[str]]:
    """Return the texts of a wording by the number of the entry that gave it."""
    told = HistoryEntry.objects.filter(pk__in=list(entries)).exclude(text__wording="")
    found = {}
    for seq, wording in told.values_list("pk", "text__wording"):
        kept = json.loads(wording)
        found[seq] = [*(kept[name] for name in WORDING), *kept["criteria"].values()]
    return found


def around(pks: Collection[int], entries: QuerySet[HistoryEntry]) -> Texts:
    """Return the texts beside the wording of each commitment, by its key.

    The names of its bodies, topics and partners; of those ``entries`` that are its own,
    the reasons and the documents cited. A fixed number of queries.
    """
    texts: Texts = defaultdict(list)
    for model, columns in NAMES:
        named = model.objects.filter(commitments__in=pks).distinct()
        for pk, *names in named.values_list("commitments", *columns):
            texts[pk] += names
    entries = entries.filter(commitment__in=pks).order_by()
    for pk, reason in entries.order_by("seq").values_list(
        "commitment_id", "text__reason"
    ):
        texts[pk].append(reason)
    cited = Citation.objects.filter(entry__in=entries.values("pk")).order_by()
    shown = [f"evidence__{column}" for column in DOCUMENT]
    for pk, _, *told in (
        cited.values_list("entry__commitment_id", "evidence_id", *shown)
        .distinct()
        .order_by("entry__commitment_id", "evidence_id")
    ):
        texts[pk] += told
    return texts


def _documents(pks: Collection[int]) -> Iterator[tuple[int, str, str]]:
    """Yield what the index should hold of each commitment that readers may see."""
    public = Commitment.objects.public().filter(pk__in=pks)
    rows = list(public.values_list("pk", "ref", *WORDING))
    found = around([row[0] for row in rows], HistoryEntry.objects.all())
    for pk, text in Criterion.objects.filter(commitment__in=pks).values_list(
        "commitment_id", "text"
    ):
        found[pk].append(text)
    worded = HistoryEntry.objects.filter(commitment__in=pks).exclude(text__wording="")
    owners = dict(worded.values_list("pk", "commitment_id"))
    earlier: Texts = defaultdict(list)
    # The latest wording is that of the columns; repeated, it does no harm.
    for seq, texts in wordings(owners).items():
        earlier[owners[seq]] += texts
    for pk, ref, *texts in rows:
        now = [token for text in [*texts, *found[pk]] for token in tokens(text)]
        past = [token for text in earlier[pk] for token in tokens(text)]
        yield pk, " ".join([ref_token(ref), *now]), " ".join(past)


def refresh(pks: Iterable[int]) -> None:
    """Write the index of these commitments anew, in the caller's transaction."""
    every = sorted(set(pks))
    for first in range(0, len(every), BATCH):
        _write(every[first : first + BATCH])


def refresh_all() -> None:
    refresh(Commitment.objects.order_by().values_list("pk", flat=True))


def fill() -> None:
    """Write the index where there is a record and no index yet: after an upgrade."""
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT 1 FROM {TABLE} LIMIT 1")  # noqa: S608
        if cursor.fetchone() is None:
            refresh_all()


def _digest(now: str, past: str) -> str:
    return hashlib.sha256(f"{now}\n{past}".encode()).hexdigest()[:16]


def _write(pks: list[int]) -> None:
    on_postgresql = connection.vendor == "postgresql"
    key = "commitment_id" if on_postgresql else "rowid"
    value = "%s::tsvector" if on_postgresql else "%s"
    rows = [
        (pk, _vector(now), _vector(past), _digest(now, past))
        if on_postgresql
        else (pk, now, past, _digest(now, past))
        for pk, now, past in _documents(pks)
    ]
    with connection.cursor() as cursor:
        cursor.executemany(f"DELETE FROM {TABLE} WHERE {key} = %s", [(p,) for p in pks])  # noqa: S608
        cursor.executemany(
            f"INSERT INTO {TABLE} ({key}, now, past, digest) "  # noqa: S608
            f"VALUES (%s, {value}, {value}, %s)",
            rows,
        )


def _vector(text: str) -> str:
    """Return words as the text of a tsvector, each with its place."""
    return " ".join(f"'{word}':{at}" for at, word in enumerate(text.split(), start=1))


def stale() -> Iterator[int]:
    """Yield the keys of commitments of which the index holds something else."""
    key = "commitment_id" if connection.vendor == "postgresql" else "rowid"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {key}, digest FROM {TABLE}")  # noqa: S608
        stored = dict(cursor.fetchall())
    every = list(Commitment.objects.order_by("pk").values_list("pk", flat=True))
    for first in range(0, len(every), BATCH):
        batch = every[first : first + BATCH]
        wanted = {pk: _digest(*texts) for pk, *texts in _documents(batch)}
        for pk in batch:
            if stored.pop(pk, None) != wanted.get(pk):
                yield pk
    yield from stored
