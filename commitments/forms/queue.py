"""What is done from a row of the review queue."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django import forms
from django.contrib.auth import get_user_model

from commitments import accounts, services
from commitments.models import Commitment
from commitments.rules import RuleBroken
from commitments.services.queue import LONGEST_SNOOZE

from .base import Day, Line, ServiceForm


class RowForm(ServiceForm):
    """One act on one row; ``act`` calls one service."""

    done = ""

    def __init__(
        self, *args, commitment: Commitment, user: Any, today: date, **kwargs
    ) -> None:
        self.commitment = commitment
        self.user = user
        self.today = today
        kwargs.setdefault("auto_id", f"id_{commitment.pk}_{type(self).__name__}_%s")
        super().__init__(*args, **kwargs)

    def act(self, *, at: datetime) -> None:
        raise NotImplementedError

    def save(self, *, at: datetime) -> bool:
        """Do it; False, with a message beside its field, if a rule refuses."""
        try:
            self.act(at=at)
        except RuleBroken as broken:
            self.refuse(broken)
            return False
        return True


class StillAccurateForm(RowForm):
    done = "Recorded: looked at, still accurate."

    seen = forms.IntegerField(widget=forms.HiddenInput)
    reason = Line(label="What you looked at", max_length=400)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("seen", self.commitment.latest_entry_id)

    def act(self, *, at: datetime) -> None:
        services.review(
            commitment=self.commitment,
            reason=self.cleaned_data["reason"],
            looked_until=self.today,
            effective_on=self.today,
            by=self.user,
            at=at,
            seen=self.cleaned_data["seen"],
        )

    def save(self, *, at: datetime) -> bool:
        saved = super().save(at=at)
        if not saved and not self.errors.get("reason"):
            # What changed has been told: the next save goes through.
            current = Commitment.objects.get(pk=self.commitment.pk)
            self.remember("seen", current.latest_entry_id)
        return saved


class SnoozeForm(RowForm):
    done = "Put off."

    until = Day(label="Until")
    reason = Line(label="Why it can wait", max_length=200)

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["until"].widget.attrs |= {
            "min": str(self.today + timedelta(days=1)),
            "max": str(self.today + LONGEST_SNOOZE),
        }

    def act(self, *, at: datetime) -> None:
        services.snooze(
            commitment=self.commitment,
            by=self.user,
            on=self.today,
            at=at,
            **self.cleaned_data,
        )


class WakeForm(RowForm):
    done = "Back in the queue."

    def act(self, *, at: datetime) -> None:
        services.wake(commitment=self.commitment, at=at)


class ClaimForm(RowForm):
    done = "Claimed for 48 hours."

    def act(self, *, at: datetime) -> None:
        services.claim(commitment=self.commitment, by=self.user, at=at)


class ReleaseForm(RowForm):
    done = "Free for others again."

    def act(self, *, at: datetime) -> None:
        services.release(commitment=self.commitment, by=self.user, at=at)


class AssignForm(RowForm):
    done = "Assigned for 48 hours."

    assignee = forms.ModelChoiceField(get_user_model()._default_manager.none())

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        field: Any = self.fields["assignee"]
        field.queryset = colleagues()

    def act(self, *, at: datetime) -> None:
        services.claim(
            commitment=self.commitment,
            by=self.user,
            at=at,
            assignee=self.cleaned_data["assignee"],
        )


def colleagues():
    """Return the accounts that work the queue."""
    people = get_user_model()._default_manager.filter(is_active=True)
    mine = people.filter(groups__name__in=accounts.DUTIES[accounts.RECORD])
    return mine.distinct().order_by("username")


FORMS: dict[str, type[RowForm]] = {
    "accurate": StillAccurateForm,
    "snooze": SnoozeForm,
    "wake": WakeForm,
    "claim": ClaimForm,
    "release": ReleaseForm,
    "assign": AssignForm,
}
