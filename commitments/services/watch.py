"""Watch sources for new documents, read them, and say what they may be about.

Each document becomes a suggestion once, however its address is written. What is due
stands in the database: a run that is killed or doubled changes nothing.
"""

from __future__ import annotations

import logging
import time
from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from pathlib import Path
from urllib.parse import urljoin, urlsplit

import yaml
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from commitments import archive, matching, outgoing, pacing, verdicts
from commitments.models import (
    Body,
    Capture,
    Evidence,
    Sighting,
    Suggestion,
    SuggestionMatch,
    WatchedSource,
)
from commitments.readable import Listed, Readable, Reader
from commitments.validation import check_url, same_page

logger = logging.getLogger(__name__)

SHIPPED = Path(__file__).parent.parent / "watched_sources.yaml"
WATCHER = "machine:watch"
MOST_MATCHES = 5
# The beginning of a document says what it is about.
LEAD = 1500
KEPT_TEXT = 50_000
ATTEMPTS = 3
TRY_AGAIN = timedelta(hours=6)
# Shorter link texts are menus.
SHORTEST_TITLE = 8


def watch_sources(
    *, clock: Callable[[], datetime], seconds: float = 45
) -> Counter[str]:
    """Poll the sources that are due and read what waits, for about ``seconds``.

    Returns how many sources were polled, documents found and documents read.
    """
    end = time.monotonic() + seconds
    counts: Counter[str] = Counter()
    with Reader() as reader:
        while time.monotonic() < end and (source := _next_source(at=clock())):
            counts["polled"] += 1
            counts["found"] += poll(source, reader=reader, clock=clock)
        index: matching.Index | None = None
        while time.monotonic() < end and (one := _next_suggestion(at=clock())):
            index = index or matching.index()
            try:
                read_suggestion(one, index=index, reader=reader, clock=clock)
            except Exception:
                # What no rule foresaw must not stop the others.
                logger.exception("Suggestion %s could not be read", one.pk)
                failure = "It could not be read."
                nothing = Readable("other")
                record_reading(one, nothing, failure=failure, index=index, at=clock())
            counts["read"] += 1
    return counts


@transaction.atomic
def add_shipped_sources() -> int:
    """Add the sources that ship with the product, switched off; return how many.

    What is there already, by address, stays as it is.
    """
    shipped = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    bodies = {body.slug: body for body in Body.objects.all()}
    known = set(WatchedSource.objects.values_list("url", flat=True))
    fresh = [row for row in shipped if row["url"] not in known]
    WatchedSource.objects.bulk_create(
        WatchedSource(
            name=row["name"],
            url=row["url"],
            kind=WatchedSource.Kind.LIST,
            body=bodies.get(row["body"]),
            official=True,
        )
        for row in fresh
    )
    return len(fresh)


# --- Sources ---------------------------------------------------------------------


def _next_source(*, at: datetime) -> WatchedSource | None:
    """Take the host of the source that is due for longest and return the source."""
    for source in WatchedSource.objects.due(at=at).order_by("next_at", "pk"):
        host = pacing.known([source.url], at=at)[pacing.host_of(source.url)]
        if source.host_id != host.pk:
            WatchedSource.objects.filter(pk=source.pk).update(host=host)
            source.host = host
        if pacing.take([host], at=at):
            return source
    return None


def poll(
    source: WatchedSource, *, reader: Reader, clock: Callable[[], datetime]
) -> int:
    """Ask a source what it lists; return how many suggestions that made."""
    headers = pacing.conditions(etag=source.etag, last_modified=source.last_modified)
    outcome, listed, answer = "", None, None
    try:
        answer = outgoing.get(source.url, headers=headers)
        if answer.status == 200:
            listed = reader.entries(answer.body, kind=source.kind)
            if listed is None:
                outcome = f"It answered no {source.get_kind_display().lower()}."
        elif answer.status != 304:
            outcome = f"It answered {answer.status}."
    except (outgoing.Refused, outgoing.Unreachable) as failure:
        outcome = str(failure)
    except Exception:
        # What no rule foresaw must not stop the others.
        logger.exception("Source %s could not be polled", source.pk)
        outcome = "What it answered could not be read."
    return record_poll(source, answer, listed, outcome=outcome, at=clock())


@transaction.atomic
def record_poll(
    source: WatchedSource,
    answer: outgoing.Answer | None,
    listed: list[Listed] | None,
    *,
    outcome: str,
    at: datetime,
) -> int:
    """Write what a source listed; return how many suggestions that made.

    The first look at a list page only learns what is there, menus and all.
    """
    made = 0
    if listed is not None and answer is not None:
        documents = _documents(source, listed, base=answer.url)
        is_first = not source.sightings.exists()
        fresh = _sight(source, documents, at=at)
        if not (is_first and source.kind == WatchedSource.Kind.LIST):
            made = _suggest_all(fresh, source=source, at=at)
        source.etag = answer.headers.get("etag", "")[:300]
        source.last_modified = answer.headers.get("last-modified", "")[:100]
    source.outcome, source.polled_at = outcome[:300], at
    wait = timedelta(hours=source.every_hours)
    asked = pacing.retry_after(answer.headers, at=at) if answer else timedelta(0)
    source.next_at = at + max(wait, asked)
    source.save(
        update_fields=["outcome", "polled_at", "next_at", "etag", "last_modified"]
    )
    if source.host is not None:
        pacing.give_back({source.host.pk: max(pacing.pause(source.host), asked)}, at=at)
    return made


def _documents(
    source: WatchedSource, listed: Iterable[Listed], *, base: str
) -> dict[str, Listed]:
    """Return by page what is listed and could be a document, addresses whole."""
    found: dict[str, Listed] = {}
    for one in listed:
        try:
            url = urljoin(base, one.url.strip()).split("#")[0]
            check_url(url)
        except (ValidationError, ValueError):
            continue
        if source.kind == WatchedSource.Kind.LIST and not _is_document(url, one, base):
            continue
        found.setdefault(same_page(url), Listed(url, one.title, one.published_on))
    found.pop(same_page(base), None)
    return found


def _is_document(url: str, one: Listed, base: str) -> bool:
    """Whether a link of a list page leads to a document of the same site."""
    is_long = len(one.title) >= SHORTEST_TITLE
    depth = len([part for part in urlsplit(url).path.split("/") if part])
    return is_long and depth > 0 and pacing.host_of(url) == pacing.host_of(base)


def _sight(
    source: WatchedSource, documents: dict[str, Listed], *, at: datetime
) -> dict[str, Listed]:
    """Note what a source lists; return what it did not list before."""
    seen = set(
        source.sightings.filter(page_key__in=documents).values_list(
            "page_key", flat=True
        )
    )
    fresh = {key: one for key, one in documents.items() if key not in seen}
    Sighting.objects.bulk_create(
        (Sighting(source=source, page_key=key, seen_at=at) for key in fresh),
        ignore_conflicts=True,
    )
    return fresh


def _suggest_all(
    documents: dict[str, Listed], *, source: WatchedSource, at: datetime
) -> int:
    """Make a suggestion of each document that is neither known nor suggested."""
    known = set(
        Evidence.objects.filter(page_key__in=documents).values_list(
            "page_key", flat=True
        )
    ) | set(
        Suggestion.objects.filter(page_key__in=documents).values_list(
            "page_key", flat=True
        )
    )
    fresh = [one for key, one in documents.items() if key not in known]
    hosts = pacing.known((one.url for one in fresh), at=at)
    Suggestion.objects.bulk_create(
        (
            Suggestion(
                url=one.url,
                page_key=same_page(one.url),
                source=source,
                suggested_by=WATCHER,
                host=hosts[pacing.host_of(one.url)],
                title=one.title[:300],
                published_on=one.published_on,
                found_at=at,
                next_at=at,
            )
            for one in fresh
        ),
        ignore_conflicts=True,
    )
    return len(fresh)


# --- Reading ---------------------------------------------------------------------


def _next_suggestion(*, at: datetime) -> Suggestion | None:
    """Take the host of a document to be read and return its suggestion.

    What a person waits for comes first.
    """
    waiting = Suggestion.objects.filter(
        state=Suggestion.State.READING, next_at__lte=at, host__next_at__lte=at
    )
    for one in waiting.select_related("host").order_by("-suggested_by", "pk")[:50]:
        if pacing.take([one.host], at=at):
            return one
    return None


def read_suggestion(
    suggestion: Suggestion,
    *,
    index: matching.Index,
    reader: Reader,
    clock: Callable[[], datetime],
) -> None:
    """Read a suggested document and match it; what cannot be read waits or opens."""
    page, failure = Readable("other"), ""
    host, asked = suggestion.host, timedelta(0)
    try:
        if not pacing.robots_are_fresh(host, at=clock()):
            host.robots, host.robots_at = pacing.ask_robots(suggestion.url), clock()
            host.save(update_fields=["robots", "robots_at"])
            pacing.give_back({host.pk: pacing.pause(host)}, at=clock())
            return
        if not pacing.rules(host).can_fetch(pacing.AGENT, suggestion.url):
            failure = "The robots rules of its host ask us not to read it."
        else:
            answer = outgoing.get(suggestion.url)
            asked = pacing.retry_after(answer.headers, at=clock())
            page = reader.read(answer.body)
            if answer.status != 200 or verdicts.is_challenge(answer, page):
                failure = f"It answered {answer.status} and no document."
    except (outgoing.Refused, outgoing.Unreachable) as trouble:
        failure = str(trouble)
    record_reading(suggestion, page, failure=failure, index=index, at=clock())
    pacing.give_back({host.pk: max(pacing.pause(host), asked)}, at=clock())


@transaction.atomic
def record_reading(
    suggestion: Suggestion,
    page: Readable,
    *,
    failure: str,
    index: matching.Index,
    at: datetime,
) -> None:
    """Write what a suggested document says and which commitments it may be about."""
    one = Suggestion.objects.select_for_update().get(pk=suggestion.pk)
    if one.state != Suggestion.State.READING:
        return
    one.attempts += 1
    one.failure = failure[:300]
    if failure and one.attempts < ATTEMPTS:
        one.next_at = at + TRY_AGAIN
        # A person sees the trouble at once, and may go on without the text.
        if one.suggested_by == WATCHER:
            one.save()
            return
    if not failure:
        one.title = one.title or page.title
        one.published_on = one.published_on or page.published_on
        one.language = page.language
        one.text = page.text[:KEPT_TEXT]
        one.text_sha256 = archive.sha256(page.text.encode()) if page.text else ""
    if one.text_sha256 and _is_known_text(one):
        one.state = Suggestion.State.DUPLICATE
        one.save()
        return
    matches = index.match(f"{one.title} {one.text[:LEAD]}", most=MOST_MATCHES)
    one.score = matches[0].score if matches else 0.0
    is_likely = one.score >= matching.LIKELY or one.suggested_by != WATCHER
    state = Suggestion.State.OPEN if is_likely else Suggestion.State.UNLIKELY
    one.state = state
    one.save()
    SuggestionMatch.objects.bulk_create(
        SuggestionMatch(
            suggestion=one,
            commitment_id=match.commitment_id,
            score=match.score,
            is_best=rank == 0 and match.score >= matching.LIKELY,
            words=sorted(match.words),
        )
        for rank, match in enumerate(matches)
    )


def _is_known_text(one: Suggestion) -> bool:
    """Whether another suggestion or a kept copy says the same; note which."""
    others = Suggestion.objects.exclude(pk=one.pk).filter(text_sha256=one.text_sha256)
    one.same_as = others.order_by("pk").first()
    kept = Capture.objects.filter(text_sha256=one.text_sha256)
    if copy := kept.select_related("evidence").defer("text").first():
        one.evidence = copy.evidence
    return one.same_as is not None or one.evidence is not None


def suggest(*, url: str, by: str, at: datetime) -> Suggestion:
    """Suggest one address; return its suggestion, new or there already.

    ``by`` is the key of an actor. Raises ValidationError for what is no address.
    """
    check_url(url)
    host = pacing.known([url], at=at)[pacing.host_of(url)]
    found = Suggestion.objects.filter(page_key=same_page(url)).first()
    if found is not None:
        return found
    try:
        with transaction.atomic():
            return Suggestion.objects.create(
                url=url, suggested_by=by, host=host, found_at=at, next_at=at
            )
    except IntegrityError:
        return Suggestion.objects.get(page_key=same_page(url))
