from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Source(models.Model):
    """A document in which commitments were made."""

    slug = models.SlugField(max_length=80, unique=True)
    title = models.CharField(max_length=300)
    title_zh = models.CharField(max_length=300, blank=True)
    publisher = models.CharField(max_length=200, blank=True)
    speaker = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=40)
    delivered_on = models.DateField(null=True, blank=True)
    published_on = models.DateField(null=True, blank=True)
    language = models.CharField(max_length=8)
    url = models.URLField(max_length=1000, blank=True)
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.title


class Passage(models.Model):
    """One sentence of a source, as one line in our own words."""

    class Role(models.TextChoices):
        COMMITMENT = "commitment", _("Commitment")
        RESULT = "result", pgettext_lazy("role of a passage", "Result")
        CONTEXT = "context", pgettext_lazy("role of a passage", "Context")
        FRAMING = "framing", pgettext_lazy("role of a passage", "Framing")

    source = models.ForeignKey(
        Source, on_delete=models.PROTECT, related_name="passages"
    )
    ref = models.CharField(
        max_length=20, help_text="Section, paragraph and sentence: 4.3.10"
    )
    position = models.PositiveIntegerField(help_text="Place in the source, from 1.")
    role = models.CharField(max_length=12, choices=Role)
    summary = models.TextField()

    class Meta:
        ordering = ["source", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "ref"], name="passage_ref_once_per_source"
            ),
            models.CheckConstraint(
                name="passage_role_is_known",
                condition=models.Q(
                    role__in=["commitment", "result", "context", "framing"]
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.ref
