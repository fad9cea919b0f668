"""Inputs that several forms ask for."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelect
from django.utils.html import format_html

from commitments import rules, statuses
from commitments.models import Body, Commitment, HistoryEntry
from commitments.rules import Judgement
from commitments.services.checks import MOST_WORDS
from commitments.statuses import Confidence, Position, Precision, Status

from .base import Day, Prose


def reason(label: str = "Reason") -> Prose:
    return Prose(
        required=False,
        label=label,
        help_text=f"Readers see this. At most {MOST_WORDS} words.",
        widget=forms.Textarea(
            attrs={
                "rows": 4,
                "class": "vLargeTextField",
                "data-most-words": MOST_WORDS,
            }
        ),
    )


def effective_on(label: str = "In effect since") -> Day:
    return Day(label=label, help_text="The day on which it became true in the world.")


def precision() -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=Precision.choices,
        label="How exact that day is",
        help_text="A coarser date takes effect on the last day of its period.",
    )


def looked_until() -> Day:
    return Day(
        label="Evidence looked at until",
        help_text="The next review is due one interval after this day.",
    )


def confidence(*, required: bool = True) -> forms.ChoiceField:
    choices = Confidence.choices
    return forms.ChoiceField(
        choices=choices if required else [("", "As before"), *choices],
        required=required,
        label="Confidence",
    )


def status() -> forms.ChoiceField:
    return forms.ChoiceField(
        choices=Status.choices, widget=forms.RadioSelect, label="Delivery status"
    )


def status_choices(old: Judgement | None) -> list[tuple[str, str]]:
    """Return every status with its meaning and, where it is so, why not now.

    All can be chosen: an entry may fill in an earlier day, when another rule held.
    """
    choices: list[tuple[str, str]] = []
    for value in Status:
        label = format_html(
            "<strong>{}</strong> {}", value.label, statuses.STATUS_DEFINITIONS[value]
        )
        if why := rules.why_not(old, value):
            label = format_html(
                '{} <span class="why-not">Not allowed as the next step: {}</span>',
                label,
                why,
            )
        choices.append((value.value, label))
    return choices


def criteria_met() -> forms.MultipleChoiceField:
    return forms.MultipleChoiceField(
        required=False,
        widget=forms.CheckboxSelectMultiple,
        label="Parts of the test that are met",
    )


def criteria_choices(commitment: Commitment) -> list[tuple[str, str]]:
    return [(part.key, str(part)) for part in commitment.criteria.all()]


def position() -> forms.ChoiceField:
    return forms.ChoiceField(choices=Position.choices, label="Official position")


def body() -> forms.ModelChoiceField:
    return forms.ModelChoiceField(
        Body.objects.all(),
        widget=AutocompleteSelect(HistoryEntry._meta.get_field("body"), admin.site),
        label="Body that says so",
    )


def due_on() -> Day:
    return Day(label="New promised date")


def due_precision() -> forms.ChoiceField:
    return forms.ChoiceField(choices=Precision.choices, label="How exact that date is")
