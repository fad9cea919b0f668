"""What the history says, as it was known once a release's last entry was recorded.

Everything here is read from entries up to that number and from the states that they
add up to: it reads the same for good, whatever is recorded later. Only a redaction
takes away from it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

from django.db.models import Prefetch, QuerySet
from rest_framework import serializers

from commitments.models import Citation, HistoryEntry, State
from commitments.models.state import FOREVER
from tracker.api import record_serializers as api

from .contents import NAMED
from .facts import CHUNK, plain


class CitedSerializer(serializers.ModelSerializer):
    """What of a cited document enters the digest; the rest is in its own table."""

    id = serializers.CharField(source="evidence.slug")

    class Meta:
        model = Citation
        fields = ["id", "url", "nature", "official", "copy_sha256"]


class HistoryRow(api.HistorySerializer):
    evidence = CitedSerializer(source="citations", many=True)


class CitationRow(serializers.ModelSerializer):
    entry = serializers.IntegerField(source="entry_id")
    evidence = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta:
        model = Citation
        fields = NAMED["citations"].names


class HeldRow(api.StateSerializer):
    """What the state of a day adds to a commitment's description."""

    reason = serializers.SerializerMethodField()
    merged_into = serializers.SlugRelatedField(slug_field="slug", read_only=True)

    class Meta(api.StateSerializer.Meta):
        fields = NAMED["commitments"].known

    def get_reason(self, state: State) -> str:
        return state.status_entry.text.reason if state.status_entry else ""


class StateRow(serializers.ModelSerializer):
    commitment = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    merged_into = serializers.SlugRelatedField(slug_field="slug", read_only=True)
    status_entry = serializers.IntegerField(source="status_entry_id")
    position_entry = serializers.IntegerField(source="position_entry_id")
    wording_entry = serializers.IntegerField(source="wording_entry_id")
    effective_until = serializers.SerializerMethodField()
    known_until = serializers.SerializerMethodField()

    class Meta:
        model = State
        fields = NAMED["states"].names

    def get_effective_until(self, state: State) -> date | None:
        return None if state.effective_until == FOREVER else state.effective_until

    def get_known_until(self, state: State) -> int | None:
        # What was learned after the release is not in it.
        return state.known_until if state.known_until <= self.context["seq"] else None


def history(seq: int) -> Iterator[dict[str, Any]]:
    cited = Citation.objects.select_related("evidence").order_by("evidence__slug")
    found = (
        entries(seq)
        .select_related("commitment", "text", "body", "milestone", "merged_into")
        .prefetch_related(Prefetch("citations", cited))
    )
    yield from plain(found, HistoryRow, NAMED["history"].names)


def entries(seq: int) -> QuerySet[HistoryEntry]:
    """Return the public entries up to ``seq``."""
    return HistoryEntry.objects.public().filter(seq__lte=seq).order_by("seq")


def citations(seq: int) -> Iterator[dict[str, Any]]:
    found = Citation.objects.filter(entry__in=entries(seq).values("pk"))
    rows = found.select_related("evidence").order_by("pk")
    yield from plain(rows, CitationRow, NAMED["citations"].names)


def wordings(seq: int) -> Iterator[dict[str, Any]]:
    found = entries(seq).exclude(text__wording="").select_related("commitment", "text")
    for entry in found.iterator(CHUNK):
        told = json.loads(entry.text.wording)
        row = {"entry": entry.seq, "commitment": entry.commitment.slug, **told}
        yield {name: row[name] for name in NAMED["wordings"].names}


def states(seq: int) -> Iterator[dict[str, Any]]:
    found = (
        State.objects.public()
        .filter(known_from__lte=seq)
        .select_related("commitment", "merged_into")
        .order_by("pk")
    )
    yield from plain(found, StateRow, NAMED["states"].names, seq=seq)


# The tables that are read from the history alone, given the number of the last entry.
READ: dict[str, Callable[[int], Iterator[dict[str, Any]]]] = {
    "history": history,
    "citations": citations,
    "wordings": wordings,
    "states": states,
}


class Held:
    """What was held true of each commitment on ``on``, once ``seq`` was recorded.

    One small row for each commitment is kept in memory, and no more.
    """

    def __init__(self, *, on: date, seq: int) -> None:
        found = (
            State.objects.public()
            .filter(effective_from__lte=on, effective_until__gt=on)
            .known_by(seq)
            .select_related("commitment", "status_entry__text", "merged_into")
            .order_by("pk")
        )
        serializer = HeldRow(context={"on": on})
        self.rows: dict[str, dict[str, Any]] = {}
        self.steps: dict[str, dict[str, str]] = {}
        for state in found.iterator(CHUNK):
            slug = state.commitment.slug
            self.rows[slug] = dict(serializer.to_representation(state))
            self.steps[slug] = state.milestones_met

    def beside(self, name: str, fact: dict[str, Any]) -> dict[str, Any]:
        """Return the columns that the history adds to a described row."""
        match name:
            case "commitments":
                blank = dict.fromkeys(NAMED[name].known)
                return self.rows.get(fact["slug"], blank)
            case "criteria":
                held = self.rows.get(fact["commitment"])
                return {"met": bool(held and fact["key"] in held["criteria_met"])}
            case "milestones":
                met = self.steps.get(fact["commitment"], {})
                return {"met_on": met.get(fact["key"])}
        return {}
