from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.urls import reverse

FORMS = {"csv": "CSV", "jsonl": "JSON Lines", "parquet": "Parquet"}


class Release(models.Model):
    """One numbered release of the data, for good: the database refuses any change.

    Pinned to the head of the history (``seq``, ``digest``) and to a moment; what it
    was made for (site, method, programs) is kept, so that it can be made again byte
    by byte. ``sums`` is the SHA-256 of its file SHA256SUMS, and so stands for it all.
    """

    number = models.PositiveIntegerField(primary_key=True)
    previous = models.OneToOneField(
        "self", on_delete=models.PROTECT, null=True, related_name="next"
    )
    made_at = models.DateTimeField()
    seq = models.BigIntegerField(help_text="The last entry of the history in it.")
    digest = models.CharField(max_length=64, help_text="That entry's digest.")
    sums = models.CharField(max_length=64)
    folder = models.CharField(
        max_length=40, unique=True, help_text="Where its files lie in the storage."
    )
    format = models.PositiveSmallIntegerField()
    method_version = models.CharField(max_length=20)
    site_name = models.CharField(max_length=200)
    site_url = models.CharField(max_length=500)
    made_with = models.JSONField(default=dict)
    changes = models.JSONField(
        default=dict, help_text="Rows added, changed and removed, by table."
    )

    class Meta:
        ordering = ["-number"]
        constraints = [
            # Numbers have no gaps: each follows the one before it.
            models.CheckConstraint(
                name="release_follows_the_one_before",
                condition=Q(number=1, previous=None)
                | Q(previous__isnull=False, previous=F("number") - 1),
            )
        ]

    def __str__(self) -> str:
        return f"Release {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("release", args=[self.number])

    @property
    def address(self) -> str:
        """Where it was first published."""
        return f"{self.site_url}/data/releases/{self.number}/"

    @property
    def citation(self) -> str:
        return (
            f"{self.site_name}, data release {self.number} of {self.made_at:%Y-%m-%d}, "
            f"history to entry {self.seq}, digest {self.digest}. CC BY 4.0. "
            f"{self.address}"
        )


class ReleaseFile(models.Model):
    """One file of a release; its bytes lie in the ``releases`` storage."""

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="files")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    media_type = models.CharField(max_length=100)
    size = models.BigIntegerField()
    sha256 = models.CharField(max_length=64)
    rows = models.PositiveIntegerField(null=True)

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(
                fields=["release", "name"], name="release_file_once_per_name"
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def form(self) -> str:
        """The form it is in, as people call it."""
        return FORMS[self.name.rpartition(".")[2]]

    def get_absolute_url(self) -> str:
        return reverse("release-file", args=[self.release_id, self.name])


class ReleasedFact(models.Model):
    """A described row as a release first found it: what the history does not keep.

    Kept where it differs from the release before; ``line`` is the row as JSON, empty
    where it was gone. All up to a release, in turn, give the rows of that release.
    """

    release = models.ForeignKey(Release, on_delete=models.PROTECT, related_name="facts")
    name = models.CharField(max_length=40, help_text="Of its table.")
    place = models.TextField(help_text="What the rows of a table are sorted by.")
    line = models.TextField(blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["release", "name", "place"], name="released_fact_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.place} in release {self.release_id}"


class ReleaseOrder(models.Model):
    """Somebody at the desk wants a release now: the worker makes it and says what came.

    At most one is open at a time.
    """

    ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    ordered_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=300, help_text="Empty while it is open.")

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["outcome"],
                condition=Q(outcome=""),
                name="release_order_open_once",
            ),
            models.CheckConstraint(
                name="release_order_done_has_an_outcome",
                condition=Q(outcome="", done_at=None)
                | (~Q(outcome="") & Q(done_at__isnull=False)),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ordered_at:%Y-%m-%d %H:%M}: {self.outcome or 'waits'}"
