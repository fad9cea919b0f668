from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import Case, F, Func, Min, Q, Value, When
from django.db.models.functions import Coalesce, TruncDate
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from commitments.statuses import FURTHEST_FIRST, Precision, Status
from commitments.validation import check_text
from commitments.verdicts import LOST, SILENT, SILENT_FOR, Verdict

from .state import FOREVER, LONG_AGO, StateFields, StateQuestions

WORDING = ("title", "title_zh", "statement", "reading")


# The orders of the list. What has no date comes last; what was never reviewed has waited
# longest.
ORDERS: dict[str, list[Any]] = {
    "by_ref": [],
    "by_step": [
        Case(
            *(When(status=s, then=Value(i)) for i, s in enumerate(FURTHEST_FIRST)),
            default=Value(len(FURTHEST_FIRST)),
            output_field=models.IntegerField(),
        )
    ],
    "by_due": [Coalesce("due_on", Value(FOREVER))],
    "by_review": [Coalesce("reviewed_on", Value(LONG_AGO))],
    "by_event": [Coalesce("last_material_on", Value(LONG_AGO)).desc()],
    # Of one status, by reference.
    "by_status": [F("status")],
}
# What the list is narrowed, ordered and counted by. All of it is in the index of each
# order, so that rows which a filter leaves out are passed over without being read.
NARROWED_BY = [
    *("status", "official_position", "kind", "pillar", "trackable", "signed_off"),
    *("due_on", "status_since", "reviewed_on", "review_due_on", "stale_after"),
    "last_material_on",
]


VERDICT_SINCE = F("evidence__link__verdict_since")


class CommitmentQuerySet(StateQuestions):
    """The questions this project asks about commitments, by name."""

    def drafts(self) -> CommitmentQuerySet:
        return self.filter(standing="")

    def to_be_watched(self) -> CommitmentQuerySet:
        """Those the nightly scan looks at."""
        return self.standing_now().filter(trackable=True)

    def due_within(self, days: int, *, on: date) -> CommitmentQuerySet:
        """Undelivered and promised for one of the next days."""
        return self.undelivered().filter(
            due_on__gte=on, due_on__lte=on + timedelta(days=days)
        )

    def with_broken_evidence(self, *, on: date) -> CommitmentQuerySet:
        """With a document that is lost, or silent for a week with no copy kept."""
        lost = Q(evidence__link__verdict__in=LOST)
        silent = Q(
            evidence__link__verdict__in=SILENT,
            evidence__link__latest=None,
            evidence__link__verdict_since__lte=on - SILENT_FOR,
        )
        return self._since("broken_since", lost | silent, VERDICT_SINCE)

    def with_suggestions(self) -> CommitmentQuerySet:
        """Those that a waiting suggestion is most likely about."""
        waiting = Q(
            suggestion_matches__is_best=True,
            suggestion_matches__suggestion__state="open",
        )
        found_on = TruncDate("suggestion_matches__suggestion__found_at")
        return self._since("suggested_since", waiting, found_on)

    def with_changed_evidence(self) -> CommitmentQuerySet:
        """With a document whose text or address is no longer what was cited."""
        changed = Q(evidence__link__verdict__in=[Verdict.CHANGED, Verdict.MOVED])
        return self._since("changed_since", changed, VERDICT_SINCE)

    def _since(self, name: str, holds: Q, day: F | Func) -> CommitmentQuerySet:
        """Those for which it holds, each with the first day it did as ``name``.

        They are sought from the few rows it holds for; the day is looked for in them
        alone, not in all there is.
        """
        those = Commitment.objects.filter(holds).order_by().values("pk")
        return self.filter(pk__in=those).annotate(**{name: Min(day, filter=holds)})


class Commitment(StateFields):
    """One promise that can be met on its own.

    ``slug`` and ``ref`` are permanent. Once published, its wording and dates
    change by history entries alone; the values of ``StateFields`` always do.
    """

    class Kind(models.TextChoices):
        ACCESSION = "accession", _("Accession")
        TRADE_AGREEMENT = "trade_agreement", _("Trade agreement")
        TARIFF = "tariff", _("Tariff")
        RULE = "rule", pgettext_lazy("kind of commitment", "Rule")
        MARKET_ACCESS = "market_access", _("Market access")
        ZONE = "zone", pgettext_lazy("kind of commitment", "Zone")
        PROGRAMME = "programme", pgettext_lazy("kind of commitment", "Programme")
        INSTITUTION = "institution", _("Institution")
        PARTICIPATION = "participation", _("Participation")
        CAMPAIGN = "campaign", pgettext_lazy("kind of commitment", "Campaign")

    class Specificity(models.TextChoices):
        SPECIFIC = "specific", _("Specific")
        PARTLY = "partly", _("Partly specific")
        ASPIRATIONAL = "aspirational", _("Aspirational")

    slug = models.SlugField(max_length=80, unique=True)
    ref = models.CharField(max_length=12, unique=True, help_text="1.14")
    ref_order = models.PositiveIntegerField(
        editable=False, default=0, db_index=True, help_text="Sorts 1.2 before 1.10."
    )
    pillar = models.ForeignKey(
        "Pillar", on_delete=models.PROTECT, related_name="commitments"
    )
    title = models.CharField(max_length=120, validators=[check_text])
    title_zh = models.CharField(max_length=200, blank=True, validators=[check_text])
    statement = models.TextField(
        help_text="What was promised, in our own words.", validators=[check_text]
    )
    reading = models.TextField(
        help_text="How the tracker reads it, and what is unclear.",
        validators=[check_text],
    )
    kind = models.CharField(max_length=16, choices=Kind)
    specificity = models.CharField(max_length=12, choices=Specificity)
    trackable = models.BooleanField(default=True)
    untrackable_reason = models.TextField(blank=True, validators=[check_text])
    clause = models.CharField(
        max_length=4,
        blank=True,
        help_text="Tells commitments read from the same sentence apart.",
    )
    stated_on = models.DateField(help_text="The day the commitment was made.")
    passages = models.ManyToManyField("Passage", related_name="commitments")
    bodies = models.ManyToManyField(
        "Body", through="Responsibility", related_name="commitments"
    )
    partners = models.ManyToManyField("Partner", related_name="commitments", blank=True)
    topics = models.ManyToManyField("Topic", related_name="commitments", blank=True)
    original_due_on = models.DateField(null=True, blank=True)
    original_due_precision = models.CharField(
        max_length=12, choices=Precision, blank=True
    )
    due_basis = models.TextField(
        blank=True,
        help_text="What the date rests on, in one line.",
        validators=[check_text],
    )
    review_interval = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        help_text="Days between reviews, where the rules of the method do not fit.",
    )
    latest_entry = models.ForeignKey(
        "HistoryEntry",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        editable=False,
    )

    objects = CommitmentQuerySet.as_manager()

    class Meta:
        ordering = ["ref_order"]
        constraints = [
            models.CheckConstraint(
                name="commitment_status_is_known",
                condition=Q(status__in=["", *Status.values]),
            ),
            models.CheckConstraint(
                name="commitment_untrackable_says_why",
                condition=Q(trackable=True) | ~Q(untrackable_reason=""),
                violation_error_message="Say why it cannot be tracked.",
            ),
            models.CheckConstraint(
                name="commitment_untrackable_has_no_status",
                condition=Q(trackable=True) | Q(status=""),
            ),
            models.CheckConstraint(
                name="commitment_is_due_after_it_is_stated",
                condition=Q(original_due_on=None)
                | Q(original_due_on__gte=F("stated_on")),
                violation_error_message="A promise cannot be due before it is made.",
            ),
            models.CheckConstraint(
                name="commitment_merged_names_its_successor",
                condition=Q(standing="merged", merged_into__isnull=False)
                | (~Q(standing="merged") & Q(merged_into=None)),
            ),
            models.CheckConstraint(
                name="commitment_review_interval_is_positive",
                condition=Q(review_interval=None) | Q(review_interval__gt=0),
            ),
        ]
        indexes = [
            # The scan asks for what has come due since the one before.
            models.Index(fields=["review_due_on"], name="commitment_review_due"),
            models.Index(fields=["stale_after"], name="commitment_stale"),
            models.Index(fields=["due_on"], name="commitment_due"),
            models.Index(fields=["last_material_on"], name="commitment_material"),
            # The list of what is true today.
            *(
                models.Index(
                    F("standing"),
                    *by,
                    F("ref_order"),
                    F("id"),
                    *(F(field) for field in NARROWED_BY if F(field) not in by),
                    name=f"commitment_{name}",
                )
                for name, by in ORDERS.items()
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    def save(self, *args, **kwargs):
        self.place()
        super().save(*args, **kwargs)

    def place(self) -> None:
        """Derive the place in lists from ``ref``; bulk writes call it themselves."""
        pillar, _, running = self.ref.partition(".")
        if pillar.isascii() and pillar.isdigit() and running.isdigit():
            self.ref_order = int(pillar) * 10_000 + int(running)

    def get_absolute_url(self) -> str:
        return reverse("commitment", args=[self.slug])

    @property
    def own_interval(self) -> timedelta | None:
        return timedelta(self.review_interval) if self.review_interval else None


class Responsibility(models.Model):
    """A body that answers for a commitment; the lead comes first."""

    commitment = models.ForeignKey(
        Commitment, on_delete=models.CASCADE, related_name="responsibilities"
    )
    body = models.ForeignKey(
        "Body", on_delete=models.PROTECT, related_name="responsibilities"
    )
    position = models.PositiveSmallIntegerField(default=1)

    class Meta:
        ordering = ["commitment", "position"]
        verbose_name_plural = "responsibilities"
        constraints = [
            models.UniqueConstraint(
                fields=["commitment", "body"], name="responsibility_once_per_body"
            )
        ]

    def __str__(self) -> str:
        return str(self.body)


class Criterion(models.Model):
    """One observable part of the test of delivery."""

    commitment = models.ForeignKey(
        Commitment, on_delete=models.PROTECT, related_name="criteria"
    )
    key = models.CharField(max_length=4)
    text = models.TextField(validators=[check_text])
    indicator = models.ForeignKey(
        "Indicator",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="criteria",
    )
    at_least = models.DecimalField(
        max_digits=18, decimal_places=4, null=True, blank=True
    )
    at_most = models.DecimalField(
        max_digits=18, decimal_places=4, null=True, blank=True
    )

    class Meta:
        ordering = ["commitment", "key"]
        verbose_name_plural = "criteria"
        constraints = [
            models.UniqueConstraint(
                fields=["commitment", "key"], name="criterion_key_once"
            ),
            models.CheckConstraint(
                name="criterion_threshold_has_an_indicator",
                condition=Q(indicator__isnull=False) | Q(at_least=None, at_most=None),
                violation_error_message="A threshold needs an indicator.",
            ),
        ]

    def __str__(self) -> str:
        return f"({self.key}) {self.text}"


class Milestone(models.Model):
    """A dated step on the way; whether it is met follows from the history."""

    commitment = models.ForeignKey(
        Commitment, on_delete=models.PROTECT, related_name="milestones"
    )
    key = models.SlugField(max_length=60)
    title = models.CharField(max_length=200, validators=[check_text])
    position = models.PositiveSmallIntegerField(default=1)
    due_on = models.DateField(null=True, blank=True)
    due_precision = models.CharField(max_length=12, choices=Precision, blank=True)

    class Meta:
        ordering = ["commitment", "position"]
        constraints = [
            models.UniqueConstraint(
                fields=["commitment", "key"], name="milestone_key_once"
            )
        ]

    def __str__(self) -> str:
        return self.title
