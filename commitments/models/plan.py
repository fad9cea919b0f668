from django.db import models
from django.db.models import F, Q


class Plan(models.Model):
    """The plan whose commitments are tracked, and how far its record reaches."""

    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)
    title_zh = models.CharField(max_length=200, blank=True)
    summary = models.TextField(blank=True)
    starts_on = models.DateField()
    ends_on = models.DateField()
    coded_on = models.DateField(help_text="The day the founding history was coded.")
    evidence_to = models.DateField(
        help_text="The day up to which evidence was looked at for that history."
    )

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="plan_ends_after_it_starts",
                condition=Q(ends_on__gt=F("starts_on")),
            )
        ]

    def __str__(self) -> str:
        return self.title


class Pillar(models.Model):
    """One of the aspects the commitments are grouped under."""

    plan = models.ForeignKey(Plan, on_delete=models.PROTECT, related_name="pillars")
    number = models.PositiveSmallIntegerField(unique=True)
    slug = models.SlugField(unique=True)
    title = models.CharField(max_length=200)
    title_zh = models.CharField(max_length=200, blank=True)
    summary = models.TextField(blank=True)

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"
