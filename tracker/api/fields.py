"""Fields that several serializers share."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers


def or_blank(words: Any) -> serializers.ChoiceField:
    """Return a field of one word of a vocabulary, or of none."""
    return serializers.ChoiceField(words.choices, allow_blank=True)


def words() -> serializers.ListField:
    """Return a field of some words."""
    return serializers.ListField(child=serializers.CharField())
