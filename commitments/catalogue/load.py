"""Bring a catalogue into the record: adds what is missing, overwrites nothing."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from typing import Any

from django.db import models

from commitments import actors, shown
from commitments.catalogue import schema
from commitments.catalogue.read import Catalogue, CatalogueError, Problem
from commitments.catalogue.report import Report
from commitments.catalogue.tell import Teller
from commitments.models import (
    Body,
    Commitment,
    DataVersion,
    Evidence,
    Indicator,
    Partner,
    Passage,
    Pillar,
    Plan,
    Source,
    Topic,
)
from commitments.services.recording import one_recording
from commitments.statuses import last_day

PLAN = "15th-five-year-plan"


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
        with one_recording():
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
        self.stated_on: dict[str, date] = {}

    def run(self) -> None:
        if clashes := list(self.clashes()):
            raise CatalogueError(clashes)
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
        teller = Teller(
            report=self.report,
            documents=self.documents,
            bodies=self.bodies,
            created={row.pk for row in rows.values() if self.is_new(row)},
            looked_until=plan.evidence_to,
            by=self.by,
            at=self.at,
        )
        for _, item in self.catalogue.all_commitments():
            teller.tell(rows[item.slug], item)
        if self.report.added:
            shown.refresh(row.pk for row in rows.values())
            DataVersion.bump()

    def clashes(self) -> Iterator[Problem]:
        """Yield where a permanent number stands for something else in the record."""
        pillars = dict(Pillar.objects.values_list("number", "slug"))
        for item in self.catalogue.plan.pillars:
            if pillars.get(item.number, item.slug) != item.slug:
                taken = f"{item.number} is the pillar {pillars[item.number]} already."
                yield Problem("plan.yaml", item.slug, "number", taken)
        refs = dict(Commitment.objects.values_list("ref", "slug"))
        for _, commitment in self.catalogue.all_commitments():
            if refs.get(commitment.ref, commitment.slug) != commitment.slug:
                taken = (
                    f"{commitment.ref} is the commitment {refs[commitment.ref]} "
                    "already. A ref is permanent: take the next free one."
                )
                yield Problem("commitments/", commitment.slug, "ref", taken)

    def is_new(self, row: models.Model) -> bool:
        return (row._meta.model, row.pk) in self.created

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
            self.report.compare(f"{model._meta.verbose_name} {slug}", row, values)
        return row

    def keep_all(self, model: type[Any], items: list[Any]) -> dict[str, Any]:
        return {item.slug: self.keep(model, item.slug, plain(item)) for item in items}

    def source(self, item: schema.SourceItem) -> None:
        dates = {"delivered_on": item.delivered_on, "published_on": item.published_on}
        values = {**plain(item, "passages"), **dates}
        row = self.keep(Source, item.slug, values)
        said_on = (
            item.delivered_on or item.published_on or self.catalogue.plan.starts_on
        )
        known = {passage.ref: passage for passage in row.passages.all()}
        for position, passage in enumerate(item.passages, 1):
            values = {"role": passage.role, "summary": passage.summary}
            if passage.ref in known:
                self.report.compare(
                    f"passage {passage.ref}", known[passage.ref], values
                )
            else:
                known[passage.ref] = Passage.objects.create(
                    source=row, ref=passage.ref, position=position, **values
                )
                self.report.add("passage")
        self.passages.update(known)
        self.stated_on.update((passage.ref, said_on) for passage in item.passages)

    def evidence(self, item: schema.EvidenceItem) -> Evidence:
        values = plain(item, "id", "commitments")
        values["published_on"] = item.published_on
        twin = Evidence.objects.at_address(item.url).exclude(slug=item.id).first()
        if twin is not None:
            self.report.differ(f"evidence {item.id}", "slug", twin.slug, item.id)
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
            values = {
                "precision": observation.precision,
                "value": observation.value,
                "note": observation.note or "",
            }
            kept, created = row.observations.get_or_create(
                observed_on=observation.date,
                evidence=self.documents[name] if name else None,
                defaults=values,
            )
            if created:
                self.report.add("observation")
            else:
                label = f"observation of {item.slug} on {observation.date}"
                self.report.compare(label, kept, values)
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
            self.compare_commitment(existing, item, {**wording, **facts})
            self.milestones(existing, item)
            return existing
        row = Commitment.objects.create(
            slug=item.slug,
            pillar=self.pillars[number],
            stated_on=self.stated_on[item.passages[0]],
            **wording,
            **facts,
        )
        self.created.add((Commitment, row.pk))
        self.report.add("commitment")
        self.tie(row, item)
        self.milestones(row, item)
        return row

    def compare_commitment(
        self, row: Commitment, item: schema.CommitmentItem, values: dict[str, Any]
    ) -> None:
        """Report where a commitment of the record differs: columns, test and ties."""
        name = f"commitment {item.ref} {item.slug}"
        self.report.compare(name, row, values)
        test = dict(row.criteria.values_list("key", "text"))
        wanted = {criterion.key: criterion.text for criterion in item.criteria}
        if test != wanted:
            self.report.differ(name, "criteria", test, wanted)
        for ties, told in (
            ("passages__ref", item.passages),
            ("bodies__slug", item.bodies),
            ("partners__slug", item.partners),
            ("topics__slug", item.topics),
        ):
            kept = Commitment.objects.filter(pk=row.pk).values_list(ties)
            stored = [value for (value,) in kept if value is not None]
            self.report.compare_sets(name, ties.partition("__")[0], stored, told)

    def tie(self, row: Commitment, item: schema.CommitmentItem) -> None:
        """Give a new commitment its passages, names and test."""
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

    def milestones(self, row: Commitment, item: schema.CommitmentItem) -> None:
        for position, step in enumerate(item.milestones, 1):
            due = step.due
            values = {
                "title": step.title,
                "due_on": last_day(due.date, due.precision) if due else None,
                "due_precision": due.precision if due else "",
            }
            kept, created = row.milestones.get_or_create(
                key=step.key, defaults={**values, "position": position}
            )
            if created:
                self.report.add("milestone")
            else:
                self.report.compare(f"milestone {step.key} of {row.slug}", kept, values)

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
            new = [s for s in absent if self.is_new(row) or self.is_new(rows[s])]
            if new:
                row.commitments.add(*(rows[slug] for slug in new))
            for slug in set(absent) - set(new):
                name = f"{row._meta.verbose_name} {row.slug}"
                self.report.differ(name, "commitments", "not tied", slug)


def plain(item: schema.Item, *without: str) -> dict[str, Any]:
    """Return an item's columns as the models hold them: no text is "", not null."""
    values = item.model_dump(exclude={"slug", *without})
    return {name: "" if value is None else value for name, value in values.items()}
