"""A second person's decision on a proposal."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.db import transaction

from commitments import services
from commitments.models import HistoryEntry, Proposal, ProposalStep
from commitments.rules import RuleBroken

from .base import Prose, ServiceForm


class DecisionForm(ServiceForm):
    """Approve, return or reject: ``decision`` is the button that was pressed.

    ``revision`` and ``seen`` name what the page showed; after a refusal because
    something changed they name what it shows now.
    """

    DECISIONS = ("approve", "return", "reject")

    revision = forms.IntegerField(widget=forms.HiddenInput)
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)
    confirmed = forms.BooleanField(
        required=False,
        label="I have read what changed since the draft, and it still holds",
    )
    comment = Prose(
        required=False,
        max_length=4000,
        label="Comment",
        help_text="For the author; kept with the proposal, never public. A return or "
        "a rejection needs one.",
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    severity = forms.ChoiceField(
        required=False,
        choices=[("", "---------"), *ProposalStep.Severity.choices],
        label="How grave",
        help_text="For a return: critical, it must not be published so; important, "
        "mend it first; minor, a detail.",
    )

    def __init__(self, *args, proposal: Proposal, **kwargs) -> None:
        self.proposal = proposal
        super().__init__(*args, **kwargs)
        self.initial.setdefault("revision", proposal.revision)
        self.initial.setdefault("seen", proposal.commitment.latest_entry_id)
        if proposal.based_on_id == proposal.commitment.latest_entry_id:
            del self.fields["confirmed"]

    def decide(
        self, decision: str, *, by: Any, at: datetime
    ) -> HistoryEntry | Proposal | None:
        """Return what the decision made; None if refused, with its message."""
        given = self.cleaned_data
        shared: dict[str, Any] = {
            "proposal": self.proposal,
            "by": by,
            "at": at,
            "revision": given["revision"],
            "comment": given["comment"],
        }
        try:
            with transaction.atomic():
                if decision == "return":
                    return services.send_back(severity=given["severity"], **shared)
                if decision == "reject":
                    return services.reject(**shared)
                return services.approve(
                    seen=given["seen"],
                    confirmed=given.get("confirmed", False),
                    **shared,
                )
        except RuleBroken as broken:
            self.refuse(broken)
        return None
