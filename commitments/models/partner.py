from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Partner(models.Model):
    """Whom a commitment concerns outside the country."""

    class Kind(models.TextChoices):
        ECONOMY = "economy", _("Economy")
        REGION = "region", _("Region")
        ORGANISATION = "organisation", _("Organisation")
        AGREEMENT = "agreement", _("Agreement")
        GROUP = "group", pgettext_lazy("kind of partner", "Group")

    slug = models.SlugField(unique=True)
    name = models.CharField(max_length=200)
    name_zh = models.CharField(max_length=200, blank=True)
    kind = models.CharField(max_length=12, choices=Kind)
    iso2 = models.CharField(max_length=2, blank=True)
    members = models.JSONField(default=list, blank=True)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="partner_economy_has_a_country_code",
                condition=(models.Q(kind="economy") & ~models.Q(iso2=""))
                | (~models.Q(kind="economy") & models.Q(iso2="")),
                violation_error_message="An economy, and only an economy, has a "
                "two-letter country code.",
            )
        ]

    def __str__(self) -> str:
        return self.name
