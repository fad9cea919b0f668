"""What must hold between the items of a catalogue, beyond the shape of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Hashable, Iterable, Iterator

from commitments import statuses
from commitments.catalogue import schema
from commitments.catalogue.read import Catalogue, Problem
from commitments.statuses import Judgement, RuleBroken


def check(catalogue: Catalogue, *, shape_is_whole: bool) -> list[Problem]:
    """Return the problems between items.

    With ``shape_is_whole`` False some items could not be read, so references
    are left out: they would only repeat what is reported already.
    """
    found = [*_doubles(catalogue), *_plan(catalogue)]
    if shape_is_whole:
        found += _evidence(catalogue)
        found += _indicators(catalogue)
        for number, item in catalogue.all_commitments():
            found += _Commitment(catalogue, number, item).problems()
    return found


def commitments_file(catalogue: Catalogue, number: int) -> str:
    """Return the name of the file of a pillar's commitments."""
    pillar = next(p for p in catalogue.plan.pillars if p.number == number)
    return f"commitments/{pillar.number}-{pillar.slug}.yaml"


def _plan(catalogue: Catalogue) -> Iterator[Problem]:
    plan = catalogue.plan
    if plan.starts_on >= plan.ends_on:
        yield Problem("plan.yaml", "", "ends_on", "must come after starts_on")
    if plan.evidence_to > plan.coded_on:
        yield Problem("plan.yaml", "", "evidence_to", "is after coded_on")
    for source in catalogue.sources:
        if not (source.delivered_on or source.published_on):
            file = f"sources/{source.slug}.yaml"
            yield Problem(file, source.slug, "delivered_on", "give one of its dates")
    for partner in catalogue.partners:
        if (partner.kind == "economy") != bool(partner.iso2):
            message = "an economy, and only an economy, has a country code"
            yield Problem("partners.yaml", partner.slug, "iso2", message)
        if partner.members and partner.kind != "group":
            message = "only a group has members"
            yield Problem("partners.yaml", partner.slug, "members", message)


def _twice(values: Iterable[Hashable]) -> list[Hashable]:
    return [value for value, count in Counter(values).items() if count > 1]


def _doubles(catalogue: Catalogue) -> Iterator[Problem]:
    lists: list[tuple[str, str, list]] = [
        ("plan.yaml", "slug", catalogue.plan.pillars),
        ("plan.yaml", "number", catalogue.plan.pillars),
        ("bodies.yaml", "slug", catalogue.bodies),
        ("partners.yaml", "slug", catalogue.partners),
        ("topics.yaml", "slug", catalogue.topics),
        ("evidence.yaml", "id", catalogue.evidence),
        ("evidence.yaml", "url", catalogue.evidence),
        ("indicators.yaml", "slug", catalogue.indicators),
    ]
    for source in catalogue.sources:
        lists.append((f"sources/{source.slug}.yaml", "ref", source.passages))
    for file, field, items in lists:
        for value in _twice(getattr(item, field) for item in items):
            yield Problem(file, str(value), field, "stands twice; keep one")
    everything = list(catalogue.all_commitments())
    for field in ("slug", "ref"):
        for value in _twice(getattr(item, field) for _, item in everything):
            last = [n for n, item in everything if getattr(item, field) == value][-1]
            file = commitments_file(catalogue, last)
            yield Problem(file, str(value), field, "stands twice; keep one")


def _evidence(catalogue: Catalogue) -> Iterator[Problem]:
    known = {i.slug for _, i in catalogue.all_commitments()} | catalogue.unread
    for item in catalogue.evidence:
        for slug in item.commitments:
            if slug not in known:
                yield _unknown("evidence.yaml", item.id, "commitments", slug)
        if item.id[3:13] != item.occurred_on.isoformat():
            message = "differs from the day in the id; correct one of them"
            yield Problem("evidence.yaml", item.id, "occurred_on", message)
        if item.occurred_on > catalogue.plan.evidence_to:
            yield Problem(
                "evidence.yaml",
                item.id,
                "occurred_on",
                "is after the plan's evidence_to; correct one of them",
            )


def _indicators(catalogue: Catalogue) -> Iterator[Problem]:
    known = {i.slug for _, i in catalogue.all_commitments()} | catalogue.unread
    documents = {item.id for item in catalogue.evidence} | catalogue.unread
    passages = {p.ref for source in catalogue.sources for p in source.passages}
    for item in catalogue.indicators:
        for slug in item.commitments:
            if slug not in known:
                yield _unknown("indicators.yaml", item.slug, "commitments", slug)
        if item.baseline.passage and item.baseline.passage not in passages:
            ref = item.baseline.passage
            yield _unknown("indicators.yaml", item.slug, "baseline.passage", ref)
        for number, observation in enumerate(item.observations):
            if observation.evidence and observation.evidence not in documents:
                place = f"observations.{number}.evidence"
                name = observation.evidence
                yield _unknown("indicators.yaml", item.slug, place, name)


def _unknown(file: str, item: str, field: str, name: str) -> Problem:
    return Problem(file, item, field, f"{name!r} does not exist; add it or mend it")


class _Commitment:
    """The checks of one commitment, which share what it may refer to."""

    def __init__(
        self, catalogue: Catalogue, number: int, item: schema.CommitmentItem
    ) -> None:
        self.catalogue, self.number, self.item = catalogue, number, item
        self.file = commitments_file(catalogue, number)
        self.documents = {e.id: e for e in catalogue.evidence}
        self.test = [criterion.key for criterion in item.criteria]

    def problem(self, field: str, message: str) -> Problem:
        return Problem(self.file, self.item.slug, field, message)

    def problems(self) -> Iterator[Problem]:
        yield from self._references()
        yield from self._test()
        yield from self._milestones()
        yield from self._history()

    def _references(self) -> Iterator[Problem]:
        catalogue, item = self.catalogue, self.item
        if int(item.ref.partition(".")[0]) != self.number:
            yield self.problem("ref", f"must start with the pillar: {self.number}.")
        known: dict[str, set[str]] = {
            "bodies": {body.slug for body in catalogue.bodies},
            "partners": {partner.slug for partner in catalogue.partners},
            "topics": {topic.slug for topic in catalogue.topics},
            "indicators": {indicator.slug for indicator in catalogue.indicators},
            "passages": {p.ref for s in catalogue.sources for p in s.passages},
        }
        for field, names in known.items():
            for name in getattr(item, field):
                if name not in names | catalogue.unread:
                    yield _unknown(self.file, item.slug, field, name)
        for criterion in item.criteria:
            if criterion.indicator and criterion.indicator not in item.indicators:
                field = f"criteria.{criterion.key}.indicator"
                yield self.problem(field, "must also stand in the list of indicators")

    def _test(self) -> Iterator[Problem]:
        item = self.item
        if self.test != list("abcd")[: len(self.test)]:
            yield self.problem("criteria", "name the parts a, b, c, d in order")
        if item.trackable and not self.test:
            yield self.problem("criteria", "a trackable commitment needs a test")
        if not item.trackable and not item.untrackable_reason:
            yield self.problem("untrackable_reason", "say why it cannot be tracked")
        if not item.trackable and (self.test or item.history):
            yield self.problem("trackable", "untrackable items have no test or history")
        for criterion in item.criteria:
            limits = (criterion.at_least, criterion.at_most)
            if criterion.indicator is None and limits != (None, None):
                field = f"criteria.{criterion.key}"
                yield self.problem(field, "a threshold needs an indicator")

    def _milestones(self) -> Iterator[Problem]:
        for key in _twice(step.key for step in self.item.milestones):
            yield self.problem(f"milestones.{key}", "stands twice; keep one")
        for step in self.item.milestones:
            field = f"milestones.{step.key}"
            yield from self._cited(field, step.evidence)
            if step.met_on and step.met_on > self.catalogue.plan.evidence_to:
                yield self.problem(f"{field}.met_on", "is after the plan's evidence_to")
            if step.met_on and not (step.evidence and step.precision):
                yield self.problem(field, "a met step needs evidence and a precision")
            if not step.met_on and (step.evidence or step.precision):
                yield self.problem(field, "has evidence or precision but no met_on")

    def _cited(self, field: str, names: Iterable[str]) -> Iterator[Problem]:
        for name in names:
            document = self.documents.get(name)
            if document is None:
                if name not in self.catalogue.unread:
                    place = f"{field}.evidence"
                    yield _unknown(self.file, self.item.slug, place, name)
            elif self.item.slug not in document.commitments:
                message = f"{name} does not list this commitment; add it there"
                yield self.problem(f"{field}.evidence", message)

    def _history(self) -> Iterator[Problem]:
        item, horizon = self.item, self.catalogue.plan.evidence_to
        bodies = {body.slug for body in self.catalogue.bodies} | self.catalogue.unread
        before: Judgement | None = None
        last = None
        for entry in item.history:
            field = f"history.{entry.kind}.{entry.date}"
            yield from self._cited(field, entry.evidence)
            if last and entry.date < last:
                yield self.problem(field, "stands after a later entry; sort by date")
            last = entry.date
            if statuses.period(entry.date, entry.precision)[0] > horizon:
                yield self.problem(field, "is after the plan's evidence_to")
            yield from self._not_later(field, entry)
            if isinstance(entry, schema.ClaimItem) and entry.body not in bodies:
                yield _unknown(self.file, item.slug, f"{field}.body", entry.body)
            if isinstance(entry, schema.ReviewItem) and before is None:
                yield self.problem(field, "a review needs a status before it")
            if isinstance(entry, schema.StatusItem):
                now = Judgement(entry.status, frozenset(entry.criteria_met))
                yield from self._rules(field, before, now, entry)
                before = now
        if item.trackable and before is None:
            yield self.problem("history", "a trackable commitment needs a status")

    def _not_later(
        self,
        field: str,
        entry: schema.ClaimItem | schema.StatusItem | schema.ReviewItem,
    ) -> Iterator[Problem]:
        for name in entry.evidence:
            document = self.documents.get(name)
            if document is None:
                continue
            first, _ = statuses.period(document.occurred_on, document.precision)
            if first > statuses.last_day(entry.date, entry.precision):
                yield self.problem(f"{field}.evidence", f"{name} is later than that")

    def _rules(
        self,
        field: str,
        before: Judgement | None,
        now: Judgement,
        entry: schema.StatusItem,
    ) -> Iterator[Problem]:
        """Hold a status to the record's own rules."""
        cited = [self.documents[n] for n in entry.evidence if n in self.documents]
        try:
            statuses.check_criteria(now, self.test)
            statuses.check_change(before, now)
            if len(cited) == len(entry.evidence):
                statuses.check_evidence(now, cited)
        except RuleBroken as error:
            yield self.problem(f"{field}.{error.field or 'status'}", str(error))
