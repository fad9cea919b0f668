"""Look at the links of evidence, keep copies, and say what was found.

The network is asked in threads, without the database; all rows are read and written
here, in batches. What is due stands in the database, so that a run that is killed or
runs beside another leaves nothing undone and nothing done more than once more.
"""

from __future__ import annotations

import logging
import queue
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack
from datetime import datetime, timedelta

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, Min, Q

from commitments import archive, outgoing, pacing
from commitments.models import Evidence, Host, Link
from commitments.readable import Readable, Reader

from .looks import Look, record_looks

logger = logging.getLogger(__name__)

THREADS = 32
READERS = 2

# --- What is due -----------------------------------------------------------------


@transaction.atomic
def follow_links(*, at: datetime) -> int:
    """Give every piece of evidence a link to be checked; return how many were new.

    Where the address of a document was put right, its link begins anew.
    """
    new = list(Evidence.objects.filter(link=None).values_list("pk", "url"))
    put_right = Link.objects.exclude(evidence__url=F("url"))
    moved = list(put_right.select_for_update(of=["self"]).select_related("evidence"))
    if not new and not moved:
        return 0
    hosts = pacing.known(
        [*(url for _, url in new), *(link.evidence.url for link in moved)], at=at
    )
    Link.objects.bulk_create(
        (
            Link(evidence_id=pk, url=url, host=hosts[pacing.host_of(url)], due_at=at)
            for pk, url in new
        ),
        ignore_conflicts=True,
    )
    for link in moved:
        link.url = link.evidence.url
        link.host = hosts[pacing.host_of(link.url)]
        link.verdict, link.verdict_since, link.detail = "", None, ""
        link.moved_to = link.etag = link.last_modified = link.sha256 = ""
        link.misses, link.missed_at, link.due_at = 0, None, at
    Link.objects.bulk_update(
        moved,
        [
            *("url", "host", "verdict", "verdict_since", "detail", "moved_to", "etag"),
            *("last_modified", "sha256", "misses", "missed_at", "due_at"),
        ],
    )
    return len(new)


@transaction.atomic
def look_again(*, evidence: Evidence, at: datetime) -> None:
    """Make the link of a document due at once; its host is paced as ever."""
    follow_links(at=at)
    Link.objects.filter(evidence=evidence).update(due_at=at)


def take_due(*, at: datetime, most: int) -> list[Link]:
    """Take up to ``most`` free hosts, and of each the link that waited longest."""
    if most <= 0:
        return []
    waiting = (
        Host.objects.free(at=at)
        .filter(links__due_at__lte=at)
        .annotate(first=Min("links__due_at"))
        .order_by("first")[:most]
    )
    taken = pacing.take(waiting, at=at)
    due = Link.objects.due(at=at).filter(host__in=taken).select_related("host")
    first: dict[int, Link] = {}
    for link in due.order_by("due_at", "pk"):
        first.setdefault(link.host_id, link)
    # Another run may have done the last link of a host between the two questions.
    idle = taken - first.keys()
    if idle:
        pacing.give_back(dict.fromkeys(idle, timedelta(0)), at=at)
    return list(first.values())


# --- Looking: network alone ------------------------------------------------------


def look(
    link: Link, *, at: datetime, turns: pacing.Turns, readers: queue.Queue
) -> Look:
    """Ask for one link, by the rules of its host. Touches no database."""
    started = time.monotonic()
    try:
        if not pacing.robots_are_fresh(link.host, at=at):
            return Look(link, robots=pacing.ask_robots(link.url))
        if not pacing.rules(link.host).can_fetch(pacing.AGENT, link.url):
            return Look(link, is_forbidden=True)
        answer = outgoing.get(link.url, headers=_conditions(link), turn=turns)
    except (outgoing.Refused, outgoing.Unreachable) as failure:
        return Look(link, _milliseconds(started), failure=failure)
    digest = archive.sha256(answer.body)
    is_new = answer.status != 304 and digest != link.sha256
    page = _read(answer.body, readers) if is_new else None
    return Look(link, _milliseconds(started), answer, page, digest)


def _conditions(link: Link) -> dict[str, str]:
    if not link.sha256:
        return {}
    return pacing.conditions(etag=link.etag, last_modified=link.last_modified)


def _read(body: bytes, readers: queue.Queue) -> Readable:
    reader: Reader = readers.get()
    try:
        return reader.read(body)
    finally:
        readers.put(reader)


def _milliseconds(started: float) -> int:
    return round((time.monotonic() - started) * 1000)


# --- The run ---------------------------------------------------------------------


def check_links(
    *,
    clock: Callable[[], datetime],
    seconds: float = 45,
    threads: int = THREADS,
) -> Counter[str]:
    """Look at every link that is due, for about ``seconds``; return the verdicts.

    ``clock`` tells the time as the run goes on. What is not reached stays due.
    """
    follow_links(at=clock())
    end = time.monotonic() + seconds
    counts: Counter[str] = Counter()
    turns = pacing.Turns()
    asked: dict[Future[Look], Link] = {}
    with ExitStack() as stack:
        readers: queue.Queue[Reader] = queue.Queue()
        for _ in range(READERS):
            readers.put(stack.enter_context(Reader()))
        pool = stack.enter_context(ThreadPoolExecutor(threads, "link"))
        while True:
            is_over = time.monotonic() >= end
            most = 0 if is_over else threads - len(asked)
            now = clock()
            for link in take_due(at=now, most=most):
                future = pool.submit(look, link, at=now, turns=turns, readers=readers)
                asked[future] = link
            if not asked and (is_over or not _soon(at=now)):
                return counts
            done, _ = wait(asked, timeout=0.2, return_when=FIRST_COMPLETED)
            if done:
                looks = [_result(future, asked.pop(future)) for future in done]
                counts.update(_record(looks, at=clock()))
            elif not asked:
                time.sleep(0.2)


def _result(future: Future[Look], link: Link) -> Look:
    """Return what a look found; what no rule foresaw must not stop the others."""
    try:
        return future.result()
    except Exception:
        logger.exception("Link %s could not be looked at", link.pk)
        failure = outgoing.Refused("Its answer could not be read.")
        return Look(link, failure=failure)


def _record(looks: list[Look], *, at: datetime) -> Counter[str]:
    """Write what looks found; one that cannot be written must not stop the others."""
    try:
        return record_looks(looks, at=at)
    except (OSError, OperationalError, InterfaceError):
        # Disk or database, and no fault of what was found.
        raise
    except Exception:
        if len(looks) > 1:
            return sum((_record([one], at=at) for one in looks), Counter())
        link = looks[0].link
        logger.exception("What link %s answered could not be written", link.pk)
        failure = outgoing.Refused("What it answered could not be kept.")
        return record_looks([Look(link, failure=failure)], at=at)


def _soon(*, at: datetime) -> bool:
    """Whether a link is due whose host only wants its pause."""
    soon = at + timedelta(seconds=10)
    waiting = Q(host__leased_until=None) | Q(host__leased_until__lt=at)
    return Link.objects.due(at=at).filter(waiting, host__next_at__lte=soon).exists()
