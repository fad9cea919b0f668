"""One form for each thing an analyst records; corrections are in ``correct``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect

from commitments import accounts, actors, services
from commitments.models import Body, Commitment, HistoryEntry, Milestone
from commitments.models.commitment import WORDING
from commitments.rules import Judgement
from commitments.statuses import EntryKind

from . import fields
from .base import ActForm, Line, Prose
from .evidence import EvidenceForm
from .propose import ProposalForm


class PublishForm(ActForm):
    reason = Prose(required=False, label="Note", help_text="Readers see this.")

    def record(self, *, by: Any, at: datetime) -> HistoryEntry:
        return services.publish(
            commitment=self.commitment, by=by, at=at, **self.given("reason")
        )


class AssessForm(ProposalForm):
    kind = EntryKind.STATUS
    status = fields.status()
    criteria_met = fields.criteria_met()
    confidence = fields.confidence()
    reason = fields.reason("Why this is the status")
    effective_on = fields.effective_on()
    precision = fields.precision()
    looked_until = fields.looked_until()
    field_order = [
        "status",
        "criteria_met",
        "reason",
        "confidence",
        "effective_on",
        "precision",
        "looked_until",
    ]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        met = self.commitment.criteria_met
        old = (
            Judgement(self.commitment.status, frozenset(met))
            if self.commitment.status
            else None
        )
        self.field("status").choices = fields.status_choices(old)
        self.field("criteria_met").choices = fields.criteria_choices(self.commitment)
        self.initial.setdefault("criteria_met", met)
        self.initial.setdefault("confidence", self.commitment.confidence)

    def arguments(self) -> dict[str, Any]:
        return {**self.given(*self.field_order), "evidence": self.documents()}


class ReviewForm(EvidenceForm):
    reason = fields.reason("What you looked at")
    confidence = fields.confidence(required=False)
    looked_until = fields.looked_until()
    effective_on = fields.effective_on("Looked on")
    confirms = forms.BooleanField(
        required=False,
        label="I confirm the status",
        help_text="You stand behind the present status as its second person.",
    )
    field_order = ["reason", "confirms", "confidence", "looked_until", "effective_on"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        if not self._may_confirm():
            del self.fields["confirms"]

    def _may_confirm(self) -> bool:
        entry = self.commitment.status_entry
        return (
            entry is not None
            and not self.commitment.signed_off
            and entry.actor != actors.key(self.user)
            and accounts.may(self.user, accounts.CONFIRM)
        )

    def record(self, *, by: Any, at: datetime) -> HistoryEntry:
        confirms = self.cleaned_data.get("confirms")
        return services.review(
            commitment=self.commitment,
            evidence=self.documents(),
            confirms=self.commitment.status_entry if confirms else None,
            by=by,
            at=at,
            **self.given("seen", "reason", "confidence", "looked_until"),
            **self.given("effective_on"),
        )


class ClaimForm(ProposalForm):
    kind = EntryKind.CLAIM
    position = fields.position()
    body = fields.body()
    reason = fields.reason("What it said, and where")
    effective_on = fields.effective_on("Said on")
    precision = fields.precision()
    field_order = ["position", "body", "reason", "effective_on", "precision"]

    def from_content(self, content: dict[str, Any]) -> dict[str, Any]:
        initial = super().from_content(content)
        initial["body"] = Body.objects.filter(slug=content["body"]).first()
        return initial

    def arguments(self) -> dict[str, Any]:
        return {**self.given(*self.field_order), "evidence": self.documents()}


class AttachEvidenceForm(EvidenceForm):
    reason = fields.reason("What the document adds")
    field_order = ["reason"]

    def record(self, *, by: Any, at: datetime) -> HistoryEntry:
        return services.attach_evidence(
            commitment=self.commitment,
            evidence=self.documents(),
            by=by,
            at=at,
            **self.given("seen", "reason"),
        )


class AmendWordingForm(ProposalForm):
    kind = EntryKind.WORDING
    reason = fields.reason("What changed, and why")
    title = Line(max_length=120)
    title_zh = Line(max_length=200, required=False, label="Title (Chinese)")
    statement = Prose()
    reading = Prose()
    effective_on = fields.effective_on("Changed on")
    precision = fields.precision()
    field_order = ["reason", *WORDING]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        for name in WORDING:
            self.initial.setdefault(name, getattr(self.commitment, name))
        self.parts = {part.key: part.text for part in self.commitment.criteria.all()}
        for key, text in self.parts.items():
            self.fields[f"part_{key}"] = Prose(label=f"Part {key} of the test")
            self.initial.setdefault(f"part_{key}", text)
        parts = [f"part_{key}" for key in self.parts]
        self.order_fields([*self.field_order, *parts, "effective_on", "precision"])

    def changes(self) -> dict[str, Any]:
        """Return the texts that differ, as ``amend_wording`` takes them."""
        changed: dict[str, Any] = {
            name: self.cleaned_data[name]
            for name in WORDING
            if self.cleaned_data[name] != getattr(self.commitment, name).strip()
        }
        criteria = {
            key: self.cleaned_data[f"part_{key}"]
            for key, text in self.parts.items()
            if self.cleaned_data[f"part_{key}"] != text.strip()
        }
        return {**changed, "criteria": criteria} if criteria else changed

    def from_content(self, content: dict[str, Any]) -> dict[str, Any]:
        initial = super().from_content(content)
        changes = initial.pop("changes")
        parts = changes.pop("criteria", {})
        return {
            **initial,
            **changes,
            **{f"part_{key}": text for key, text in parts.items()},
        }

    def arguments(self) -> dict[str, Any]:
        return {
            "changes": self.changes(),
            "evidence": self.documents(),
            **self.given("reason", "effective_on", "precision"),
        }


class MoveDeadlineForm(ProposalForm):
    kind = EntryKind.DEADLINE
    due_on = fields.due_on()
    due_precision = fields.due_precision()
    reason = fields.reason("Who moved the date, and where")
    effective_on = fields.effective_on("Moved on")
    precision = fields.precision()
    field_order = ["due_on", "due_precision", "reason", "effective_on", "precision"]

    def arguments(self) -> dict[str, Any]:
        return {**self.given(*self.field_order), "evidence": self.documents()}


class MeetMilestoneForm(ProposalForm):
    kind = EntryKind.MILESTONE
    milestone = forms.ModelChoiceField(Milestone.objects.none())
    reason = fields.reason("What shows it")
    effective_on = fields.effective_on("Met on")
    precision = fields.precision()
    field_order = ["milestone", "reason", "effective_on", "precision"]

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.field("milestone").queryset = self.commitment.milestones.exclude(
            key__in=list(self.commitment.milestones_met)
        )

    def from_content(self, content: dict[str, Any]) -> dict[str, Any]:
        initial = super().from_content(content)
        milestones = self.commitment.milestones
        initial["milestone"] = milestones.filter(key=content["milestone"]).first()
        return initial

    def arguments(self) -> dict[str, Any]:
        return {**self.given(*self.field_order), "evidence": self.documents()}


class WithdrawForm(ActForm):
    reason = fields.reason("Why the tracker no longer follows it")

    def record(self, *, by: Any, at: datetime) -> HistoryEntry:
        return services.withdraw(
            commitment=self.commitment, by=by, at=at, **self.given("seen", "reason")
        )


class MergeForm(ActForm):
    into = forms.ModelChoiceField(
        Commitment.objects.all(),
        widget=AutocompleteSelect(
            Commitment._meta.get_field("merged_into"), admin.site
        ),
        label="The commitment that covers it",
    )
    reason = fields.reason("Why the two are one commitment")

    def record(self, *, by: Any, at: datetime) -> HistoryEntry:
        return services.merge(
            commitment=self.commitment,
            by=by,
            at=at,
            **self.given("seen", "into", "reason"),
        )
