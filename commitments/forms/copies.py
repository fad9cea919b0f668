"""Bringing a copy of what the tracker cannot reach."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms

from commitments import services
from commitments.models import Capture, Evidence
from commitments.rules import RuleBroken

from .base import Prose, ServiceForm


class UploadForm(ServiceForm):
    file = forms.FileField(
        label="File",
        help_text="The document itself: PDF, a saved web page (HTML), or an image "
        "(PNG, JPEG, GIF, WebP). At most 20 MB.",
        widget=forms.FileInput(attrs={"accept": ".pdf,.html,.htm,image/*"}),
    )
    note = Prose(
        label="Where it came from",
        help_text="Who saved it, when and from which address, in a sentence. "
        "Colleagues read this.",
    )

    def save(self, *, evidence: Evidence, by: Any, at: datetime) -> Capture | None:
        """Keep the copy; None if it is refused, with its message."""
        try:
            return services.upload_copy(
                evidence=evidence,
                content=self.cleaned_data["file"].read(),
                note=self.cleaned_data["note"],
                by=by,
                at=at,
            )
        except RuleBroken as broken:
            self.refuse(broken)
        return None
