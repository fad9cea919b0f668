"""What must hold between the items of a catalogue, beyond the shape of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator
from datetime import date

from commitments import statuses
from commitments.catalogue import schema
from commitments.catalogue.check_commitment import check_commitment
from commitments.catalogue.whole import (
    Catalogue,
    Names,
    Problem,
    commitments_file,
    unknown,
)
from commitments.validation import same_page

FEWEST_TOPICS, MOST_TOPICS = 12, 20
TWICE = "It stands twice. Keep one."


def check(catalogue: Catalogue, names: Names) -> Iterator[Problem]:
    """Yield the problems between the items that could be read.

    ``names`` also holds those of items that could not.
    """
    yield from _doubles(catalogue)
    yield from _plan(catalogue.plan)
    yield from _partners(catalogue)
    yield from _sources(catalogue)
    yield from _evidence(catalogue, names)
    yield from _indicators(catalogue, names)
    for pillar in catalogue.plan.pillars:
        file = commitments_file(pillar)
        items = catalogue.commitments[pillar.number]
        for item in items:
            yield from check_commitment(catalogue, names, pillar.number, file, item)
    if _is_whole(catalogue, names):
        yield from _coverage(catalogue)


def _is_whole(catalogue: Catalogue, names: Names) -> bool:
    """Whether all commitments could be read, and all that they might use."""
    read = {item.slug for _, item in catalogue.all_commitments()}
    return names["commitments"] == read and None not in names.values()


def _twice(values: Iterable[Hashable]) -> list[Hashable]:
    return [value for value, count in Counter(values).items() if count > 1]


def _doubles(catalogue: Catalogue) -> Iterator[Problem]:
    lists: list[tuple[str, str, list]] = [
        ("plan.yaml", "slug", catalogue.plan.pillars),
        ("bodies.yaml", "slug", catalogue.bodies),
        ("partners.yaml", "slug", catalogue.partners),
        ("topics.yaml", "slug", catalogue.topics),
        ("evidence.yaml", "id", catalogue.evidence),
        ("indicators.yaml", "slug", catalogue.indicators),
    ]
    for file, field, items in lists:
        for value in _twice(getattr(item, field) for item in items):
            yield Problem(file, str(value), field, TWICE)
    seen: dict[str, dict[str, str]] = {"slug": {}, "ref": {}}
    files = {p.number: commitments_file(p) for p in catalogue.plan.pillars}
    for number, item in catalogue.all_commitments():
        for field, known in seen.items():
            value = getattr(item, field)
            if value in known:
                message = f"“{value}” is in {known[value]} already. Keep one."
                yield Problem(files[number], item.slug, field, message)
            known.setdefault(value, files[number])
    addresses: dict[str, str] = {}
    for document in catalogue.evidence:
        address = same_page(document.url)
        if (other := addresses.setdefault(address, document.id)) != document.id:
            message = f"{other} has the same address. Use that one."
            yield Problem("evidence.yaml", document.id, "url", message)


def _plan(plan: schema.PlanItem) -> Iterator[Problem]:
    def problem(field: str, message: str) -> Problem:
        return Problem("plan.yaml", "", field, message)

    if plan.starts_on >= plan.ends_on:
        yield problem("ends_on", "It is not after starts_on. Mend one of them.")
    if plan.evidence_to > plan.coded_on:
        yield problem("evidence_to", "It is after coded_on. Mend one of them.")
    numbers = [pillar.number for pillar in plan.pillars]
    if plan.ends_on != date.max and numbers != list(range(1, len(numbers) + 1)):
        yield problem("pillars", "Number the pillars 1, 2, 3 in order.")


def _partners(catalogue: Catalogue) -> Iterator[Problem]:
    for item in catalogue.partners:
        if (item.kind == "economy") != (item.iso2 is not None):
            message = "Economies, and only they, have a country code. Add or remove it."
            yield Problem("partners.yaml", item.slug, "iso2", message)
        if item.members and item.kind != "group":
            message = "Only groups have members. Remove them, or make it a group."
            yield Problem("partners.yaml", item.slug, "members", message)


def _sources(catalogue: Catalogue) -> Iterator[Problem]:
    seen: set[str] = set()
    for item in catalogue.sources:
        file = f"sources/{item.slug}.yaml"
        if item.delivered_on is None and item.published_on is None:
            message = "It has no date. Add delivered_on or published_on."
            yield Problem(file, item.slug, "delivered_on", message)
        for field in ("delivered_on", "published_on"):
            day = getattr(item, field)
            if day and day > catalogue.plan.coded_on:
                message = f"{day} is after the plan's coded_on. Mend one of them."
                yield Problem(file, item.slug, field, message)
        before: tuple[int, ...] | None = None
        for passage in item.passages:
            field = f"passages.{passage.ref}"
            if passage.ref in seen:
                yield Problem(file, item.slug, field, f"“{passage.ref}”: {TWICE}")
            seen.add(passage.ref)
            place = tuple(int(part) for part in passage.ref.split("."))
            if before and not _follows(before, place):
                message = f"{passage.ref} does not follow the one before. Mend the gap."
                yield Problem(file, item.slug, field, message)
            before = place


def _follows(before: tuple[int, ...], place: tuple[int, ...]) -> bool:
    section, paragraph, sentence = before
    return (
        place == (section, paragraph, sentence + 1)
        or place == (section, paragraph + 1, 1)
        or (place[0] == section + 1 and place[2] == 1)
    )


def _evidence(catalogue: Catalogue, names: Names) -> Iterator[Problem]:
    def problem(field: str, message: str) -> Problem:
        return Problem("evidence.yaml", item.id, field, message)

    horizon, before = catalogue.plan.evidence_to, date.min
    for item in catalogue.evidence:
        if item.id[3:13] != item.occurred_on.isoformat():
            yield problem("occurred_on", "It is not the date in the id. Mend one.")
        for field in ("occurred_on", "published_on"):
            day = getattr(item, field)
            if day and day > horizon:
                yield problem(field, f"{day} is after the plan's evidence_to. Mend it.")
        if item.occurred_on < before:
            yield problem("occurred_on", "It stands after a later one. Sort by date.")
        before = item.occurred_on
        yield from unknown(
            "evidence.yaml", item.id, "commitments", item.commitments, names
        )


def _indicators(catalogue: Catalogue, names: Names) -> Iterator[Problem]:
    def problem(field: str, message: str) -> Problem:
        return Problem("indicators.yaml", item.slug, field, message)

    latest = catalogue.plan.coded_on
    for item in catalogue.indicators:
        base = item.baseline
        if statuses.period(base.date, base.precision)[0] > latest:
            yield problem("baseline.date", "It is after the plan's coded_on. Mend it.")
        if base.passage is None and not any(o.evidence for o in item.observations):
            message = "Nothing says where the baseline is from. Name a passage."
            yield problem("baseline.passage", message)
        refs = [base.passage] if base.passage else []
        file, slug = "indicators.yaml", item.slug
        yield from unknown(file, slug, "baseline.passage", refs, names, "passages")
        yield from unknown(file, slug, "commitments", item.commitments, names)
        before, seen = date.min, set()
        for observation in item.observations:
            field = f"observations.{observation.date}"
            if observation.date > latest:
                yield problem(field, "It is after the plan's coded_on. Mend it.")
            if observation.date < before:
                yield problem(field, "A later one stands before it. Sort them.")
            before = observation.date
            if (key := (observation.date, observation.evidence)) in seen:
                yield problem(field, TWICE)
            seen.add(key)
            cited = [observation.evidence] if observation.evidence else []
            place = f"{field}.evidence"
            yield from unknown(file, slug, place, cited, names, "evidence")


def _coverage(catalogue: Catalogue) -> Iterator[Problem]:
    """Topics and passages are there because commitments use them."""
    everything = [item for _, item in catalogue.all_commitments()]
    if not FEWEST_TOPICS <= len(catalogue.topics) <= MOST_TOPICS:
        message = (
            f"It has {len(catalogue.topics)} topics. Have between {FEWEST_TOPICS} and "
            f"{MOST_TOPICS}."
        )
        yield Problem("topics.yaml", "", "", message)
    used = Counter(topic for item in everything for topic in item.topics)
    for topic in catalogue.topics:
        if used[topic.slug] < 2:
            message = "Fewer than two commitments have it. Use it, or remove it."
            yield Problem("topics.yaml", topic.slug, "", message)
    cited = {ref for item in everything for ref in item.passages}
    for source in catalogue.sources:
        for passage in source.passages:
            if passage.role == "commitment" and passage.ref not in cited:
                message = f"No commitment is read from {passage.ref}. Mend its role."
                field = f"passages.{passage.ref}.role"
                file = f"sources/{source.slug}.yaml"
                yield Problem(file, source.slug, field, message)
