"""Following by e-mail: digests of 1,000 changes for 10,000 followers.

In a process of its own, so that its peak memory is its own; on a new SQLite file with
the shipped catalogue, or on an empty PostgreSQL database that DATABASE_URL names. What
followers follow is drawn from all commitments, pillars, bodies, partners, topics and
statuses, two things for every third of them, with a fixed seed.
"""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

FOLLOWERS, CHANGES = 10_000, 1_000
SENT = 500


def main(followers: int = FOLLOWERS, changes: int = CHANGES) -> list[dict[str, Any]]:
    """Measure in a child; print and return each step's figures."""
    command = [sys.executable, "-m", "bench.following", str(followers), str(changes)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE)
    rows = json.loads(done.stdout.splitlines()[-1])
    print(f"\n{followers} followers, {changes} changes")
    print(f"{'':44}{'seconds':>9}{'of CPU':>9}{'queries':>9}{'mails':>9}{'peak MB':>9}")
    for row in rows:
        print(
            f"{row['what']:44}{row['seconds']:9.2f}{row['cpu']:9.2f}{row['queries']:9}"
            f"{row['mails']:9}{row['peak']:9.0f}"
        )
    return rows


def _peak() -> float:
    """Return the most memory this process has had, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _measured(what: str, work: Callable[[], Any]) -> dict[str, Any]:
    from django.db import connection

    from tracker.models import Mail

    before, count = Mail.objects.count(), 0

    def counting(execute, *args):
        nonlocal count
        count += 1
        return execute(*args)

    started, used = time.perf_counter(), time.process_time()
    with connection.execute_wrapper(counting):
        work()
    seconds, used = time.perf_counter() - started, time.process_time() - used
    mails = Mail.objects.count() - before
    return {
        "what": what,
        "seconds": seconds,
        # Of this process alone: what it takes beside others on a busy machine.
        "cpu": used,
        "queries": count,
        "mails": mails,
        "peak": _peak(),
    }


def _followed(size: int, at: Any) -> None:
    """Make followers, a third of them of each cadence, some of two things."""
    from commitments.models import Body, Commitment, Partner, Topic
    from commitments.statuses import Status
    from tracker.following.follows import head
    from tracker.models import Follow, Follower
    from tracker.models.follower import Cadence, Language, Scope

    slugs = Commitment.objects.public().values_list("slug", flat=True)
    filters = ["", *(f"commitment={slug}" for slug in slugs)]
    filters += [f"pillar={n}" for n in range(1, 5)]
    filters += [f"status={value}" for value in Status.values]
    for name, model in (("body", Body), ("partner", Partner), ("topic", Topic)):
        known = model.objects.values_list("slug", flat=True)
        filters += [f"{name}={slug}" for slug in known]
    draw = random.Random(15)
    people = Follower.objects.bulk_create(
        Follower(
            address=f"reader-{n}@example.org",
            language=draw.choice(Language.values),
            made_at=at,
            confirmed_at=at,
        )
        for n in range(size)
    )
    seq = head()
    Follow.objects.bulk_create(
        Follow(
            follower=one,
            filters=chosen,
            scope=draw.choice(Scope.values),
            cadence=draw.choice([Cadence.DAILY, Cadence.WEEKLY]),
            state=Follow.State.CONFIRMED,
            asked_at=at,
            confirmed_at=at,
            after_seq=seq,
        )
        for one in people
        for chosen in draw.sample(filters, draw.choice([1, 1, 2]))
    )


def _changed(size: int, at: Any) -> None:
    """Record changes through the services, over all commitments in turn."""
    from django.contrib.auth import get_user_model
    from django.db import transaction

    from commitments import services
    from commitments.models import Commitment

    person = get_user_model().objects.create(username="bench")
    tracked = list(Commitment.objects.standing_now().filter(trackable=True))
    with transaction.atomic():
        for n in range(size):
            services.review(
                commitment=tracked[n % len(tracked)],
                reason=f"Look {n}: nothing has changed since the last one.",
                looked_until=at.date(),
                effective_on=at.date(),
                by=person,
                at=at,
            )


def _child(followers: int, changes: int) -> list[dict[str, Any]]:
    import django

    django.setup()
    from django.core.management import call_command
    from django.utils import timezone

    from tracker.following import digests, sending, spreading
    from tracker.models import Event, Follow

    call_command("migrate", verbosity=0)
    call_command("load_catalogue", stdout=sys.stderr, verbosity=0)
    at = timezone.now()
    Event.objects.update(mails_at=at)
    _followed(followers, at)
    _changed(changes, at)
    later = at + timedelta(days=8)
    filters = Follow.objects.values("filters").distinct().count()
    rows = [_measured("(before: the record is made)", lambda: None)]
    for cadence in ("daily", "weekly"):
        period = digests.last_period(cadence, at=later)
        rows.append(
            _measured(
                f"{cadence} digest, {filters} distinct filters",
                lambda c=cadence, p=period: digests.build(
                    cadence=c, period=p, at=later
                ),
            )
        )
    Follow.objects.update(cadence="now")
    rows.append(
        _measured(
            f"at once: {min(changes, 20)} changes",
            lambda: _at_once(spreading, at, min(changes, 20)),
        )
    )
    sending.BUDGET = timedelta(hours=1)
    rows.append(_measured(f"handing over {SENT} mails", lambda: _sent(sending, later)))
    return rows


def _at_once(spreading: Any, at: Any, size: int) -> None:
    from tracker.models import Event

    newest = list(Event.objects.order_by("-pk").values_list("pk", flat=True)[:size])
    Event.objects.exclude(pk__in=newest).update(mails_at=at)
    spreading.tell_at_once(at=at)


def _sent(sending: Any, at: Any) -> None:
    from tracker.models import Mail

    kept = list(Mail.objects.order_by("pk").values_list("pk", flat=True)[:SENT])
    Mail.objects.exclude(pk__in=kept).update(state=Mail.State.DROPPED)
    sending.send_due(clock=lambda: at)


if __name__ == "__main__":
    folder = tempfile.mkdtemp(prefix="tracker-bench-")
    os.environ |= {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "SECRET_KEY": "bench-only-not-a-secret-but-long-enough-to-be-one",
        # The debugging mode keeps every query in memory.
        "DEBUG": "off",
        "EMAIL_URL": "dummymail://",
        "TRACKER_DATA_DIR": folder,
    }
    os.environ.setdefault("DATABASE_URL", f"sqlite:///{folder}/tracker.sqlite3")
    print(json.dumps(_child(*map(int, sys.argv[1:]))))
