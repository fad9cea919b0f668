"""The desk. Facts are edited here; history moves only on pages of its own."""

from . import (
    accounts,
    api_keys,
    bulk,
    commitment,
    reference,
    schedule,
    sign_off,
    suggestions,
    sweep,
    tips,
    watch,
)

__all__ = [
    "accounts",
    "api_keys",
    "bulk",
    "commitment",
    "reference",
    "schedule",
    "sign_off",
    "suggestions",
    "sweep",
    "tips",
    "watch",
]
