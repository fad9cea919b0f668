from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import uuid4

from django.db import models
from django.db.models import Q

T = TypeVar("T", bound="Leased")


class LeasedQuerySet(models.QuerySet[T]):
    def free(self, *, at: datetime) -> Any:
        """Those that no worker holds."""
        return self.filter(Q(leased_until=None) | Q(leased_until__lt=at))

    def take(self, *, at: datetime, lease: timedelta, most: int) -> list[T]:
        """Take up to ``most`` of these for one worker alone, until the lease ends.

        Compare-and-set, so that it holds on every database: a row that another worker
        takes at the same moment is left to it.
        """
        token = uuid4().hex
        wanted = list(self.free(at=at).values_list("pk", flat=True)[:most])
        if not wanted:
            return []
        rows: Any = self.model._default_manager.filter(pk__in=wanted)
        rows.free(at=at).update(leased_until=at + lease, holder=token)
        return list(self.model._default_manager.filter(holder=token))


class Leased(models.Model):
    """A row that one worker at a time works on; a dead worker's lease runs out."""

    leased_until = models.DateTimeField(null=True, editable=False)
    holder = models.CharField(max_length=32, blank=True, editable=False, db_index=True)

    class Meta:
        abstract = True

    def give_back(self, **values: Any) -> bool:
        """Write ``values`` and end the lease; False where it had run out meanwhile."""
        mine: Any = type(self)._default_manager.filter(pk=self.pk, holder=self.holder)
        return bool(mine.update(leased_until=None, holder="", **values))
