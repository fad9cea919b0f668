"""Write what looks at links found: verdicts, checks, kept copies, pauses of hosts."""

from __future__ import annotations

import zlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import OuterRef, Subquery

from commitments import archive, outgoing, pacing, verdicts
from commitments.models import (
    Capture,
    Citation,
    DataVersion,
    Evidence,
    Link,
    LinkCheck,
)
from commitments.readable import Readable
from commitments.validation import same_page
from commitments.verdicts import Judged, Miss, Verdict

RECENT = timedelta(days=30)
TRACKER = "machine:link check"


@dataclass(frozen=True)
class Look:
    """What came back when one link was looked at, before anything is judged."""

    link: Link
    milliseconds: int = 0
    answer: outgoing.Answer | None = None
    page: Readable | None = None
    sha256: str = ""
    failure: outgoing.Refused | outgoing.Unreachable | None = None
    robots: str | None = None
    is_forbidden: bool = False


@transaction.atomic
def record_looks(looks: Sequence[Look], *, at: datetime) -> Counter[str]:
    """Write what looks found, and keep copies of what is new.

    Returns how many links got which verdict. A link whose address was put right
    meanwhile is left to its next look.
    """
    counts: Counter[str] = Counter()
    _remember_robots(looks, at=at)
    seen = [one for one in looks if one.robots is None]
    links = Link.objects.select_for_update().in_bulk([one.link.pk for one in seen])
    held = _held(links.values(), seen)
    recent = _behind_recent_changes(links.values(), at=at)
    checks: list[LinkCheck] = []
    for one in seen:
        link = links[one.link.pk]
        if link.url != one.link.url:
            continue
        capture = _settle(link, one, held, at=at, is_recent=link.evidence_id in recent)
        checks.append(_check(link, one, capture, at=at))
        counts[link.verdict] += 1
    LinkCheck.objects.bulk_create(checks)
    pacing.save_all(list(links.values()), SETTLED)
    _mark_unreadable([links[one.link.pk] for one in seen])
    pacing.give_back({one.link.host_id: _wait(one, at=at) for one in looks}, at=at)
    if checks:
        DataVersion.bump()
    return counts


SETTLED = [
    *("verdict", "verdict_since", "detail", "moved_to", "checked_at", "due_at"),
    *("etag", "last_modified", "sha256", "misses", "missed_at", "baseline", "latest"),
]


def _remember_robots(looks: Iterable[Look], *, at: datetime) -> None:
    told = []
    for one in looks:
        if one.robots is not None:
            one.link.host.robots, one.link.host.robots_at = one.robots, at
            told.append(one.link.host)
    pacing.save_all(told, ["robots", "robots_at"])


def _held(links: Iterable[Link], looks: Iterable[Look]) -> dict[int, Capture]:
    """Return the copies that what was read is held against."""
    read = {one.link.pk for one in looks if one.page is not None}
    wanted = {
        pk
        for link in links
        if link.pk in read
        for pk in (link.baseline_id, link.latest_id)
        if pk is not None
    }
    return Capture.objects.defer("headers").in_bulk(wanted)


def _behind_recent_changes(links: Iterable[Link], *, at: datetime) -> set[int]:
    cited = Citation.objects.filter(
        evidence__in=[link.evidence_id for link in links],
        entry__recorded_at__gte=at - RECENT,
    )
    return set(cited.values_list("evidence", flat=True))


def _settle(
    link: Link, one: Look, held: dict[int, Capture], *, at: datetime, is_recent: bool
) -> Capture | None:
    """Bring a link up to what a look found; return the copy kept of it."""
    baseline = held.get(link.baseline_id or 0)
    judged = _judge(link, one, baseline, at=at)
    if link.verdict == Verdict.GONE and judged.verdict in verdicts.SILENT:
        # The server said three times that it is gone; its silence does not say that it
        # is back.
        judged = replace(judged, verdict=Verdict.GONE, detail=link.detail)
    capture = None
    if judged.verdict in verdicts.READ:
        capture = _kept(link, one, held, at=at)
        if capture is not None:
            is_first = link.latest_id is None or not _compares(baseline)
            link.latest = capture
            if is_first or judged.verdict != Verdict.CHANGED:
                link.baseline = capture
        _remember_version(link, one)
    else:
        link.etag = link.last_modified = link.sha256 = ""
    if judged.verdict != link.verdict:
        link.verdict, link.verdict_since = judged.verdict, at.date()
    link.detail, link.moved_to = judged.detail[:300], judged.moved_to
    link.misses, link.missed_at = judged.miss.count, judged.miss.at
    link.checked_at = at
    link.due_at = at + max(_again(link, is_recent=is_recent), _asked_wait(one, at=at))
    return capture


def _judge(link: Link, one: Look, baseline: Capture | None, *, at: datetime) -> Judged:
    before = Miss(link.misses, link.missed_at)
    if one.is_forbidden:
        detail = "The robots rules of its host ask us not to look."
        return Judged(Verdict.BLOCKED, detail, miss=before)
    if one.failure is not None:
        return Judged(Verdict.UNREACHABLE, str(one.failure), miss=before)
    assert one.answer is not None  # noqa: S101 - there is an answer or a failure
    if one.page is None:
        moved = one.answer.moved_to
        if moved and same_page(moved) != same_page(link.url):
            return Judged(Verdict.MOVED, "It leads for good elsewhere.", moved)
        return Judged(Verdict.CHANGED if is_changed(link) else Verdict.OK)
    judged = verdicts.judge(
        one.answer,
        one.page,
        asked=link.url,
        before=before,
        at=at,
        kept=baseline.text if baseline and _compares(baseline) else None,
    )
    if judged.verdict == Verdict.OK and _bytes_differ(one, baseline):
        return Judged(Verdict.CHANGED, "Its bytes differ from the kept copy.")
    return judged


def is_changed(link: Link) -> bool:
    """Whether the newest copy differs from the one that changes are held against."""
    return link.latest_id != link.baseline_id


def _compares(capture: Capture | None) -> bool:
    """Whether what is fetched can be held against a copy."""
    return capture is not None and capture.origin == Capture.Origin.FETCHED


def _bytes_differ(one: Look, baseline: Capture | None) -> bool:
    """Whether a document without text is not the one that was kept."""
    if baseline is None or not _compares(baseline) or one.page is None:
        return False
    textless = not one.page.text and not baseline.text and one.page.kind != "html"
    return textless and one.sha256 != baseline.sha256


def _kept(
    link: Link, one: Look, held: dict[int, Capture], *, at: datetime
) -> Capture | None:
    """Keep a copy of what was read, unless the newest copy says the same."""
    if one.page is None or one.answer is None:
        return None
    latest = held.get(link.latest_id or 0)
    if latest is not None and _compares(latest) and _same(one, latest):
        return None
    text = one.page.text
    return Capture.objects.create(
        evidence_id=link.evidence_id,
        origin=Capture.Origin.FETCHED,
        taken_at=at,
        url=one.answer.url[:2000],
        status=one.answer.status,
        headers=[[n[:200], v[:2000]] for n, v in one.answer.raw_headers[:100]],
        kind=one.page.kind,
        size=len(one.answer.body),
        sha256=one.sha256,
        text=text,
        text_sha256=archive.sha256(text.encode()),
        warc=archive.keep_answer(one.answer, at=at),
        actor=TRACKER,
    )


def _same(one: Look, latest: Capture) -> bool:
    if one.sha256 == latest.sha256:
        return True
    if one.page is None or not one.page.text or not latest.text:
        return False
    return verdicts.same_text(latest.text, one.page.text)


def _remember_version(link: Link, one: Look) -> None:
    if one.answer is None or one.answer.status == 304:
        return
    link.sha256 = one.sha256
    etag = one.answer.headers.get("etag", "")
    link.etag = etag if len(etag) <= 300 else ""
    link.last_modified = one.answer.headers.get("last-modified", "")[:100]


def _check(
    link: Link, one: Look, capture: Capture | None, *, at: datetime
) -> LinkCheck:
    return LinkCheck(
        evidence_id=link.evidence_id,
        url=link.url,
        checked_at=at,
        verdict=link.verdict,
        status=one.answer.status if one.answer else None,
        detail=link.detail,
        final_url=one.answer.url[:2000] if one.answer else "",
        milliseconds=one.milliseconds,
        capture=capture,
    )


def _again(link: Link, *, is_recent: bool) -> timedelta:
    """Return when to look again, spread by address so that no day has them all."""
    days = verdicts.AGAIN[Verdict(link.verdict)]
    if is_recent:
        days = min(days, verdicts.BEHIND_RECENT_CHANGES)
    spread = zlib.crc32(link.url.encode()) % 1000 / 4000
    return timedelta(days=days * (1 + spread))


def _asked_wait(one: Look, *, at: datetime) -> timedelta:
    if one.answer is None:
        return timedelta(0)
    return pacing.retry_after(one.answer.headers, at=at)


def _wait(one: Look, *, at: datetime) -> timedelta:
    return max(pacing.pause(one.link.host), _asked_wait(one, at=at))


def _mark_unreadable(links: Iterable[Link]) -> None:
    """Say of documents that are lost without a copy that nobody can open them."""
    lost = [k.evidence_id for k in links if k.is_lost and k.latest_id is None]
    back = [k.evidence_id for k in links if k.latest_id or k.verdict in verdicts.READ]
    documents = Evidence.objects.exclude(unreadable_since=None)
    documents.filter(pk__in=back).update(unreadable_since=None)
    since = Link.objects.filter(evidence=OuterRef("pk")).values("verdict_since")
    documents = Evidence.objects.filter(unreadable_since=None, pk__in=lost)
    documents.update(unreadable_since=Subquery(since))
