from django.db import models


class Body(models.Model):
    """An authority that is responsible for commitments or speaks of them."""

    class Kind(models.TextChoices):
        PARTY = "party", "Party"
        STATE_COUNCIL = "state_council", "State Council"
        MINISTRY = "ministry", "Ministry"
        AGENCY = "agency", "Agency"
        LOCAL_GOVERNMENT = "local_government", "Local government"
        COURT = "court", "Court"
        OTHER = "other", "Other"

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    name_zh = models.CharField(max_length=200, blank=True)
    short_name = models.CharField(max_length=60)
    kind = models.CharField(max_length=20, choices=Kind)

    class Meta:
        ordering = ["name"]
        verbose_name_plural = "bodies"

    def __str__(self) -> str:
        return self.name
