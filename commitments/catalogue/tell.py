"""The history that a catalogue tells, through the services that analysts use."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from typing import Any

from commitments import actors, services
from commitments.catalogue import schema
from commitments.catalogue.read import CatalogueError, Problem
from commitments.catalogue.report import Report
from commitments.models import Body, Commitment, Evidence, HistoryEntry
from commitments.rules import RuleBroken
from commitments.statuses import Precision, last_day


@dataclass
class Teller:
    """Records each part of a catalogue's history once, on this and later loads.

    ``created`` holds the keys of the commitments that this load made.
    """

    report: Report
    documents: dict[str, Evidence]
    bodies: dict[str, Body]
    created: set[int]
    looked_until: date
    by: actors.Actor
    at: datetime

    def __post_init__(self) -> None:
        entries = HistoryEntry.objects.filter(actor=actors.key(self.by))
        self.recorded = set(entries.values_list("idempotency_key", flat=True))

    def tell(self, row: Commitment, item: schema.CommitmentItem) -> None:
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
        if row.pk in self.created or not told:
            return
        last = max(told, key=lambda e: last_day(e.date, e.precision))
        name = f"commitment {row.ref} {row.slug}"
        values = {"status": last.status, "criteria_met": sorted(last.criteria_met)}
        row.refresh_from_db()
        self.report.compare(name, row, {"standing": "published", **values})

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
        told |= {"confidence": entry.confidence, "looked_until": self.looked_until}
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
            if row.pk in self.created:
                raise CatalogueError(
                    [Problem("commitments/", row.slug, name, str(error))]
                ) from error
            label = f"commitment {row.slug}, {name}"
            self.report.differ(
                label, "entry", f"not recorded: {error}", "to be recorded"
            )
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
            self.report.differ(label, "reason", entry.text.reason, told["reason"])
        for field_name in ("status", "position", "confidence"):
            if field_name in told and getattr(entry, field_name) != told[field_name]:
                stored = getattr(entry, field_name)
                self.report.differ(label, field_name, stored, told[field_name])
        if "criteria_met" in told and entry.criteria_met != sorted(
            told["criteria_met"]
        ):
            self.report.differ(
                label, "criteria_met", entry.criteria_met, told["criteria_met"]
            )
        stored_documents = {c.evidence_id for c in entry.citations.all()}
        if stored_documents != {document.pk for document in told["evidence"]}:
            self.report.differ(label, "evidence", "other documents", "these documents")
