"""The form that puts an entry right: it asks for what the entry says."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q

from commitments.models import Body, Commitment, HistoryEntry
from commitments.statuses import CORRECTABLE, STRUCK_ONLY, EntryKind, Status

from . import fields
from .propose import ProposalForm

# The inputs of what may be put right; which milestone an entry meets is not among it.
MAKE = {
    "status": fields.status,
    "criteria_met": fields.criteria_met,
    "confidence": fields.confidence,
    "looked_until": fields.looked_until,
    "position": fields.position,
    "body": fields.body,
    "due_on": fields.due_on,
    "due_precision": fields.due_precision,
}


def correctable(commitment: Commitment):
    """Return the entries that a correction may name, newest first."""
    corrected = HistoryEntry.objects.filter(kind=EntryKind.CORRECTION)
    return (
        commitment.history.filter(acts_as__in=CORRECTABLE)
        .exclude(pk__in=corrected.values("refers_to"))
        .select_related("text", "body")
        .order_by("-seq")
    )


class CorrectForm(ProposalForm):
    kind = EntryKind.CORRECTION
    strike = forms.BooleanField(
        required=False,
        label="Strike it out",
        help_text="It should never have been recorded: nothing takes its place, and "
        "all below is left aside.",
    )
    reason = fields.reason("What was wrong, and how you know")
    effective_on = fields.effective_on()
    precision = fields.precision()

    def __init__(self, *args, entry: HistoryEntry, **kwargs) -> None:
        self.entry = entry
        own = HistoryEntry.OWN_COLUMNS.get(entry.acts_as, ())
        self.columns = [name for name in own if name in MAKE]
        initial = {
            **{name: getattr(entry, name) for name in self.columns},
            "effective_on": entry.effective_on,
            "precision": entry.precision,
            "evidence": entry.evidence.all(),
        }
        super().__init__(*args, initial=initial, **kwargs)
        for name in self.columns:
            self.fields[name] = MAKE[name]()
        self._fit()
        order = ["strike", "reason", *self.columns, "effective_on", "precision"]
        self.order_fields(order)

    def _fit(self) -> None:
        """Fit the inputs to the entry."""
        if "confidence" in self.columns and not self.entry.confidence:
            self.fields["confidence"] = fields.confidence(required=False)
        if "status" in self.columns:
            self.field("status").choices = Status.choices
            self.field("criteria_met").choices = fields.criteria_choices(
                self.commitment
            )
        if self.entry.acts_as in STRUCK_ONLY:
            self.fields[
                "strike"
            ].help_text = "Such an entry is struck out; what is right is recorded anew."

    def offered(self) -> Q:
        return super().offered() | Q(pk__in=self.entry.evidence.order_by().values("pk"))

    @property
    def refers_to(self) -> HistoryEntry:
        return self.entry

    def from_content(self, content: dict[str, Any]) -> dict[str, Any]:
        initial = super().from_content(content)
        if "body" in content:
            initial["body"] = Body.objects.filter(slug=content["body"]).first()
        return initial

    def arguments(self) -> dict[str, Any]:
        told = self.given("reason", "strike")
        if not told["strike"]:
            told |= self.given("effective_on", "precision", *self.columns)
            told["evidence"] = self.documents()
        return told
