from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Body(models.Model):
    """An authority that is responsible for commitments or speaks of them."""

    class Kind(models.TextChoices):
        PARTY = "party", pgettext_lazy("kind of body", "Party")
        STATE_COUNCIL = "state_council", _("State Council")
        MINISTRY = "ministry", _("Ministry")
        AGENCY = "agency", _("Agency")
        LOCAL_GOVERNMENT = "local_government", _("Local government")
        COURT = "court", _("Court")
        OTHER = "other", _("Other")

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
