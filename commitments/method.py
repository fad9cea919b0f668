"""The versions of the method: which there were, and what each changed.

Every history entry keeps the version it was made by. Whoever changes a rule adds a
version here, in ``settings.METHOD_VERSION`` and in ``docs/method.md``; a test holds
the first two together.
"""

from __future__ import annotations

from typing import NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class MethodVersion(NamedTuple):
    number: str
    changed: tuple[str | Promise, ...]


# The newest first.
VERSIONS = (
    MethodVersion(
        "1.0",
        (
            _(
                "The first version. Delivery status, official position and schedule are "
                "three questions, never merged; eight delivery statuses, each with the "
                "evidence it needs."
            ),
            _(
                "Reviews every 90 days, every 30 when a date or news is near, every 180 "
                "once delivered."
            ),
        ),
    ),
)
