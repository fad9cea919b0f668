from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from commitments.verdicts import LOST, Verdict


class HostQuerySet(models.QuerySet["Host"]):
    def free(self, *, at: datetime) -> HostQuerySet:
        """Those that may be asked now."""
        return self.filter(
            Q(leased_until=None) | Q(leased_until__lt=at), next_at__lte=at
        )


class Host(models.Model):
    """A machine that is asked, one request at a time and with a pause."""

    name = models.CharField(max_length=255, unique=True)
    next_at = models.DateTimeField(help_text="Not asked before.")
    leased_until = models.DateTimeField(null=True)
    holder = models.CharField(max_length=32, blank=True, db_index=True)
    robots = models.TextField(blank=True)
    robots_at = models.DateTimeField(null=True)

    objects = HostQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["next_at"], name="host_next")]

    def __str__(self) -> str:
        return self.name


class LinkQuerySet(models.QuerySet["Link"]):
    def due(self, *, at: datetime) -> LinkQuerySet:
        return self.filter(due_at__lte=at)


class Link(models.Model):
    """Where a piece of evidence stands on the web, and when it is looked at again.

    What is here follows from its checks; ``baseline`` is the copy that changes are
    held against, ``latest`` the newest one.
    """

    evidence = models.OneToOneField(
        "Evidence", on_delete=models.PROTECT, related_name="link"
    )
    host = models.ForeignKey(Host, on_delete=models.PROTECT, related_name="links")
    url = models.CharField(max_length=2000)
    verdict = models.CharField(max_length=11, choices=Verdict, blank=True)
    verdict_since = models.DateField(null=True)
    detail = models.CharField(max_length=300, blank=True)
    moved_to = models.CharField(max_length=2000, blank=True)
    checked_at = models.DateTimeField(null=True)
    due_at = models.DateTimeField()
    etag = models.CharField(max_length=300, blank=True)
    last_modified = models.CharField(max_length=100, blank=True)
    sha256 = models.CharField(max_length=64, blank=True)
    misses = models.PositiveSmallIntegerField(default=0)
    missed_at = models.DateTimeField(null=True)
    baseline = models.ForeignKey(
        "Capture", on_delete=models.PROTECT, null=True, related_name="+"
    )
    latest = models.ForeignKey(
        "Capture", on_delete=models.PROTECT, null=True, related_name="+"
    )

    objects = LinkQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["host", "due_at"], name="link_due_at_host"),
            models.Index(fields=["due_at"], name="link_due"),
            models.Index(fields=["verdict"], name="link_verdict"),
        ]
        constraints = [
            models.CheckConstraint(
                name="link_verdict_is_known",
                condition=Q(verdict__in=["", *Verdict.values]),
            )
        ]

    def __str__(self) -> str:
        return f"{self.url}: {self.get_verdict_display() or 'not checked yet'}"

    @property
    def is_lost(self) -> bool:
        """Whether the original cannot be read any more."""
        return self.verdict in LOST


class LinkCheck(models.Model):
    """One look at a link: append-only."""

    evidence = models.ForeignKey(
        "Evidence", on_delete=models.PROTECT, related_name="link_checks"
    )
    url = models.CharField(max_length=2000)
    checked_at = models.DateTimeField()
    verdict = models.CharField(max_length=11, choices=Verdict)
    status = models.PositiveSmallIntegerField(null=True)
    detail = models.CharField(max_length=300, blank=True)
    final_url = models.CharField(max_length=2000, blank=True)
    milliseconds = models.PositiveIntegerField()
    capture = models.ForeignKey(
        "Capture", on_delete=models.PROTECT, null=True, related_name="checks"
    )

    class Meta:
        ordering = ["-checked_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="link_check_verdict_is_known",
                condition=Q(verdict__in=Verdict.values),
            )
        ]
        indexes = [
            models.Index(fields=["evidence", "-checked_at"], name="check_of_evidence")
        ]

    def __str__(self) -> str:
        return f"{self.checked_at:%Y-%m-%d %H:%M} {self.verdict}"
