"""What all forms that record something share."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django import forms
from django.db import transaction

from commitments import chain
from commitments.models import Commitment, HistoryEntry
from commitments.services import StaleForm
from commitments.statuses import Precision, RuleBroken


class Day(forms.DateField):
    """A day, typed or picked, always as YYYY-MM-DD."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class Prose(forms.CharField):
    """Text of several lines, with plain line ends."""

    widget = forms.Textarea(attrs={"rows": 4, "class": "vLargeTextField"})

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return text.replace("\r\n", "\n").replace("\r", "\n")


class ActForm(forms.Form):
    """One thing to record about a commitment.

    ``seen`` is the latest entry the form was opened on: if a colleague has come
    since, nothing is recorded, all input stays, and the next save goes through.
    """

    template = "admin/commitments/commitment/act.html"
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args, commitment: Commitment, user: Any, today: date, **kwargs
    ) -> None:
        self.commitment = commitment
        self.user = user
        self.today = today
        self.since: list[HistoryEntry] = []
        super().__init__(*args, **kwargs)
        self.initial.setdefault("seen", commitment.latest_entry_id)
        self.initial.setdefault("effective_on", today)
        self.initial.setdefault("looked_until", today)
        self.initial.setdefault("precision", Precision.DAY)

    def clean_seen(self) -> int | None:
        seen = self.cleaned_data["seen"]
        if seen is None and self.commitment.latest_entry_id:
            raise forms.ValidationError("Open the form again from the commitment.")
        return seen

    def record(self, *, by: Any, at: datetime) -> HistoryEntry:
        """Call the service. Raises RuleBroken."""
        raise NotImplementedError

    def save(self, *, by: Any, at: datetime) -> HistoryEntry | None:
        """Record it, all or nothing; None if a rule refused, with its message."""
        try:
            with transaction.atomic():
                # Before a new document too: its address and slug are taken once.
                chain.lock()
                return self.record(by=by, at=at)
        except StaleForm as stale:
            self._catch_up(stale)
        except RuleBroken as broken:
            field = broken.field if broken.field in self.fields else None
            self.add_error(field, str(broken))
        return None

    def _catch_up(self, stale: StaleForm) -> None:
        self.since = stale.since
        self.add_error(None, str(stale))
        data: Any = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix("seen")] = (
            stale.since[-1].seq if stale.since else self.commitment.latest_entry_id
        )
        self.data = data

    def field(self, name: str) -> Any:
        """Return a field whose choices depend on the commitment."""
        return self.fields[name]

    def given(self, *names: str) -> dict[str, Any]:
        """Return the named inputs, ready to hand to a service."""
        return {name: self.cleaned_data[name] for name in names}
