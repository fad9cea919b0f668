"""A process of the tracker as in production, that dies where it is told to.

Started as ``web``, ``desk``, ``net`` or ``beat`` by ``main``. The harness hands out
warrants: a file ``warrant-<role>`` with a number. The process that finds one at its
first writing statement, of a request that changes something or of a task, kills itself
(SIGKILL) so many statements later; or, where there are fewer, when all is committed and
nothing is answered yet. What it did last is left in a file for the harness.

``FAULT_WITHOUT`` names protections that are taken away, for the control runs.
"""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from contextlib import contextmanager, nullcontext, suppress
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
django.setup()

from celery import signals
from django.conf import settings
from django.db.backends.signals import connection_created

from commitments import chain, outgoing
from commitments.admin import acts
from commitments.bulk import limits, runs
from commitments.forms import base, sign_off
from commitments.rules import RuleBroken
from config.celery import app

# The modules, where the package has functions of the same names.
assess, proposal, propose, recording, review = (
    import_module(f"commitments.services.{name}")
    for name in ("assess", "proposal", "propose", "recording", "review")
)

FOLDER = Path(os.environ["FAULT_FOLDER"])
WRITES = ("INSERT", "UPDATE", "DELETE")
# The tasks that write what the harness counts.
TASKS = {
    "commitments.tasks.work_on_imports": "desk",
    "commitments.tasks.check_links": "net",
}
fate = threading.local()


def claimed(role: str) -> int | None:
    """Return after how many statements to die; None: not at all."""
    mine = FOLDER / f"served-{role}-{os.getpid()}-{time.monotonic_ns()}"
    with suppress(FileNotFoundError):
        (FOLDER / f"warrant-{role}").rename(mine)
        return int(mine.read_text())
    return None


def die(where: str) -> None:
    (FOLDER / f"died-{os.getpid()}").write_text(where)
    os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(60)


def count(execute: Callable, sql: str, params: Any, many: bool, context: Any) -> Any:
    role = getattr(fate, "role", None)
    if role and fate.left is None and sql.startswith(WRITES):
        fate.left = claimed(role)
    if role and fate.left is not None:
        if fate.left <= 0:
            die(sql[:80])
        fate.left -= 1
    return execute(sql, params, many, context)


@contextmanager
def mortal(role: str | None):
    """Count the statements inside against a warrant."""
    fate.role, fate.left = role, None
    try:
        yield
        if fate.left is not None:
            die("committed, not answered")
    finally:
        fate.role, fate.left = None, None


def install(connection: Any, **kwargs: Any) -> None:
    if count not in connection.execute_wrappers:
        connection.execute_wrappers.append(count)


connection_created.connect(install)


@signals.task_prerun.connect
def begin(task: Any, **kwargs: Any) -> None:
    fate.role, fate.left = TASKS.get(task.name), None


@signals.task_postrun.connect
def end(**kwargs: Any) -> None:
    if getattr(fate, "left", None) is not None:
        die("committed, not acknowledged")
    fate.role = None


def application(environ: dict, start_response: Callable) -> Any:
    """The site; only what changes something may be died in."""
    from config.wsgi import application as site

    path = environ["PATH_INFO"]
    writes = environ["REQUEST_METHOD"] == "POST" and "/login/" not in path
    with mortal("web" if writes else None):
        return site(environ, start_response)


# What the control runs do without.


def without_transactions() -> None:
    """Recordings and imports write statement by statement."""
    none = SimpleNamespace(atomic=nullcontext)

    @contextmanager
    def statement_by_statement():
        token = recording._appended.set([])
        try:
            yield
            recording._tell(recording._appended.get())
        finally:
            recording._appended.reset(token)

    def attempt(self: Any, write: Callable) -> Any:
        try:
            return write()
        except RuleBroken as broken:
            self.refuse(broken)
        return None

    recording.one_recording = statement_by_statement
    base.ActForm.attempt = attempt
    acts._write = acts._write.__wrapped__
    sign_off.transaction = runs.transaction = none
    chain.lock = lambda: None


def without_seen() -> None:
    """A form is taken however old it is: sent twice, it counts twice."""

    def fresh(commitment: Any, *, seen: int | None) -> Any:
        return type(commitment).objects.get(pk=commitment.pk)

    def up_to_date(commitment: Any, **kwargs: Any) -> Any:
        return fresh(commitment, seen=None)

    assess.fresh = review.fresh = fresh
    propose.check_up_to_date = up_to_date


def without_leases() -> None:
    """Nobody takes up what a dead worker held."""
    runs.LEASE = timedelta(days=365)
    runs._due = _never_dead


def _never_dead(at: Any) -> Any:
    state = runs.ImportRun.State
    return runs.ImportRun.objects.filter(state__in=[state.WAITING, state.APPROVED])


def without_late_acks() -> None:
    app.conf.task_acks_late = app.conf.task_reject_on_worker_lost = False


TAKEN_AWAY = {
    "transactions": without_transactions,
    "seen": without_seen,
    "leases": without_leases,
    "late acks": without_late_acks,
}


def prepare() -> None:
    """Set what a run of minutes needs otherwise than a year does."""
    port = int(os.environ["FAULT_WEB_PORT"])
    outgoing.resolve = lambda host, given: ["11.0.0.1"]
    outgoing.dial = lambda address, given: ("127.0.0.1", port)
    settings.HOST_PAUSE = 0
    # Nothing is collected here, so nothing is looked up in a manifest.
    plain = "django.contrib.staticfiles.storage.StaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": plain}}
    # So that files of a few rows are worked through by a worker too.
    limits.SMALL_ROWS = 10
    for name in ("work-on-imports-every-few-seconds", "check-links-every-minute"):
        settings.CELERY_BEAT_SCHEDULE[name]["schedule"] = 2.0
    for name in filter(None, os.environ.get("FAULT_WITHOUT", "").split(",")):
        TAKEN_AWAY[name]()


def main(role: str, *arguments: str) -> None:
    prepare()
    if role == "web":
        from gunicorn.app.wsgiapp import run

        sys.argv = ["gunicorn", "tests.faults.staged:application", *arguments]
        run()
    elif role == "beat":
        app.start(["beat", "--pidfile", "", "-l", "ERROR"])
    else:
        queue = {"desk": "celery", "net": "network"}[role]
        app.start(["worker", "-Q", queue, "-n", f"{role}@%h", "-c", "1", "-l", "ERROR"])
