from __future__ import annotations

from django.db import models
from django.db.models import Q

from commitments.validation import check_url

from .evidence import PageKeyField


class SuggestionQuerySet(models.QuerySet["Suggestion"]):
    def waiting(self) -> SuggestionQuerySet:
        """Those that an analyst decides on."""
        return self.filter(state=Suggestion.State.OPEN)


class Suggestion(models.Model):
    """A document that may be evidence, until an analyst says whether it is.

    Internal: no reader sees it before it is evidence.
    """

    class State(models.TextChoices):
        READING = "reading", "Being read"
        OPEN = "open", "Waits for an analyst"
        UNLIKELY = "unlikely", "Matches no commitment"
        ATTACHED = "attached", "Attached"
        DISMISSED = "dismissed", "Dismissed"
        DUPLICATE = "duplicate", "The same text as another"

    url = models.URLField(max_length=2000, validators=[check_url])
    page_key = PageKeyField(max_length=2000, unique=True, editable=False)
    source = models.ForeignKey(
        "WatchedSource", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    suggested_by = models.CharField(max_length=60, help_text="Who found it, as a key.")
    state = models.CharField(
        max_length=9, choices=State, default=State.READING, db_index=True
    )
    host = models.ForeignKey("Host", on_delete=models.PROTECT, related_name="+")
    title = models.CharField(max_length=300, blank=True)
    published_on = models.DateField(null=True)
    language = models.CharField(max_length=8, blank=True)
    text = models.TextField(blank=True)
    text_sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    failure = models.CharField(max_length=300, blank=True)
    attempts = models.PositiveSmallIntegerField(default=0)
    found_at = models.DateTimeField()
    next_at = models.DateTimeField()
    score = models.FloatField(default=0)
    same_as = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, related_name="duplicates"
    )
    evidence = models.ForeignKey(
        "Evidence", on_delete=models.PROTECT, null=True, related_name="suggestions"
    )
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=60, blank=True)
    reason = models.TextField(blank=True)

    objects = SuggestionQuerySet.as_manager()

    class Meta:
        ordering = ["-score", "-found_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="suggestion_decided_says_by_whom",
                condition=~Q(state__in=["attached", "dismissed"])
                | (Q(decided_at__isnull=False) & ~Q(decided_by="")),
            ),
            models.CheckConstraint(
                name="suggestion_attached_names_the_evidence",
                condition=~Q(state="attached") | Q(evidence__isnull=False),
            ),
            models.CheckConstraint(
                name="suggestion_dismissed_says_why",
                condition=~Q(state="dismissed") | ~Q(reason=""),
            ),
        ]
        indexes = [models.Index(fields=["state", "-score"], name="suggestion_queue")]

    def __str__(self) -> str:
        return self.title or self.url


class SuggestionMatch(models.Model):
    """A commitment that a suggested document may be about, and why."""

    suggestion = models.ForeignKey(
        Suggestion, on_delete=models.CASCADE, related_name="matches"
    )
    commitment = models.ForeignKey(
        "Commitment", on_delete=models.CASCADE, related_name="suggestion_matches"
    )
    score = models.FloatField()
    is_best = models.BooleanField(help_text="It is flagged on this commitment.")
    words = models.JSONField(default=list)

    class Meta:
        ordering = ["-score", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["suggestion", "commitment"], name="match_once_per_commitment"
            )
        ]

    def __str__(self) -> str:
        return f"{self.suggestion_id} on {self.commitment_id}"
