"""When a backup of this record last proved good: monitors and people ask."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from commitments.models import HistoryEntry
from tracker.models import ProvedBackup


def note(manifest: dict[str, Any], *, at: datetime) -> bool:
    """Keep that a backup was restored on trial; False where it is of another record."""
    head = manifest["head"]
    if head["seq"] and not HistoryEntry.objects.filter(**head).exists():
        return False
    made_at = datetime.fromisoformat(manifest["made_at"])
    ProvedBackup.objects.update_or_create(made_at=made_at, defaults={"proved_at": at})
    return True


def last() -> datetime | None:
    """Return when the newest backup that proved good was made."""
    newest = ProvedBackup.objects.first()
    return newest.made_at if newest else None
