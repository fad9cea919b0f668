from __future__ import annotations

from django.db import models
from django.db.models import Case, Exists, OuterRef, Q, Value, When
from django.utils.text import slugify

from commitments.statuses import (
    LEGAL,
    OFFICIAL_PAPERS,
    Confidence,
    EvidenceType,
    Nature,
    Precision,
)
from commitments.validation import check_text, check_url, same_page


class PageKeyField(models.CharField):
    """The key of the page that ``url`` leads to, kept by every way of saving."""

    def pre_save(self, model_instance: models.Model, add: bool) -> str:
        key = same_page(model_instance.url)  # type: ignore[attr-defined]
        setattr(model_instance, self.attname, key)
        return key


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def public(self) -> EvidenceQuerySet:
        """What a published commitment cites, or is tied to."""
        # Looked up for each: a join gives a document once per commitment, and one page
        # of them would have all sorted to tell which are the same.
        ties = Evidence.commitments.through.objects.filter(evidence=OuterRef("pk"))
        return self.filter(Exists(ties.filter(commitment__standing__gt="")))

    def at_address(self, url: str) -> EvidenceQuerySet:
        """The document at an address, however that is written."""
        return self.filter(page_key=same_page(url))

    def free_slug(self, title: str) -> str:
        """Return a slug for a new document that no other has."""
        stem = slugify(title)[:90].strip("-") or "document"
        found = self.filter(slug__startswith=stem).values_list("slug", flat=True)
        taken, slug, number = set(found), stem, 2
        while slug in taken:
            slug, number = f"{stem}-{number}", number + 1
        return slug


class Evidence(models.Model):
    """A published document at one address, used by any number of commitments."""

    slug = models.SlugField(max_length=100, unique=True)
    title = models.CharField(max_length=300, validators=[check_text])
    title_original = models.CharField(
        max_length=300, blank=True, validators=[check_text]
    )
    publisher = models.CharField(max_length=200, validators=[check_text])
    url = models.URLField(max_length=2000, unique=True, validators=[check_url])
    page_key = PageKeyField(max_length=2000, unique=True, editable=False)
    published_on = models.DateField(null=True, blank=True)
    occurred_on = models.DateField(help_text="When what it shows happened.")
    precision = models.CharField(
        max_length=12, choices=Precision, default=Precision.DAY
    )
    language = models.CharField(max_length=8, default="en")
    type = models.CharField(max_length=12, choices=EvidenceType)
    nature = models.CharField(max_length=12, choices=Nature)
    official = models.BooleanField(
        default=False,
        help_text="Issued by the responsible body or its official outlet.",
    )
    reliability = models.CharField(max_length=6, choices=Confidence)
    summary = models.TextField(
        help_text="What it shows, in our own words.", validators=[check_text]
    )
    # The same rule as statuses.grade(), kept by the database so that it can be
    # filtered and never drifts.
    grade = models.GeneratedField(
        expression=Case(
            When(
                Q(type__in=[*LEGAL]) | Q(type__in=[*OFFICIAL_PAPERS], official=True),
                then=Value("A"),
            ),
            When(official=True, then=Value("B")),
            When(reliability="low", then=Value("D")),
            default=Value("C"),
        ),
        output_field=models.CharField(max_length=1),
        db_persist=True,
    )
    unreadable_since = models.DateField(
        null=True,
        blank=True,
        help_text="Since when nobody could open it, with no kept copy.",
    )
    commitments = models.ManyToManyField(
        "Commitment", related_name="evidence", blank=True
    )

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        ordering = ["-occurred_on", "-pk"]
        verbose_name_plural = "evidence"
        constraints = [
            models.CheckConstraint(
                name="evidence_type_is_known",
                condition=Q(type__in=EvidenceType.values),
            ),
            models.CheckConstraint(
                name="evidence_nature_is_known",
                condition=Q(nature__in=Nature.values),
            ),
        ]

    def __str__(self) -> str:
        return self.title
