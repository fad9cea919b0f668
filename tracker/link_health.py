"""Whether the evidence can still be opened: counts of the last looks at its links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Count, Max, Q

from commitments.models import Evidence
from commitments.verdicts import LOST, READ, SILENT


@dataclass(frozen=True)
class LinkHealth:
    """How the links of the public evidence were found when last looked at.

    ``kept`` counts those that did not open and have a kept copy.
    """

    documents: int
    checked: int
    opening: int
    lost: int
    silent: int
    kept: int
    last_at: datetime | None

    @property
    def failing(self) -> int:
        return self.checked - self.opening

    @property
    def unconfirmed(self) -> int:
        """Those said not to be there, not yet often enough to be called gone."""
        return self.failing - self.lost - self.silent


def link_health() -> LinkHealth:
    """Return what is found of links today, in one query.

    Of a past day nothing is said: a link is looked at in its present.
    """
    checked, opening = Q(link__verdict__gt=""), Q(link__verdict__in=READ)
    failing = checked & ~opening
    public = Evidence.objects.public().values("pk")
    counted = Evidence.objects.filter(pk__in=public).aggregate(
        documents=Count("pk"),
        checked=Count("pk", filter=checked),
        opening=Count("pk", filter=opening),
        lost=Count("pk", filter=Q(link__verdict__in=LOST)),
        silent=Count("pk", filter=Q(link__verdict__in=SILENT)),
        kept=Count("pk", filter=failing & Q(link__latest__isnull=False)),
        last_at=Max("link__checked_at"),
    )
    return LinkHealth(**counted)
