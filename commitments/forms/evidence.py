"""Choosing evidence, or adding a document in place."""

from __future__ import annotations

from django import forms
from django.contrib import admin
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.db.models import Q
from django.utils.html import format_html

from commitments.models import Evidence, HistoryEntry
from commitments.statuses import Confidence, EvidenceType, Nature
from commitments.validation import check_typed_url

from .base import ActForm, Day, Line, Prose, check_past

NEW = "new_"
REQUIRED = (
    "title",
    "publisher",
    "occurred_on",
    "type",
    "nature",
    "reliability",
    "summary",
)


class DocumentChoices(forms.ModelMultipleChoiceField):
    """Documents with what the rules look at beside the title."""

    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Evidence) -> str:
        nature = obj.get_nature_display()
        official = "official" if obj.official else "not official"
        return format_html(
            "{} <small>({}, {}, {}, grade {}, {})</small>",
            obj.title,
            obj.publisher,
            obj.occurred_on,
            nature.lower(),
            obj.grade,
            official,
        )


def blank(choices: list) -> list:
    return [("", "---------"), *choices]


class EvidenceForm(ActForm):
    """A form whose entry cites evidence: known documents, or a new one."""

    evidence = DocumentChoices(
        Evidence.objects.none(),
        required=False,
        label="Evidence on this commitment",
    )
    other_evidence = forms.ModelMultipleChoiceField(
        Evidence.objects.all(),
        required=False,
        widget=AutocompleteSelectMultiple(
            HistoryEntry._meta.get_field("evidence"), admin.site
        ),
        label="Other documents already in the tracker",
    )
    new_url = forms.CharField(
        required=False,
        validators=[check_typed_url],
        label="Address",
        help_text="Paste it. A document already known by it, however written, is used "
        "as it is.",
        widget=forms.URLInput(attrs={"class": "vURLField"}),
    )
    new_title = Line(required=False, max_length=300, label="Title")
    new_publisher = Line(required=False, max_length=200, label="Publisher")
    new_occurred_on = Day(
        required=False, label="Occurred on", help_text="When what it shows happened."
    )
    new_type = forms.ChoiceField(
        required=False, choices=blank(EvidenceType.choices), label="Type"
    )
    new_nature = forms.ChoiceField(
        required=False, choices=blank(Nature.choices), label="It shows"
    )
    new_official = forms.BooleanField(
        required=False,
        label="Official",
        help_text="Issued by the responsible body or its official outlet.",
    )
    new_reliability = forms.ChoiceField(
        required=False, choices=blank(Confidence.choices), label="Reliability"
    )
    new_summary = Prose(
        required=False, label="What it shows", help_text="In our own words."
    )

    def __init__(self, *args, **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.field("evidence").queryset = Evidence.objects.filter(self.offered())

    def offered(self) -> Q:
        """Return the condition of documents offered as check boxes.

        By their keys: joins would have all documents read, and some of them twice.
        """
        return Q(pk__in=self.commitment.evidence.order_by().values("pk"))

    def group_of(self, name: str) -> str:
        if name.startswith(NEW):
            return "new"
        return "on" if name in ("evidence", "other_evidence") else "said"

    def clean(self) -> None:
        super().clean()
        check_past(self, "new_occurred_on", today=self.today)
        if self._wants_new() and not self.known:
            self._check_new()

    def _wants_new(self) -> bool:
        return any(
            self.data.get(self.add_prefix(name))
            for name in self.fields
            if name.startswith(NEW)
        )

    @property
    def known(self) -> Evidence | None:
        """The document that the pasted address leads to, if there is one."""
        url = getattr(self, "cleaned_data", {}).get("new_url")
        return Evidence.objects.at_address(url).first() if url else None

    def _check_new(self) -> None:
        for name in ("url", *REQUIRED):
            field = NEW + name
            if field not in self.errors and not self.cleaned_data.get(field):
                self.add_error(
                    field, "A new document needs this. Fill it in, or empty them all."
                )

    def documents(self) -> list[Evidence]:
        """Return what the entry cites; makes the new document.

        Called inside the transaction of the entry, so that a refusal leaves none.
        """
        chosen = [*self.cleaned_data["evidence"], *self.cleaned_data["other_evidence"]]
        if self._wants_new():
            chosen.append(self._known_or_made())
        return chosen

    def _known_or_made(self) -> Evidence:
        values = {name: self.cleaned_data[NEW + name] for name in REQUIRED}
        values["official"] = self.cleaned_data["new_official"]
        url = self.cleaned_data["new_url"]
        if known := self.known:
            return known
        return Evidence.objects.create(
            url=url, slug=Evidence.objects.free_slug(values["title"]), **values
        )
