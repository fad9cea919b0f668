from django.db import models


class ProvedBackup(models.Model):
    """A backup of this record that was restored on trial, and fitted."""

    made_at = models.DateTimeField(unique=True)
    proved_at = models.DateTimeField()

    class Meta:
        ordering = ["-made_at"]

    def __str__(self) -> str:
        return f"Backup of {self.made_at:%Y-%m-%d %H:%M}"
