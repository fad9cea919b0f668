from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now


class DataVersion(models.Model):
    """One number that grows with every change that a reader could see."""

    number = models.BigIntegerField(default=0)
    # By the clock of the database: no promise rests on it, only HTTP's Last-Modified.
    changed_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(name="data_version_is_one_row", condition=Q(pk=1))
        ]

    def __str__(self) -> str:
        return str(self.number)

    @classmethod
    def current(cls) -> int:
        row = cls.objects.filter(pk=1).values_list("number", flat=True).first()
        return row or 0

    @classmethod
    def bump(cls) -> None:
        """Count one more change, in the caller's transaction."""
        counted = {"number": F("number") + 1, "changed_at": Now()}
        if not cls.objects.filter(pk=1).update(**counted):
            cls.objects.create(pk=1, number=1, changed_at=Now())
