"""The life of an import: sent, checked, approved, written whole or not at all.

The database holds what is to be done (``ImportRun.state``); a worker looks for it
every few seconds, so no request speaks to the broker and no message can be lost. A
run whose worker died is taken up again when its lease ends. Writing is one
transaction that also marks the run as done: killed, it leaves nothing, and can start
over.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice
from pathlib import PurePath
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import IntegrityError, transaction
from django.db.models import F, Q

from commitments import actors, chain, shown, tracing
from commitments.models import DataVersion, ImportRun
from commitments.rules import RuleBroken

from . import limits
from .checking import REFUSED, UNCHANGED, Checker, Outcome
from .limits import Unreadable, check_size
from .reading import FORMATS, read_rows
from .report import Report
from .resources import RESOURCES
from .spool import Spool
from .workbook import unpacked_size
from .writing import write

logger = logging.getLogger(__name__)
State = ImportRun.State
BATCH = 500
# Longer than the hard limit of a task: whoever held a run is gone by then.
LEASE = timedelta(seconds=settings.CELERY_TASK_TIME_LIMIT + 60)
MOST_ATTEMPTS = 3
# A checked file that nobody imports is forgotten.
KEPT = timedelta(days=7)

TOO_LONG = (
    "It took too long, so it was stopped. Split the file into smaller ones and import "
    "them one after the other."
)
CHANGED_MEANWHILE = (
    "Since the file was checked, the record has changed, and some rows are now "
    "refused. Nothing was imported. Mend them and send the file again."
)


class Superseded(Exception):
    """Another process has taken the run up: this one must not write."""


def start(*, kind: str, file: UploadedFile, by: Any, at: datetime) -> ImportRun:
    """Keep a file to be checked. Raises Unreadable if its size or name forbids it."""
    name = PurePath(file.name or "").name[-200:]
    format = PurePath(name).suffix.lower().lstrip(".")
    if format not in FORMATS:
        raise Unreadable("Its name must end in .csv, .xlsx or .json.")
    check_size(file.size or 0)
    small = _is_small(file, format)
    digest = hashlib.sha256()
    for chunk in file.chunks():
        digest.update(chunk)
    file.seek(0)
    run = ImportRun(
        kind=kind,
        format=format,
        name=name,
        sha256=digest.hexdigest(),
        small=small,
        by=by,
        by_name=actors.name(by)[:150],
        request_id=tracing.request_id(),
        created_at=at,
    )
    # Its own name may hold anything, and is for reading alone.
    run.file.save(f"{run.sha256[:16]}.{format}", file, save=False)
    run.save()
    return run


def _is_small(file: UploadedFile, format: str) -> bool:
    """Whether a request may work through a file itself. Raises Unreadable."""
    if format == "xlsx" and unpacked_size(file) > limits.SMALL_UNPACKED:
        return False
    if (file.size or 0) > limits.SMALL_BYTES:
        return False
    mark = {"csv": b"\n", "json": b"{", "xlsx": b"PK\x01\x02"}[format]
    marks = file.read().count(mark)
    file.seek(0)
    return marks <= limits.SMALL_ROWS


def approve(*, run: ImportRun, by: Any, at: datetime) -> None:
    """Let a checked file be written, in the name of ``by``; ``by_name`` stays who sent it.

    Raises RuleBroken if it cannot be.
    """
    _move(run, State.READY, state=State.APPROVED, by=by)


def discard(*, run: ImportRun, at: datetime) -> None:
    """Give a checked file up. Raises RuleBroken if there is nothing to give up."""
    _move(run, State.READY, state=State.DISCARDED, finished_at=at)


def _move(run: ImportRun, expected: str, **values: Any) -> None:
    rows = ImportRun.objects.filter(pk=run.pk, state=expected)
    if not rows.update(attempt=0, **values):
        raise RuleBroken(
            "import_is_ready",
            "This file is not waiting for a decision any more. See below what became "
            "of it.",
        )
    run.refresh_from_db()


def work_on_next(*, at: datetime) -> ImportRun | None:
    """Take up the run that has waited longest; return it, or None if none waits."""
    _tidy(at=at)
    for pk in _due(at).order_by("pk").values_list("pk", flat=True):
        if run := take(pk, at=at):
            with tracing.following(run.request_id):
                work(run, at=at)
                logger.info("Import %s: %s", run.pk, run.state)
            return run
    return None


def _due(at: datetime) -> Any:
    dead = Q(state__in=ImportRun.AT_WORK, leased_until__lt=at)
    return ImportRun.objects.filter(dead | Q(state__in=[State.WAITING, State.APPROVED]))


def take(pk: int, *, at: datetime) -> ImportRun | None:
    """Hold a run for this process alone; None if another was quicker."""
    run = _due(at).filter(pk=pk).first()
    if run is None:
        return None
    writing = run.state in (State.APPROVED, State.WRITING)
    mine = ImportRun.objects.filter(pk=pk, state=run.state, attempt=run.attempt)
    taken = mine.update(
        state=State.WRITING if writing else State.CHECKING,
        attempt=F("attempt") + 1,
        leased_until=at + LEASE,
    )
    if not taken:
        return None
    run.refresh_from_db()
    if run.attempt > MOST_ATTEMPTS:
        stop(run, TOO_LONG, at=at)
        return None
    return run


def stop(run: ImportRun, problem: str, *, at: datetime) -> None:
    """Give up a run that this process holds. Nothing of it was written."""
    _finish(run, State.FAILED, at=at, problem=problem)


def work(run: ImportRun, *, at: datetime) -> None:
    """Check a run, or write it: whatever it waits for."""
    try:
        if run.state == State.WRITING:
            _write(run, at=at)
        else:
            _check(run, at=at)
    except Unreadable as problem:
        _finish(run, State.REFUSED, at=at, problem=str(problem))
    except SoftTimeLimitExceeded:
        stop(run, TOO_LONG, at=at)
    except FileNotFoundError:
        stop(run, "The file is not there any more. Send it again.", at=at)
    except Superseded:
        pass
    run.refresh_from_db()


def _check(run: ImportRun, *, at: datetime) -> None:
    """Find out what each row would do; writes nothing but the run."""
    report = Report()
    with _spooled(run) as spool:
        for outcomes in _outcomes(run, spool, at=at):
            report.add(outcomes)
            _keep(run, total=spool.count, done=report.done, **report.counts)
    values = {"total": report.done, "done": report.done, "rows": report.rows}
    values |= report.counts
    if not report.done:
        raise Unreadable("This file has no rows below its heading. Add some.")
    if report.counts[REFUSED]:
        _finish(run, State.REFUSED, at=at, **values)
    else:
        _keep(run, state=State.READY, leased_until=None, **values)


def _write(run: ImportRun, *, at: datetime) -> None:
    """Check every row again under the lock of the record, and write all or none."""
    report = Report()
    try:
        with _spooled(run) as spool, transaction.atomic():
            chain.lock()
            model = RESOURCES[run.kind].model
            for outcomes in _outcomes(run, spool, at=at):
                report.add(outcomes)
                if not report.counts[REFUSED]:
                    write(outcomes, model=model, by=run.by, why=f"Import {run.pk}")
                    changed = [o.instance.pk for o in outcomes if o.kind != UNCHANGED]
                    shown.refresh(shown.about(model, changed))
            if report.counts[REFUSED]:
                raise _Refused
            DataVersion.bump()
            values = {"done": report.done, **report.counts, "rows": report.rows}
            _finish(run, State.DONE, at=at, **values)
    except _Refused:
        values = {**report.counts, "rows": report.rows, "problem": CHANGED_MEANWHILE}
        _finish(run, State.REFUSED, at=at, **values)
    except IntegrityError:
        stop(run, CHANGED_MEANWHILE, at=at)


class _Refused(Exception):
    """Rolls back what was written before a row was refused."""


def _spooled(run: ImportRun) -> Spool:
    resource = RESOURCES[run.kind]()
    with run.file.open("rb") as file:
        rows = read_rows(file, format=run.format, columns=list(resource.by_name()))
        return Spool(rows)


def _outcomes(run: ImportRun, spool: Spool, *, at: datetime) -> Iterator[list[Outcome]]:
    checker = Checker(RESOURCES[run.kind](), on=at.date())
    rows = iter(spool)
    while batch := list(islice(rows, BATCH)):
        yield checker.check(batch)


def _keep(run: ImportRun, **values: Any) -> None:
    """Note progress. Raises Superseded if another process holds the run now."""
    mine = ImportRun.objects.filter(pk=run.pk, attempt=run.attempt, state=run.state)
    if not mine.update(**values):
        raise Superseded


def _finish(run: ImportRun, state: str, *, at: datetime, **values: Any) -> None:
    _keep(run, state=state, finished_at=at, leased_until=None, **values)


def _tidy(*, at: datetime) -> None:
    """Forget files that are not needed any more."""
    ImportRun.objects.filter(state=State.READY, created_at__lt=at - KEPT).update(
        state=State.DISCARDED, finished_at=at
    )
    for run in ImportRun.objects.filter(state__in=ImportRun.OVER).exclude(file=""):
        run.file.delete(save=False)
        ImportRun.objects.filter(pk=run.pk).update(file="")
