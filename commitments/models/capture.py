from __future__ import annotations

from django.db import models
from django.db.models import Q


class Capture(models.Model):
    """A kept copy of a piece of evidence, as it was on one day: append-only.

    The raw answer lies in a WARC file in the ``captures`` storage, named by the
    file's own SHA-256; the readable text is here, so that it can be searched and
    compared. ``sha256`` is that of the document's bytes.
    """

    class Origin(models.TextChoices):
        FETCHED = "fetched", "Fetched by the tracker"
        UPLOADED = "uploaded", "Uploaded by an analyst"

    evidence = models.ForeignKey(
        "Evidence", on_delete=models.PROTECT, related_name="captures"
    )
    origin = models.CharField(max_length=8, choices=Origin)
    taken_at = models.DateTimeField()
    url = models.CharField(max_length=2000, help_text="The address that answered.")
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=list)
    kind = models.CharField(max_length=5, help_text="What its bytes are.")
    size = models.PositiveIntegerField(help_text="Bytes of the document.")
    sha256 = models.CharField(max_length=64)
    text = models.TextField(blank=True)
    text_sha256 = models.CharField(max_length=64)
    warc = models.CharField(max_length=120, help_text="Name in the storage.")
    note = models.TextField(blank=True, help_text="Where an uploaded copy came from.")
    actor = models.CharField(max_length=60, help_text="Who kept it, as a key.")

    class Meta:
        ordering = ["-taken_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="capture_upload_says_where_from",
                condition=~Q(origin="uploaded") | ~Q(note=""),
            ),
        ]
        indexes = [
            models.Index(fields=["evidence", "-taken_at"], name="capture_of_evidence"),
            # Whether a page found somewhere is one that is kept: SQLite would read all
            # texts for it.
            models.Index(fields=["text_sha256"], name="capture_text"),
        ]

    def __str__(self) -> str:
        return f"Copy of {self.evidence_id} of {self.taken_at:%Y-%m-%d %H:%M}"


class Snapshot(models.Model):
    """The attempt to have the Wayback Machine keep the same page."""

    capture = models.OneToOneField(
        Capture, on_delete=models.PROTECT, related_name="snapshot"
    )
    address = models.CharField(max_length=2200, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    tried_at = models.DateTimeField(null=True)
    failure = models.TextField(blank=True)

    def __str__(self) -> str:
        return self.address or f"No snapshot after {self.attempts} attempts"
