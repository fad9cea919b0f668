"""What all forms that record something share."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime
from typing import Any, TypeVar

from django import forms
from django.db import transaction

from commitments import chain
from commitments.models import Commitment, HistoryEntry, Proposal, ProposalStep
from commitments.rules import RuleBroken
from commitments.services import StaleForm
from commitments.statuses import Precision
from commitments.validation import check_text

R = TypeVar("R")


class Day(forms.DateField):
    """A day, typed or picked, always as YYYY-MM-DD."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class Prose(forms.CharField):
    """Text of several lines, with plain line ends."""

    widget = forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"})
    default_validators = [check_text]

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return text.replace("\r\n", "\n").replace("\r", "\n")


class Line(forms.CharField):
    """Text of one line."""

    default_validators = [check_text]


def check_past(form: forms.BaseForm, *names: str, today: date) -> None:
    """Put an error beside each of these days that is still to come."""
    for name in names:
        day = form.cleaned_data.get(name)
        if day and day > today:
            form.add_error(
                name, f"{day} is still to come. Give the day on which it happened."
            )


class ServiceForm(forms.Form):
    """Calls a service, and shows beside its inputs what a rule refuses."""

    def refuse(self, broken: RuleBroken) -> None:
        """Put a refusal beside its field, or above all where it has none here."""
        field = broken.field if broken.field in self.fields else None
        self.add_error(field, str(broken))

    def remember(self, name: str, value: Any) -> None:
        """Show a hidden input with this value when the form comes back."""
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix(name)] = str(value)
        self.data = data


class ActForm(ServiceForm):
    """One thing to record about a commitment.

    ``seen`` is the latest entry the form was opened on: if a colleague has come
    since, nothing is recorded, all input stays, and the next save goes through.
    """

    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args, commitment: Commitment, user: Any, today: date, **kwargs
    ) -> None:
        self.commitment = commitment
        self.user = user
        self.today = today
        self.since: list[HistoryEntry] = []
        self.steps: list[ProposalStep] = []
        super().__init__(*args, **kwargs)
        self.initial.setdefault("seen", commitment.latest_entry_id)
        self.initial.setdefault("effective_on", today)
        self.initial.setdefault("looked_until", today)
        self.initial.setdefault("precision", Precision.DAY)

    @property
    def groups(self) -> dict[str, list[forms.BoundField]]:
        """The visible inputs as they are laid out: what is said, and on what."""
        groups: dict[str, list[forms.BoundField]] = {"said": [], "on": [], "new": []}
        for bound in self.visible_fields():
            groups[self.group_of(bound.name)].append(bound)
        return groups

    def group_of(self, name: str) -> str:
        return "said"

    def clean_seen(self) -> int | None:
        seen = self.cleaned_data["seen"]
        if seen is None and self.commitment.latest_entry_id:
            raise forms.ValidationError("Open the form again from the commitment.")
        return seen

    def record(self, *, by: Any, at: datetime) -> HistoryEntry | Proposal:
        """Call the service. Raises RuleBroken."""
        raise NotImplementedError

    def save(self, *, by: Any, at: datetime) -> HistoryEntry | Proposal | None:
        """Record it, all or nothing; None if a rule refused, with its message."""
        return self.attempt(lambda: self.record(by=by, at=at))

    def attempt(self, write: Callable[[], R]) -> R | None:
        """Return what ``write`` made, all or nothing; None if a rule refused."""
        try:
            with transaction.atomic():
                # Before a new document too: its address and slug are taken once.
                chain.lock()
                return write()
        except RuleBroken as broken:
            self.refuse(broken)
        return None

    def refuse(self, broken: RuleBroken) -> None:
        """Put a refusal beside its field; after a stale one the next save goes."""
        super().refuse(broken)
        if not isinstance(broken, StaleForm):
            return
        self.since, self.steps = broken.since, broken.steps
        if broken.since:
            self.remember("seen", broken.since[-1].seq)
        if broken.steps:
            self.remember("seen_step", broken.steps[-1].pk)

    def field(self, name: str) -> Any:
        """Return a field whose choices depend on the commitment."""
        return self.fields[name]

    def given(self, *names: str) -> dict[str, Any]:
        """Return the named inputs, ready to hand to a service."""
        return {name: self.cleaned_data[name] for name in names}
