"""What must hold of one commitment: its references, its test and its history."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from datetime import date

from commitments import rules, statuses
from commitments.catalogue import schema
from commitments.catalogue.whole import Catalogue, Names, Problem, unknown
from commitments.rules import Judgement, RuleBroken
from commitments.statuses import Status

MOST_STATUSES = 4
SEARCHED = re.compile(r"search|found|collected", re.IGNORECASE)

Entry = schema.StatusItem | schema.ClaimItem | schema.ReviewItem


def check_commitment(
    catalogue: Catalogue,
    names: Names,
    number: int,
    file: str,
    item: schema.CommitmentItem,
) -> Iterator[Problem]:
    """Yield what is wrong with ``item`` of pillar ``number``, which is in ``file``."""
    checks = _Commitment(catalogue, names, file, item)
    if item.ref.partition(".")[0] != str(number):
        yield checks.problem("ref", f"Start it with the pillar: {number}.")
    yield from checks.references()
    yield from checks.indicators()
    yield from checks.test()
    yield from checks.due()
    yield from checks.milestones()
    yield from checks.history()


class _Commitment:
    """The checks of one commitment, which share what it may refer to."""

    def __init__(
        self,
        catalogue: Catalogue,
        names: Names,
        file: str,
        item: schema.CommitmentItem,
    ) -> None:
        self.plan, self.names, self.file, self.item = catalogue.plan, names, file, item
        self.documents = {e.id: e for e in catalogue.evidence}
        self.figures = {i.slug: i for i in catalogue.indicators}
        self.roles = {p.ref: p.role for s in catalogue.sources for p in s.passages}
        self.stated_on = _stated_on(catalogue, item)
        self.parts = [criterion.key for criterion in item.criteria]

    def problem(self, field: str, message: str) -> Problem:
        return Problem(self.file, self.item.slug, field, message)

    def unknown(
        self, field: str, values: Iterable[str], kind: str
    ) -> Iterator[Problem]:
        slug = self.item.slug
        yield from unknown(self.file, slug, field, values, self.names, kind)

    def references(self) -> Iterator[Problem]:
        for field in ("bodies", "partners", "topics", "indicators", "passages"):
            yield from self.unknown(field, getattr(self.item, field), field)
        for ref in self.item.passages:
            if self.roles.get(ref, "commitment") != "commitment":
                message = f"Passage {ref} has another role. Mend the role or the ref."
                yield self.problem("passages", message)

    def indicators(self) -> Iterator[Problem]:
        """Commitment and indicator name each other."""
        slug, listed = self.item.slug, self.item.indicators
        for name, figure in self.figures.items():
            if (name in listed) != (slug in figure.commitments):
                side = "does not list it" if name in listed else "lists it"
                message = f"The indicator {name} {side}. Name it on both or neither."
                yield self.problem("indicators", message)

    def test(self) -> Iterator[Problem]:
        item = self.item
        if self.parts != list("abcd")[: len(self.parts)]:
            yield self.problem("criteria", "Name the parts a, b, c, d in order.")
        if item.trackable and not self.parts:
            yield self.problem("criteria", "It has no test. Add one part or more.")
        if item.trackable and item.untrackable_reason:
            message = "It is trackable, so no reason belongs here. Remove it."
            yield self.problem("untrackable_reason", message)
        if not item.trackable and not item.untrackable_reason:
            yield self.problem("untrackable_reason", "Say why it cannot be tracked.")
        if not item.trackable:
            for field in ("criteria", "history"):
                if getattr(item, field):
                    message = "It cannot be tracked, so it has none. Empty it."
                    yield self.problem(field, message)
        for part in item.criteria:
            field = f"criteria.{part.key}.indicator"
            limits = (part.at_least, part.at_most)
            if part.indicator is None and limits != (None, None):
                yield self.problem(field, "A threshold needs an indicator. Name it.")
            if part.indicator and part.indicator not in item.indicators:
                message = f"{part.indicator} is not in its list of indicators. Add it."
                yield self.problem(field, message)

    def due(self) -> Iterator[Problem]:
        due = self.item.due
        if (
            self.stated_on
            and statuses.last_day(due.date, due.precision) < self.stated_on
        ):
            message = f"It is before the day of the promise, {self.stated_on}. Mend it."
            yield self.problem("due.date", message)

    def milestones(self) -> Iterator[Problem]:
        keys = Counter(step.key for step in self.item.milestones)
        for step in self.item.milestones:
            field = f"milestones.{step.key}"
            if keys[step.key] > 1:
                message = f"“{step.key}” stands twice. Keep one."
                yield self.problem(f"{field}.key", message)
            yield from self.cited(f"{field}.evidence", step.evidence)
            if step.met_on is None:
                if step.evidence or step.precision:
                    message = (
                        "It is not met, but has evidence or precision. Add a date."
                    )
                    yield self.problem(f"{field}.met_on", message)
                continue
            if not step.evidence:
                message = "It is met on no evidence. Name the document."
                yield self.problem(f"{field}.evidence", message)
            if step.precision is None:
                yield self.problem(f"{field}.precision", "It is missing. Add it.")
            yield from self.past(
                f"{field}.met_on", step.met_on, step.precision or "day"
            )

    def cited(self, field: str, evidence: list[str]) -> Iterator[Problem]:
        """The documents exist, and name this commitment."""
        yield from self.unknown(field, evidence, "evidence")
        for name in evidence:
            document = self.documents.get(name)
            if document and self.item.slug not in document.commitments:
                message = f"{name} does not list this commitment. Add it there."
                yield self.problem(field, message)

    def past(self, field: str, day: date, precision: str) -> Iterator[Problem]:
        """What is told had happened when evidence was looked at, and was coded."""
        if day > self.plan.evidence_to:
            yield self.problem(
                field, f"{day} is after the plan's evidence_to. Mend it."
            )
        elif statuses.last_day(day, precision) > self.plan.coded_on:
            message = f"The {precision} of {day} was not over on the plan's coded_on. "
            yield self.problem(field, message + "Give a day or another precision.")

    def history(self) -> Iterator[Problem]:
        before: Entry | None = None
        judged: Judgement | None = None
        for entry in self.item.history:
            field = f"history.{entry.kind}.{entry.date}"
            yield from self.past(field, entry.date, entry.precision)
            if before and entry.date < before.date:
                message = f"{entry.date} stands after {before.date}. Sort by date."
                yield self.problem(field, message)
            before = entry
            yield from self.cited(f"{field}.evidence", entry.evidence)
            yield from self.not_later(field, entry)
            if isinstance(entry, schema.ClaimItem):
                yield from self.unknown(f"{field}.body", [entry.body], "bodies")
            elif isinstance(entry, schema.ReviewItem) and judged is None:
                message = "A review needs a status before it. Add that first."
                yield self.problem(field, message)
            elif isinstance(entry, schema.StatusItem):
                now = Judgement(entry.status, frozenset(entry.criteria_met))
                yield from self.rules(field, judged, now, entry)
                judged = now
        if self.item.trackable:
            yield from self.looks()

    def not_later(self, field: str, entry: Entry) -> Iterator[Problem]:
        last = statuses.last_day(entry.date, entry.precision)
        for name in entry.evidence:
            document = self.documents.get(name)
            if document is None:
                continue
            if statuses.period(document.occurred_on, document.precision)[0] > last:
                message = f"{name} is later than the entry, {entry.date}. Mend a date."
                yield self.problem(f"{field}.evidence", message)

    def rules(
        self,
        field: str,
        before: Judgement | None,
        now: Judgement,
        entry: schema.StatusItem,
    ) -> Iterator[Problem]:
        """Hold a status to the record's own rules, all of them."""
        documents = [self.documents.get(name) for name in entry.evidence]
        cited = [document for document in documents if document]
        checks: list[Callable[[], None]] = [
            lambda: rules.check_criteria(now, self.parts),
            lambda: rules.check_change(before, now),
        ]
        if len(cited) == len(documents):
            checks.append(lambda: rules.check_evidence(now, cited))
        for check in checks:
            try:
                check()
            except RuleBroken as error:
                yield self.problem(f"{field}.{error.field or 'status'}", str(error))
        if now.status == Status.NO_EVIDENCE and not SEARCHED.search(entry.reason):
            message = "Say where was searched, and that nothing was found."
            yield self.problem(f"{field}.reason", message)

    def looks(self) -> Iterator[Problem]:
        """The history says where things stood on the day of the promise."""
        looks = [e for e in self.item.history if not isinstance(e, schema.ClaimItem)]
        told = [e for e in looks if isinstance(e, schema.StatusItem)]
        if not told:
            yield self.problem("history", "It has no status. Add one.")
            return
        if len(told) > MOST_STATUSES:
            message = f"It has {len(told)} statuses. Keep {MOST_STATUSES} at most."
            yield self.problem("history", message)
        for day, count in Counter(entry.date for entry in told).items():
            if count > 1:
                message = f"Two statuses are dated {day}. Keep one."
                yield self.problem("history", message)
        if self.stated_on and all(entry.date != self.stated_on for entry in looks):
            message = f"No status or review is dated {self.stated_on}, the day of the "
            yield self.problem("history", message + "promise. Add one.")


def _stated_on(catalogue: Catalogue, item: schema.CommitmentItem) -> date | None:
    """Return the day of the source that the commitment was read from."""
    for source in catalogue.sources:
        if any(passage.ref == item.passages[0] for passage in source.passages):
            return source.delivered_on or source.published_on
    return None
