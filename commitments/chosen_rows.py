"""Two mends of Django, in all its fields in which rows are chosen.

Django 5.2 asks the database for what was sent as it stands, and fails with an error of
its own where that is no number of a row: a form must refuse it. To be taken out when
the tests of this module pass without them.
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
