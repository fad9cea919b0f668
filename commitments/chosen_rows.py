"""Two corrections of Django's form fields that choose rows of a table.

Django 5.2 hands to the database what was sent, unchecked. A value that cannot be the
number of a row then ends in an error of ours (500), where the form should refuse it. To
be taken out when the tests of this module pass without them.
"""

from __future__ import annotations

import re
from typing import Any

from django.contrib.admin.widgets import AutocompleteMixin
from django.core.exceptions import ValidationError
from django.forms import ModelMultipleChoiceField

_optgroups = AutocompleteMixin.optgroups
_check_values = ModelMultipleChoiceField._check_values  # type: ignore[attr-defined]


def _of_numbers(self: Any, name: str, value: Any, attr: Any = None) -> Any:
    """Show again what was chosen, but for what is no number of a row."""
    chosen = [one for one in value if re.fullmatch(r"[0-9]{0,18}", str(one))]
    return _optgroups(self, name, chosen, attr)


def _within_range(self: Any, value: Any) -> Any:
    """Refuse numbers larger than SQLite has, as all others that name no row."""
    try:
        return _check_values(self, value)
    except OverflowError:
        told = self.error_messages["invalid_choice"] % {"value": max(value, key=len)}
        raise ValidationError(told, code="invalid_choice") from None


def mend() -> None:
    """Put both in place. For the start."""
    AutocompleteMixin.optgroups = _of_numbers  # type: ignore[method-assign]
    ModelMultipleChoiceField._check_values = _within_range  # type: ignore[attr-defined]
