from __future__ import annotations

from datetime import datetime

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q

from commitments.validation import check_text, check_url


class WatchedSourceQuerySet(models.QuerySet["WatchedSource"]):
    def due(self, *, at: datetime) -> WatchedSourceQuerySet:
        return self.filter(Q(next_at=None) | Q(next_at__lte=at), enabled=True)


class WatchedSource(models.Model):
    """A feed or a list of documents that is looked at for new ones."""

    class Kind(models.TextChoices):
        FEED = "feed", "Feed (RSS, Atom)"
        LIST = "list", "List page"

    name = models.CharField(max_length=200, validators=[check_text])
    url = models.URLField(max_length=2000, unique=True, validators=[check_url])
    kind = models.CharField(max_length=4, choices=Kind)
    body = models.ForeignKey(
        "Body",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="watched_sources",
        help_text="Who publishes it, where that is a body of the record.",
    )
    official = models.BooleanField(
        default=False, help_text="The body's own outlet: its documents are official."
    )
    every_hours = models.PositiveSmallIntegerField(
        default=24,
        validators=[MinValueValidator(1), MaxValueValidator(24 * 30)],
        help_text="How often it is looked at.",
    )
    enabled = models.BooleanField(default=False)
    host = models.ForeignKey(
        "Host", on_delete=models.PROTECT, null=True, editable=False, related_name="+"
    )
    next_at = models.DateTimeField(null=True, editable=False)
    polled_at = models.DateTimeField(null=True, editable=False)
    outcome = models.CharField(max_length=300, blank=True, editable=False)
    etag = models.CharField(max_length=300, blank=True, editable=False)
    last_modified = models.CharField(max_length=100, blank=True, editable=False)

    objects = WatchedSourceQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Sighting(models.Model):
    """A document that a watched source has listed: suggested once, or never."""

    source = models.ForeignKey(
        WatchedSource, on_delete=models.CASCADE, related_name="sightings"
    )
    page_key = models.CharField(max_length=2000)
    seen_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "page_key"], name="sighting_once_per_source"
            )
        ]

    def __str__(self) -> str:
        return self.page_key
