"""What a load did, and where the record and the catalogue say different things."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class Difference:
    """Where the record and the catalogue say different things; the record stays."""

    item: str
    field: str
    record: str
    catalogue: str

    def __str__(self) -> str:
        return (
            f"{self.item}, {self.field}: the record has {self.record!r}, "
            f"the catalogue {self.catalogue!r}"
        )


@dataclass
class Report:
    """What a load added, by kind, and what it left as it was."""

    added: dict[str, int] = field(default_factory=dict)
    differences: list[Difference] = field(default_factory=list)

    def add(self, kind: str) -> None:
        self.added[kind] = self.added.get(kind, 0) + 1

    def differ(self, item: str, field_name: str, stored: Any, value: Any) -> None:
        self.differences.append(
            Difference(item, field_name, str(stored)[:300], str(value)[:300])
        )

    def compare(self, item: str, row: Any, values: dict[str, Any]) -> None:
        """Report each column of a row in which the catalogue says something else."""
        for name, value in values.items():
            stored = getattr(row, name)
            if isinstance(stored, Decimal) and value is not None:
                value = Decimal(str(value))
            if stored != value:
                self.differ(item, name, stored, value)

    def compare_sets(
        self, item: str, name: str, stored: Iterable[str], wanted: Iterable[str]
    ) -> None:
        """Report what of a list only the record, or only the catalogue, has."""
        kept, told = set(stored), set(wanted)
        if kept != told:
            only_kept, only_told = sorted(kept - told), sorted(told - kept)
            self.differ(item, name, only_kept or "none more", only_told or "none more")
