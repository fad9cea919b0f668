"""Recordings: the transactions that append to the history, one at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import wraps
from typing import ParamSpec, TypeVar

from django.db import transaction

from commitments import chain, shown, signals
from commitments.models import HistoryEntry

P = ParamSpec("P")
R = TypeVar("R")

# The entries of the recording under way; None outside of one.
_appended: ContextVar[list[int] | None] = ContextVar("appended", default=None)
_rehearsing = ContextVar("rehearsing", default=False)


@contextmanager
def one_recording() -> Iterator[None]:
    """Be the one transaction that appends to the history.

    The lock comes first, so that all that is read is what is written upon. Ends with
    ``signals.recorded``; a recording inside another is part of that one.
    """
    with transaction.atomic():
        chain.lock()
        outer = _appended.get()
        if outer is not None:
            so_far = len(outer)
            try:
                yield
            except BaseException:
                del outer[so_far:]
                raise
            return
        appended: list[int] = []
        token = _appended.set(appended)
        try:
            yield
            _tell(appended)
        finally:
            _appended.reset(token)


def _tell(appended: list[int]) -> None:
    if not appended:
        return
    # Under the lock nobody else's entries lie between two of ours.
    entries = HistoryEntry.objects.public().filter(
        seq__gte=appended[0], seq__lte=appended[-1]
    )
    shown.refresh(entries.order_by().values_list("commitment_id", flat=True))
    signals.recorded.send(HistoryEntry, entries=entries.chained())


def recording(service: Callable[P, R]) -> Callable[P, R]:
    """Run a service as a recording: see ``one_recording``."""

    @wraps(service)
    def locked(*args: P.args, **kwargs: P.kwargs) -> R:
        with one_recording():
            return service(*args, **kwargs)

    return locked


@contextmanager
def rehearsal() -> Iterator[None]:
    """Run services and leave nothing behind, whatever they wrote; nobody is told.

    What they would refuse they refuse here too; a second person is not asked for.
    """
    with transaction.atomic():
        rehearsing, appended = _rehearsing.set(True), _appended.set([])
        try:
            yield
        finally:
            _rehearsing.reset(rehearsing)
            _appended.reset(appended)
            transaction.set_rollback(True)


def is_rehearsal() -> bool:
    """Whether nothing of what is written will stay."""
    return _rehearsing.get()


def note(entry: HistoryEntry) -> None:
    """Count an entry among those that the recording under way tells of."""
    appended = _appended.get()
    if appended is None:
        raise RuntimeError("An entry is appended inside a recording.")
    appended.append(entry.seq)
