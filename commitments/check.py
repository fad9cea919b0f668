"""Check the record: stored values against a fold of the history, and the chain."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.db.models import Prefetch

from commitments import archive, chain, search, shown
from commitments.chain import Finding
from commitments.fold import Values, fold
from commitments.models import Commitment, HistoryEntry, State
from commitments.models.commitment import WORDING
from commitments.models.state import NO_ENTRY_YET
from commitments.services.checkpoints import compare, read_checkpoints
from commitments.services.record import rows

# Commitments that are read, with all that is of them, at a time.
BATCH = 200


def check_record() -> Iterator[str]:
    """Yield each stored value that differs from what the history adds up to."""
    entries = HistoryEntry.objects.select_related("milestone")
    standing = State.objects.filter(known_until=NO_ENTRY_YET)
    every = Commitment.objects.select_related("wording_entry__text").prefetch_related(
        Prefetch("history", entries.prefetch_related("citations")),
        Prefetch(
            "states", standing.order_by("effective_from"), to_attr="standing_states"
        ),
        "criteria",
    )
    for commitment in every.iterator(BATCH):
        found = fold(commitment.history.all(), own_interval=commitment.own_interval)
        current = found[-1][1] if found else Values()
        for name, value in current.as_dict().items():
            if (stored := getattr(commitment, name)) != value:
                yield f"{commitment.slug}: {name} is {stored!r}, history says {value!r}"
        yield from _check_states(commitment, rows(found))
        yield from _check_wording(commitment)
    for pk in search.stale():
        yield f"commitment {pk}: the search index differs from the record"
    for check in shown.CHECKS:
        yield from check()


def _check_states(commitment: Any, wanted: list[dict[str, Any]]) -> Iterator[str]:
    names = ["effective_from", "effective_until", *Values().as_dict()]
    stored = [
        {n: getattr(state, n) for n in names} for state in commitment.standing_states
    ]
    if stored != wanted:
        yield f"{commitment.slug}: its stored states differ from its history"


def _check_wording(commitment: Commitment) -> Iterator[str]:
    entry = commitment.wording_entry
    if entry is None or not entry.text.wording:
        return
    wording = json.loads(entry.text.wording)
    stored = {field: getattr(commitment, field) for field in WORDING}
    stored["criteria"] = {c.key: c.text for c in commitment.criteria.all()}
    # The history writes letters in one way (NFC), here they stand as they were pasted.
    stored = json.loads(chain.canonical(stored))
    for field in WORDING:
        if stored[field] != wording[field]:
            yield f"{commitment.slug}: its {field} differs from its history"
    if stored["criteria"] != wording["criteria"]:
        yield f"{commitment.slug}: its test differs from its history"


def verify_history(checkpoint_files: list[Path]) -> Iterator[Finding]:
    """Yield all that is wrong with the chain, its checkpoints and stored values.

    Raises ValueError for a checkpoint file that cannot be read.
    """
    yield from chain.verify()
    for path in checkpoint_files:
        for checkpoint in read_checkpoints(path):
            yield from compare(checkpoint)
    for difference in check_record():
        yield Finding(0, difference)


def verify_everything(checkpoint_files: list[Path]) -> Iterator[str]:
    """Yield as sentences what ``verify_history`` finds, and what of kept copies.

    Raises ValueError for a checkpoint file that cannot be read.
    """
    yield from map(str, verify_history(checkpoint_files))
    yield from map(str, archive.verify())
