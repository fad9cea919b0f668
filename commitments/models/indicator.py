from django.db import models
from django.utils.translation import gettext_lazy as _

from commitments.statuses import Precision


class Indicator(models.Model):
    """A figure that commitments can be read against."""

    class Direction(models.TextChoices):
        UP = "up", _("More is further")
        DOWN = "down", _("Less is further")
        NONE = "none", _("No direction")

    class Comparator(models.TextChoices):
        EXACTLY = "exactly", _("exactly")
        MORE_THAN = "more_than", _("more than")
        ABOUT = "about", _("about")
        AT_LEAST = "at_least", _("at least")

    slug = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=200)
    name_zh = models.CharField(max_length=200, blank=True)
    unit = models.CharField(max_length=60)
    direction = models.CharField(max_length=4, choices=Direction)
    comparator = models.CharField(max_length=10, choices=Comparator)
    baseline = models.DecimalField(max_digits=18, decimal_places=4)
    baseline_on = models.DateField()
    baseline_precision = models.CharField(max_length=12, choices=Precision)
    baseline_passage = models.ForeignKey(
        "Passage", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    target = models.DecimalField(max_digits=18, decimal_places=4, null=True, blank=True)
    target_on = models.DateField(null=True, blank=True)
    note = models.TextField(blank=True)
    commitments = models.ManyToManyField(
        "Commitment", related_name="indicators", blank=True
    )

    class Meta:
        ordering = ["slug"]

    def __str__(self) -> str:
        return self.name


class Observation(models.Model):
    """One dated value of an indicator, with the evidence for it."""

    indicator = models.ForeignKey(
        Indicator, on_delete=models.PROTECT, related_name="observations"
    )
    observed_on = models.DateField()
    precision = models.CharField(max_length=12, choices=Precision)
    value = models.DecimalField(max_digits=18, decimal_places=4)
    evidence = models.ForeignKey(
        "Evidence",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="observations",
    )
    note = models.TextField(blank=True)

    class Meta:
        ordering = ["indicator", "observed_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["indicator", "observed_on", "evidence"],
                name="observation_once_per_day_and_evidence",
            ),
            models.UniqueConstraint(
                fields=["indicator", "observed_on"],
                condition=models.Q(evidence=None),
                name="observation_once_per_day_without_evidence",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.value} on {self.observed_on}"
