"""Bring a catalogue into the record: adds what is missing, overwrites nothing."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db import models, transaction

from commitments import actors, chain, services
from commitments.catalogue import schema
from commitments.catalogue.read import Catalogue, CatalogueError, Problem
from commitments.models import (
    Body,
    Commitment,
    DataVersion,
    Evidence,
    HistoryEntry,
    Indicator,
    Partner,
    Passage,
    Pillar,
    Plan,
    Source,
    Topic,
)
from commitments.statuses import Precision, RuleBroken, last_day

PLAN = "15th-five-year-plan"


@dataclass(frozen=True)
class Difference:
    """Where the record and the catalogue say different things; the record stays."""

    item: str
    field: str
    record: str
    catalogue: str

    def __str__(self) -> str:
        return (
            f"{self.item}, {self.field}: the record has {self.record!r}, "
            f"the catalogue {self.catalogue!r}"
        )


@dataclass
class Report:
    """What a load added, by kind, and what it left as it was."""

    added: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def add(self, kind: str) -> None:
        self.added[kind] = self.added.get(kind, 0) + 1


class _RolledBack(Exception):
    pass


def load(
    catalogue: Catalogue,
    *,
    at: datetime,
    by: actors.Actor = actors.CATALOGUE,
    dry_run: bool = False,
) -> Report:
    """Load ``catalogue`` in one transaction and return what was done.

    Rows that exist are compared and left alone; history enters through the
    services, once per entry. With ``dry_run`` nothing is kept. Raises CatalogueError.
    """
    if catalogue.plan.evidence_to > at.date():
        message = "is still to come; evidence cannot have been looked at by then"
        raise CatalogueError([Problem("plan.yaml", "", "evidence_to", message)])
    report = Report()
    try:
        with transaction.atomic():
            chain.lock()
            _Load(catalogue, report, at=at, by=by).run()
            if dry_run:
                raise _RolledBack
    except _RolledBack:
        pass
    return report


class _Load:
    """One load: the rows already met, by slug, so that none is asked for twice."""

    def __init__(
        self, catalogue: Catalogue, report: Report, *, at: datetime, by: actors.Actor
    ) -> None:
        self.catalogue, self.report, self.at, self.by = catalogue, report, at, by
        self.passages: dict[str, Passage] = {}
        self.created: set[tuple[type[models.Model], Any]] = set()
        self.stated_on: date = catalogue.plan.starts_on
        self.recorded = set(
            HistoryEntry.objects.filter(actor=actors.key(by)).values_list(
                "idempotency_key", flat=True
            )
        )

    def run(self) -> None:
        plan = self.catalogue.plan
        self.plan = self.keep(Plan, PLAN, plan.model_dump(exclude={"pillars"}))
        self.pillars = {
            item.number: self.keep(Pillar, item.slug, plain(item), plan=self.plan)
            for item in plan.pillars
        }
        self.bodies = self.keep_all(Body, self.catalogue.bodies)
        self.partners = self.keep_all(Partner, self.catalogue.partners)
        self.topics = self.keep_all(Topic, self.catalogue.topics)
        for source in self.catalogue.sources:
            self.source(source)
        self.documents = {
            item.id: self.evidence(item) for item in self.catalogue.evidence
        }
        self.indicators = {i.slug: self.indicator(i) for i in self.catalogue.indicators}
        rows = {
            item.slug: self.commitment(number, item)
            for number, item in self.catalogue.all_commitments()
        }
        self.links(rows)
        for _, item in self.catalogue.all_commitments():
            self.history(rows[item.slug], item)
        if self.report.added:
            DataVersion.bump()

    def keep(
        self, model: type[Any], slug: str, values: dict[str, Any], **linked: Any
    ) -> Any:
        """Return the row of ``slug``: created, or compared and left as it is."""
        row, created = model.objects.get_or_create(
            slug=slug, defaults={**values, **linked}
        )
        if created:
            self.created.add((model, row.pk))
            self.report.add(model._meta.verbose_name)
        else:
            self.compare(f"{model._meta.verbose_name} {slug}", row, values)
        return row

    def compare(self, name: str, row: Any, values: dict[str, Any]) -> None:
        for field_name, value in values.items():
            stored = getattr(row, field_name)
            if isinstance(stored, Decimal) and value is not None:
                value = Decimal(str(value))
            if stored != value:
                self.differ(name, field_name, stored, value)

    def differ(self, name: str, field_name: str, stored: Any, value: Any) -> None:
        self.report.differences.append(
            Difference(name, field_name, str(stored)[:300], str(value)[:300])
        )

    def keep_all(self, model: type[Any], items: list[Any]) -> dict[str, Any]:
        return {item.slug: self.keep(model, item.slug, plain(item)) for item in items}

    def source(self, item: schema.SourceItem) -> None:
        dates = {"delivered_on": item.delivered_on, "published_on": item.published_on}
        values = {**plain(item, "passages"), **dates}
        row = self.keep(Source, item.slug, values)
        self.stated_on = item.delivered_on or item.published_on or self.stated_on
        known = {passage.ref: passage for passage in row.passages.all()}
        for position, passage in enumerate(item.passages, 1):
            values = {"role": passage.role, "summary": passage.summary}
            if passage.ref in known:
                self.compare(f"passage {passage.ref}", known[passage.ref], values)
            else:
                known[passage.ref] = Passage.objects.create(
                    source=row, ref=passage.ref, position=position, **values
                )
                self.report.add("passage")
        self.passages.update(known)

    def evidence(self, item: schema.EvidenceItem) -> Evidence:
        values = plain(item, "id", "commitments")
        values["published_on"] = item.published_on
        twin = Evidence.objects.filter(url=item.url).exclude(slug=item.id).first()
        if twin is not None:
            self.differ(f"evidence {item.id}", "slug", twin.slug, item.id)
            return twin
        return self.keep(Evidence, item.id, values)

    def indicator(self, item: schema.IndicatorItem) -> Indicator:
        base, target = item.baseline, item.target
        values = {
            **plain(item, "baseline", "target", "commitments", "observations"),
            "baseline": base.value,
            "baseline_on": base.date,
            "baseline_precision": base.precision,
            "baseline_passage": self.passages[base.passage] if base.passage else None,
            "target": target.value if target else None,
            "target_on": target.date if target else None,
        }
        row = self.keep(Indicator, item.slug, values)
        for observation in item.observations:
            name = observation.evidence
            _, created = row.observations.get_or_create(
                observed_on=observation.date,
                evidence=self.documents[name] if name else None,
                defaults={
                    "precision": observation.precision,
                    "value": observation.value,
                    "note": observation.note,
                },
            )
            if created:
                self.report.add("observation")
        return row

    def commitment(self, number: int, item: schema.CommitmentItem) -> Commitment:
        """Return the commitment's row; a new one comes with its parts, as a draft."""
        wording = {
            "title": item.title,
            "title_zh": item.title_zh or "",
            "statement": item.statement,
            "reading": item.reading,
        }
        facts = {
            "ref": item.ref,
            "kind": item.kind,
            "specificity": item.specificity,
            "trackable": item.trackable,
            "untrackable_reason": item.untrackable_reason or "",
            "clause": item.clause or "",
            "original_due_on": last_day(item.due.date, item.due.precision),
            "original_due_precision": item.due.precision,
            "due_basis": item.due.basis,
        }
        existing = Commitment.objects.filter(slug=item.slug).first()
        if existing is not None:
            name = f"commitment {item.ref} {item.slug}"
            self.compare(name, existing, {**wording, **facts})
            test = dict(existing.criteria.values_list("key", "text"))
            wanted = {criterion.key: criterion.text for criterion in item.criteria}
            if test != wanted:
                self.differ(name, "criteria", test, wanted)
            self.milestones(existing, item)
            return existing
        row = Commitment.objects.create(
            slug=item.slug,
            pillar=self.pillars[number],
            stated_on=self.stated_on,
            **wording,
            **facts,
        )
        self.created.add((Commitment, row.pk))
        self.report.add("commitment")
        row.passages.set(self.passages[ref] for ref in item.passages)
        row.partners.set(self.partners[slug] for slug in item.partners)
        row.topics.set(self.topics[slug] for slug in item.topics)
        for position, slug in enumerate(item.bodies, 1):
            row.responsibilities.create(body=self.bodies[slug], position=position)
        for criterion in item.criteria:
            figure = criterion.indicator
            row.criteria.create(
                key=criterion.key,
                text=criterion.text,
                indicator=self.indicators[figure] if figure else None,
                at_least=criterion.at_least,
                at_most=criterion.at_most,
            )
        self.milestones(row, item)
        return row

    def milestones(self, row: Commitment, item: schema.CommitmentItem) -> None:
        for position, step in enumerate(item.milestones, 1):
            due = step.due
            _, created = row.milestones.get_or_create(
                key=step.key,
                defaults={
                    "title": step.title,
                    "position": position,
                    "due_on": last_day(due.date, due.precision) if due else None,
                    "due_precision": due.precision if due else "",
                },
            )
            if created:
                self.report.add("milestone")

    def links(self, rows: dict[str, Commitment]) -> None:
        """Tie documents and figures to commitments, where one of the two is new.

        A tie between rows that stood already was there before: somebody has since
        taken it away, and it stays away.
        """
        pairs: list[tuple[Any, list[str]]] = [
            (self.documents[e.id], e.commitments) for e in self.catalogue.evidence
        ]
        pairs += [
            (self.indicators[i.slug], i.commitments) for i in self.catalogue.indicators
        ]
        for row, slugs in pairs:
            tied = set(row.commitments.values_list("slug", flat=True))
            absent = [slug for slug in slugs if slug not in tied]
            is_new = (row._meta.model, row.pk) in self.created
            new = [
                s for s in absent if is_new or (Commitment, rows[s].pk) in self.created
            ]
            if new:
                row.commitments.add(*(rows[slug] for slug in new))
            for slug in set(absent) - set(new):
                name = f"{row._meta.verbose_name} {row.slug}"
                self.differ(name, "commitments", "not tied", slug)

    def history(self, row: Commitment, item: schema.CommitmentItem) -> None:
        """Record what the catalogue tells of a commitment, in the order of days."""
        self.enter(row, "published", services.publish)
        steps = {step.key: step for step in row.milestones.all()}
        told: list[tuple[date, Callable[[], None]]] = []
        for step in item.milestones:
            if step.met_on:
                met = partial(self.milestone, row, step, steps[step.key])
                day = last_day(step.met_on, step.precision or Precision.DAY)
                told.append((day, met))
        seen: dict[str, int] = {}
        for entry in item.history:
            name = f"{entry.kind}/{entry.date}/{entry.precision}"
            seen[name] = seen.get(name, 0) + 1
            told_now = partial(self.entry, row, entry, f"{name}/{seen[name]}")
            told.append((last_day(entry.date, entry.precision), told_now))
        for _, enter in sorted(told, key=lambda pair: pair[0]):
            enter()
        self.compare_status(row, item)

    def compare_status(self, row: Commitment, item: schema.CommitmentItem) -> None:
        """Report where colleagues have since come to another judgement."""
        told = [e for e in item.history if isinstance(e, schema.StatusItem)]
        if (Commitment, row.pk) in self.created or not told:
            return
        last = max(told, key=lambda e: last_day(e.date, e.precision))
        name = f"commitment {row.ref} {row.slug}"
        values = {"status": last.status, "criteria_met": sorted(last.criteria_met)}
        row.refresh_from_db()
        self.compare(name, row, {"standing": "published", **values})

    def milestone(self, row: Commitment, step: schema.MilestoneItem, kept: Any) -> None:
        self.enter(
            row,
            f"milestone/{step.key}",
            services.meet_milestone,
            milestone=kept,
            reason=f"Milestone reached: {step.title}.",
            evidence=[self.documents[name] for name in step.evidence],
            effective_on=step.met_on,
            precision=step.precision,
        )

    def entry(
        self,
        row: Commitment,
        entry: schema.ClaimItem | schema.StatusItem | schema.ReviewItem,
        name: str,
    ) -> None:
        told: dict[str, Any] = {
            "reason": entry.reason,
            "evidence": [self.documents[document] for document in entry.evidence],
            "effective_on": entry.date,
            "precision": entry.precision,
        }
        if isinstance(entry, schema.ClaimItem):
            body = self.bodies[entry.body]
            told |= {"position": entry.position, "body": body}
            self.enter(row, name, services.record_claim, **told)
            return
        looked_until = self.catalogue.plan.evidence_to
        told |= {"confidence": entry.confidence, "looked_until": looked_until}
        if isinstance(entry, schema.StatusItem):
            told |= {"status": entry.status, "criteria_met": entry.criteria_met}
            self.enter(row, name, services.assess, **told)
        else:
            self.enter(row, name, services.review, **told)

    def enter(
        self, row: Commitment, name: str, service: Callable[..., Any], **told: Any
    ) -> None:
        """Call a service once for this part of the catalogue, on this and later loads."""
        key = hashlib.sha256(f"{row.slug}/{name}".encode()).hexdigest()
        if key in self.recorded:
            self.compare_entry(row, name, key, told)
            return
        try:
            service(commitment=row, by=self.by, at=self.at, idempotency_key=key, **told)
        except RuleBroken as error:
            # A new commitment has met every rule already; one that colleagues have
            # worked on since may have moved to where this entry no longer fits.
            if (Commitment, row.pk) in self.created:
                raise CatalogueError(
                    [Problem("commitments/", row.slug, name, str(error))]
                ) from error
            label = f"commitment {row.slug}, {name}"
            self.differ(label, "entry", f"not recorded: {error}", "to be recorded")
            return
        self.recorded.add(key)
        self.report.add("history entry")

    def compare_entry(
        self, row: Commitment, name: str, key: str, told: dict[str, Any]
    ) -> None:
        if not told:
            return
        entry = HistoryEntry.objects.select_related("text").get(
            actor=actors.key(self.by), idempotency_key=key
        )
        label = f"commitment {row.slug}, {name}"
        if entry.text.reason not in ("", told["reason"].strip()):
            self.differ(label, "reason", entry.text.reason, told["reason"])
        for field_name in ("status", "position", "confidence"):
            if field_name in told and getattr(entry, field_name) != told[field_name]:
                stored = getattr(entry, field_name)
                self.differ(label, field_name, stored, told[field_name])
        if "criteria_met" in told and entry.criteria_met != sorted(
            told["criteria_met"]
        ):
            self.differ(label, "criteria_met", entry.criteria_met, told["criteria_met"])
        stored_documents = {c.evidence_id for c in entry.citations.all()}
        if stored_documents != {document.pk for document in told["evidence"]}:
            self.differ(label, "evidence", "other documents", "these documents")


def plain(item: schema.Item, *without: str) -> dict[str, Any]:
    """Return an item's columns as the models hold them: no text is "", not null."""
    values = item.model_dump(exclude={"slug", *without})
    return {name: "" if value is None else value for name, value in values.items()}
