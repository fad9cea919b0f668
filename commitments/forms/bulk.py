"""Choosing a file to import."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from commitments.bulk import limits, runs
from commitments.models import ImportRun


class ImportForm(forms.Form):
    kind = forms.ChoiceField(choices=ImportRun.Kind, label="What the rows are")
    file = forms.FileField(
        label="File",
        allow_empty_file=True,
        help_text="CSV (UTF-8), XLSX (its first sheet that is not hidden) or JSON; the "
        f"first row names the columns. At most {limits.MOST_BYTES // limits.MEGABYTE} MB and "
        f"{limits.MOST_ROWS:,} rows.",
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.json"}),
    )

    def __init__(self, *args, kinds: list[str], **kwargs) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = [
            choice for choice in ImportRun.Kind.choices if choice[0] in kinds
        ]

    def save(self, *, by: Any, at: datetime) -> ImportRun | None:
        """Keep the file to be checked; None if it is refused, with its message."""
        try:
            return runs.start(
                kind=self.cleaned_data["kind"],
                file=self.cleaned_data["file"],
                by=by,
                at=at,
            )
        except limits.Unreadable as problem:
            self.add_error("file", str(problem))
        return None
