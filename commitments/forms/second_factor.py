"""Forms about signing in."""

from __future__ import annotations

from django import forms

from .base import Line


class CodeInput(forms.TextInput):
    """Comes back empty: a code that was wrong is not typed on from."""

    def format_value(self, value: object) -> None:
        return None


class CodeForm(forms.Form):
    """A code of the app, or a recovery code where one is taken."""

    code = Line(
        max_length=40,
        error_messages={"required": "Type the code."},
        widget=CodeInput(
            attrs={
                "autocomplete": "one-time-code",
                "autocapitalize": "none",
                "spellcheck": "false",
                "autofocus": True,
            }
        ),
    )
