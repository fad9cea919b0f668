"""What the desk answers to a tip."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from commitments import services
from commitments.models import Commitment, Tip
from commitments.rules import RuleBroken

from .base import Prose, ServiceForm


class AnswerForm(ServiceForm):
    """A verdict and its public sentence: kept as a draft, or decided."""

    seen = forms.IntegerField(widget=forms.HiddenInput)
    verdict = forms.ChoiceField(
        label="Outcome",
        choices=[(choice.value, choice.label) for choice in Tip.CHOICES],
        widget=forms.RadioSelect,
    )
    answer = Prose(
        label="Our answer",
        required=False,
        help_text="Readers see it, and the sender gets it by mail. In our own words: "
        "quote nothing and name nobody. A duplicate may leave it empty.",
    )
    duplicate_of = forms.ModelChoiceField(
        Tip.objects.all(),
        label="The same as tip number",
        required=False,
        widget=forms.NumberInput,
        error_messages={"invalid_choice": "There is no tip with this number."},
    )
    commitment = forms.ModelChoiceField(
        Commitment.objects.public().select_related("pillar"),
        label="About commitment",
        required=False,
    )

    def __init__(self, *args: Any, tip: Tip, **kwargs: Any) -> None:
        self.tip = tip
        super().__init__(*args, **kwargs)
        steps = list(tip.steps.all())
        self.initial = {
            "seen": steps[-1].number if steps else 0,
            "verdict": tip.verdict,
            "answer": tip.answer,
            "duplicate_of": tip.duplicate_of_id,
            "commitment": tip.commitment_id,
            **self.initial,
        }

    def save(self, *, decide: bool, by: Any, at: datetime) -> bool:
        """Keep the draft, or decide; False, with a message, if a rule refused."""
        act = services.decide_tip if decide else services.draft_answer
        try:
            act(tip=self.tip, by=by, at=at, **self.cleaned_data)
        except RuleBroken as broken:
            self.refuse(broken)
            if broken.rule == "changed_meanwhile":
                # What changed has been told: the next save goes through.
                self.remember("seen", self.tip.steps.count())
            return False
        return True
