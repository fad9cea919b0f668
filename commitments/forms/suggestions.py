"""Deciding about a suggested document, and suggesting one."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple

from commitments import services
from commitments.models import Commitment, Suggestion, SuggestionMatch
from commitments.rules import RuleBroken
from commitments.statuses import Confidence, EvidenceType, Nature
from commitments.validation import check_typed_url

from .base import Day, Line, Prose, ServiceForm, check_past

FACTS = (
    *("title", "publisher", "occurred_on", "published_on", "type", "nature"),
    *("official", "reliability", "summary"),
)


class AttachForm(ServiceForm):
    """The facts of the new evidence, filled in as far as they are known."""

    commitments = forms.ModelMultipleChoiceField(
        Commitment.objects.none(),
        required=False,
        label="Likely commitments",
        widget=forms.CheckboxSelectMultiple,
    )
    others = forms.ModelMultipleChoiceField(
        Commitment.objects.standing_now(),
        required=False,
        label="Other commitments",
        widget=AutocompleteSelectMultiple(
            SuggestionMatch._meta.get_field("commitment"), admin.site
        ),
    )
    title = Line(max_length=300, label="Title")
    publisher = Line(max_length=200, label="Publisher")
    occurred_on = Day(label="Occurred on", help_text="When what it shows happened.")
    published_on = Day(required=False, label="Published on")
    type = forms.ChoiceField(choices=EvidenceType.choices, label="Type")
    nature = forms.ChoiceField(choices=Nature.choices, label="It shows")
    official = forms.BooleanField(
        required=False,
        label="Official",
        help_text="Issued by the responsible body or its official outlet.",
    )
    reliability = forms.ChoiceField(choices=Confidence.choices, label="Reliability")
    summary = Prose(label="What it shows", help_text="In our own words.")
    reason = Prose(
        label="What it adds", help_text="In a line, for the history of each commitment."
    )

    def __init__(self, *args, suggestion: Suggestion, today, **kwargs) -> None:
        self.suggestion = suggestion
        self.today = today
        super().__init__(*args, **kwargs)
        matches = list(suggestion.matches.select_related("commitment"))
        choices: Any = self.fields["commitments"]
        choices.queryset = Commitment.objects.filter(
            pk__in=[match.commitment_id for match in matches]
        ).order_by("ref_order")
        source = suggestion.source
        day = suggestion.published_on or today
        given = {
            "commitments": [m.commitment_id for m in matches if m.is_best],
            "title": suggestion.title,
            "publisher": str(source.body or source.name)
            if source
            else suggestion.host.name.removeprefix("www."),
            "occurred_on": day,
            "published_on": suggestion.published_on,
            "type": EvidenceType.NOTICE if source else EvidenceType.NEWS,
            "nature": Nature.ANNOUNCEMENT,
            "official": bool(source and source.official),
            "reliability": Confidence.HIGH if source else Confidence.MEDIUM,
            "summary": suggestion.title,
            "reason": f"New document: {suggestion.title}" if suggestion.title else "",
        }
        self.initial = {**given, **self.initial}

    def clean(self) -> None:
        super().clean()
        check_past(self, "occurred_on", "published_on", today=self.today)

    def save(self, *, by: Any, at: datetime) -> int | None:
        """Attach it; return to how many commitments, None if a rule refused."""
        given = self.cleaned_data
        chosen = dict.fromkeys([*given["commitments"], *given["others"]])
        try:
            entries = services.attach_suggestion(
                suggestion=self.suggestion,
                commitments=list(chosen),
                facts={name: given[name] for name in FACTS},
                reason=given["reason"],
                by=by,
                at=at,
            )
        except RuleBroken as broken:
            self.refuse(broken)
            return None
        return len(entries)


class DismissForm(ServiceForm):
    reason = Line(max_length=300, label="Why it is no evidence")

    def __init__(self, *args, suggestion: Suggestion, **kwargs) -> None:
        self.suggestion = suggestion
        super().__init__(*args, auto_id="id_dismiss_%s", **kwargs)

    def save(self, *, by: Any, at: datetime) -> bool:
        try:
            services.dismiss_suggestion(
                suggestion=self.suggestion,
                reason=self.cleaned_data["reason"],
                by=by,
                at=at,
            )
        except RuleBroken as broken:
            self.refuse(broken)
            return False
        return True


class SuggestForm(forms.Form):
    url = forms.CharField(
        label="Address",
        validators=[check_typed_url],
        help_text="Paste the address of the document.",
        widget=forms.URLInput(attrs={"class": "vURLField"}),
    )
