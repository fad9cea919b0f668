"""A row of everything the desk shows, made as the site makes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from unittest import mock

from django.contrib.auth.models import Group
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from commitments import accounts, readable, services
from commitments.bulk import runs
from commitments.models import Capture, Suggestion
from commitments.models.api_key import ApiScope
from commitments.services import schedule
from tests.commitments.bulk import files
from tests.commitments.links import sources
from tests.commitments.links.web import Web, article, played
from tests.factories import DraftFactory, EvidenceFactory, UserFactory, assess, propose
from tests.security import routes
from tests.tracker import record as records
from tests.tracker.following import people
from tests.tracker.webhooks.sink import Sink
from tracker import outbox
from tracker.following import tokens
from tracker.releases import making
from tracker.webhooks import endpoints, sending

ON = date(2026, 11, 2)
AT = records.moment(11, 2)
SUPERUSER, NO_GROUP, FOLLOWER = "superuser", "staff", "follower"
# Who signs in at the desk.
STAFF = (*accounts.GROUPS, SUPERUSER, NO_GROUP)
# What of the web pages the examples are about.
SAVED = "web.archive.org/save/http://a.test/x"


@dataclass
class Examples:
    """The site, its people by role, its keys by scope, and values for addresses."""

    record: records.Record
    people: dict[str, Any]
    secrets: dict[str, str]
    known: dict[str, str]
    links: dict[str, str]


def made() -> Examples:
    """Return a site in which there is something behind every address."""
    record = records.small()
    services.write_checkpoint(at=records.moment(9, 3))
    staff = {role: _person(role) for role in STAFF}
    keys = {scope: _key(scope) for scope in ApiScope.values}
    ann, reviewer = staff[accounts.ANALYST], staff[accounts.REVIEWER]
    with (
        played() as web,
        mock.patch.object(readable.Reader, "_ask", _read_here),
    ):
        _documents(web, record)
        endpoint = _messages(web, record, keys[ApiScope.WEBHOOKS][0])
    _desk(record, ann, reviewer)
    tip = _tip(record, ann)
    _upkeep()
    answered = {"key": keys[ApiScope.PROPOSALS][0], "idempotency_key": "once"}
    services.answer_once(**answered, fingerprint="f", act=lambda: (201, {}), at=AT)
    draft = DraftFactory(slug="not-yet", pillar=record.moved.pillar)
    making.make_release(at=AT)
    follower = people.follower(at=timezone.now())
    known = {
        **routes.known(record),
        **{f"commitments_capture_{form}:pk": _copy() for form in ("document", "warc")},
        "commitments_queue_row:pk": str(record.gap.pk),
        "commitments_queue_row:name": "claim",
        "commitments_export_file:kind": "evidence",
        "commitments_commitment_publish:pk": str(draft.pk),
        "commitments_commitment_delete:object_id": str(draft.pk),
        "tip:reference": tip.reference,
        "number": "1",
        "release-file:name": "SHA256SUMS",
        "release-latest-file:name": "SHA256SUMS",
        **{f"{route}:pk": str(endpoint.pk) for route in routes.OF_AN_ENDPOINT},
        "delivery": str(endpoint.deliveries.order_by("pk").first().pk),
    }
    secrets = {scope: secret for scope, (_, secret) in keys.items()}
    return Examples(record, staff, secrets, known, links_of(follower))


def links_of(follower: Any) -> dict[str, str]:
    """Return what fills in the addresses that only a follower's mails hold."""
    at = timezone.now()
    return {
        f"{route}:token": tokens.made(purpose, follower, at=at)
        for route, purpose in routes.OF_A_FOLLOWER.items()
    }


def _person(role: str) -> Any:
    accounts.ensure_groups()
    is_root = role == SUPERUSER
    person = UserFactory(username=role, is_staff=True, is_superuser=is_root)
    person.groups.set(Group.objects.filter(name=role))
    return person


def _key(scope: str) -> tuple[Any, str]:
    at = timezone.now()
    ends = at + timedelta(days=1)
    return services.make_key(name=scope, scopes=[scope], expires_at=ends, at=at)


def _read_here(self: readable.Reader, body: bytes, job: str = "read") -> Any:
    """Read a document in this process, for speed."""
    return readable.told(body, job=job)


def _copy() -> str:
    return str(Capture.objects.order_by("pk").first().pk)


def _documents(web: Web, record: records.Record) -> None:
    """Look at links, keep a copy and its snapshot, and watch a source."""
    EvidenceFactory(url="http://a.test/x")
    web.pages |= {
        "a.test/x": article(),
        SAVED: (200, {"Content-Location": "/web/20261102/http://a.test/x"}, b""),
        "news.test/feed": sources.feed((record.moved.title, "http://news.test/1")),
        "news.test/1": article(title=record.moved.title),
    }
    # Each turn of a host does one thing: its robots rules, then a page.
    for minutes in range(6):
        at = AT + timedelta(minutes=minutes)
        services.check_links(clock=lambda at=at: at, seconds=20)
    services.save_snapshots(clock=lambda: AT)
    sources.source()
    sources.read_all(lambda seconds: services.watch_sources(clock=timezone.now))


def _messages(web: Web, record: records.Record, key: Any) -> Any:
    """Register endpoints and tell them of a change; return the one that took it."""
    good, gone = (Sink(web, f"hook.test/{name}") for name in ("good", "gone"))
    endpoint, other = (
        endpoints.register(key=key, url=sink.url, email="owner@example.org", at=AT)[0]
        for sink in (good, gone)
    )
    sending.relay(clock=lambda: AT)
    gone.always = 410
    assess(record.gap, status="under_way", at=AT, effective_on=ON)
    for minutes in range(3):
        at = AT + timedelta(minutes=minutes)
        sending.relay(clock=lambda at=at: at)
    endpoint.refresh_from_db()
    other.refresh_from_db()
    assert (endpoint.state, other.state) == ("active", "disabled")
    return endpoint


def _desk(record: records.Record, ann: Any, reviewer: Any) -> None:
    """Do what an analyst and a reviewer do on a day."""
    days = {"effective_on": ON, "looked_until": ON}
    propose(
        record.gap, ann, at=AT, status="partly_delivered", criteria_met=["a"], **days
    )
    services.flag_commitments(on=ON, at=AT)
    services.claim(commitment=record.gap, by=ann, at=timezone.now())
    later = ON + timedelta(days=9)
    services.snooze(
        commitment=record.moved, until=later, reason="Later.", by=ann, on=ON, at=AT
    )
    services.open_sweep(by=reviewer, on=ON, at=AT)
    file = SimpleUploadedFile("documents.csv", files.as_csv(files.documents()))
    run = runs.start(kind="evidence", file=file, by=ann, at=AT)
    runs.work(runs.take(run.pk, at=AT), at=AT)
    assert run.__class__.objects.get().state == "ready"
    services.send_desk_digest(on=ON, at=AT)
    services.pause_digests(account=reviewer, at=AT)
    assert Suggestion.objects.get().matches.exists()


def _tip(record: records.Record, ann: Any) -> Any:
    at = timezone.now()
    tip = services.receive_tip(
        message="It is wrong.", commitment=record.moved, form_key="1", at=at
    )
    return services.claim_tip(tip=tip, by=ann, at=at)


def _upkeep() -> None:
    """Run what runs by itself once: the schedule, its queues, a restore."""
    schedule.hold_beat(holder="one", at=AT)
    schedule.last_runs(["flag_commitments"], at=AT)
    schedule.hear_queue(queue="celery", at=AT)
    outbox.hold(at=AT)
    outbox.release(at=AT)
