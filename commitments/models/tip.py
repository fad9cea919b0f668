"""What a reader says is wrong or missing, and what the desk answered."""

from __future__ import annotations

import secrets
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from commitments.validation import check_url

# Without letters and digits that are taken for each other.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # pragma: allowlist secret
LONGEST_MESSAGE = 4000


def new_reference() -> str:
    """Return a reference that nobody guesses: 78 bits, in groups to be read aloud."""
    drawn = "".join(secrets.choice(ALPHABET) for _ in range(16))
    return "-".join(drawn[at : at + 4] for at in range(0, 16, 4))


class TipQuerySet(models.QuerySet["Tip"]):
    def undecided(self) -> TipQuerySet:
        """Those that still want an answer."""
        return self.filter(decided_at=None)

    def waiting(self) -> TipQuerySet:
        """Those for which nobody has drafted an answer yet."""
        return self.undecided().filter(verdict="")

    def drafted(self) -> TipQuerySet:
        """Those whose drafted answer a reviewer decides on."""
        return self.undecided().exclude(verdict="")

    def claimed_by(self, user: Any, *, at: datetime) -> TipQuerySet:
        return self.undecided().filter(claimed_by=user, claimed_until__gt=at)

    def answered(self) -> TipQuerySet:
        """Those on which a person decided."""
        return self.filter(decided_at__isnull=False).exclude(verdict=Tip.Verdict.LAPSED)

    def to_be_mailed(self) -> TipQuerySet:
        """Those decided on, whose sender left an address and got no mail yet."""
        return (
            self.answered()
            .filter(mailed_at=None)
            .exclude(email="")
            .order_by("decided_at", "pk")
        )

    def with_results(self) -> TipQuerySet:
        """With all that ``results`` reads, in the same query."""
        return self.select_related(
            "commitment",
            "duplicate_of",
            "entry__commitment",
            "proposal__entry__commitment",
            "evidence",
            "suggestion__evidence",
        )


class Tip(models.Model):
    """A reader's word that something is wrong or missing.

    What the reader wrote (``PERSONAL``) is for the desk alone and is emptied after
    90 days; the row, its verdict and the desk's public ``answer`` stay. A verdict
    without ``decided_at`` is a draft that no reader sees.
    """

    class Verdict(models.TextChoices):
        ACCEPTED = "accepted", "Accepted"
        DECLINED = "declined", "Declined"
        DUPLICATE = "duplicate", "Duplicate of another"
        LAPSED = "lapsed", "Not answered in time"

    # What an analyst drafts and a reviewer decides.
    CHOICES = (Verdict.ACCEPTED, Verdict.DECLINED, Verdict.DUPLICATE)
    PERSONAL = ("message", "source_url", "email", "page")

    reference = models.CharField(
        max_length=19, unique=True, editable=False, default=new_reference
    )
    fingerprint = models.CharField(
        max_length=64, unique=True, help_text="The same form sent twice is one tip."
    )
    commitment = models.ForeignKey(
        "Commitment", on_delete=models.PROTECT, null=True, related_name="tips"
    )
    message = models.TextField(blank=True)
    source_url = models.URLField(max_length=2000, blank=True, validators=[check_url])
    email = models.EmailField(blank=True)
    page = models.CharField(max_length=500, blank=True)
    language = models.CharField(max_length=10, default="en")
    received_at = models.DateTimeField()
    claimed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    claimed_until = models.DateTimeField(null=True)
    verdict = models.CharField(max_length=9, choices=Verdict, blank=True)
    answer = models.TextField(blank=True, help_text="Readers see it once decided.")
    duplicate_of = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="duplicates"
    )
    decided_at = models.DateTimeField(null=True)
    decided_by = models.CharField(max_length=60, blank=True)
    # What came of it. A proposal has its entry, a suggestion its evidence.
    entry = models.ForeignKey(
        "HistoryEntry", on_delete=models.PROTECT, null=True, related_name="+"
    )
    proposal = models.ForeignKey(
        "Proposal", on_delete=models.PROTECT, null=True, related_name="tips"
    )
    evidence = models.ForeignKey(
        "Evidence", on_delete=models.SET_NULL, null=True, related_name="+"
    )
    suggestion = models.ForeignKey(
        "Suggestion", on_delete=models.SET_NULL, null=True, related_name="tips"
    )
    mailed_at = models.DateTimeField(null=True)
    erased_at = models.DateTimeField(null=True)

    objects = TipQuerySet.as_manager()

    class Meta:
        ordering = ["received_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="tip_decided_says_what_and_by_whom",
                condition=Q(decided_at=None, decided_by="")
                | (Q(decided_at__isnull=False) & ~Q(decided_by="") & ~Q(verdict="")),
            ),
            models.CheckConstraint(
                name="tip_decided_after_it_came",
                condition=Q(decided_at=None) | Q(decided_at__gte=F("received_at")),
            ),
            models.CheckConstraint(
                name="tip_answer_says_why",
                condition=~Q(verdict__in=["accepted", "declined"]) | ~Q(answer=""),
            ),
            models.CheckConstraint(
                name="tip_duplicate_names_another",
                condition=(Q(verdict="duplicate") & Q(duplicate_of__isnull=False))
                | (~Q(verdict="duplicate") & Q(duplicate_of=None)),
            ),
            models.CheckConstraint(
                name="tip_is_not_its_own_duplicate",
                condition=Q(duplicate_of=None) | ~Q(duplicate_of=F("pk")),
            ),
            models.CheckConstraint(
                name="tip_erased_keeps_nothing",
                condition=Q(erased_at=None)
                | Q(message="", source_url="", email="", page=""),
            ),
            models.CheckConstraint(
                name="tip_verdict_is_known",
                condition=Q(
                    verdict__in=["", "accepted", "declined", "duplicate", "lapsed"]
                ),
            ),
        ]
        indexes = [
            # Answers undecided(), which the desk asks on its first page.
            models.Index(
                fields=["received_at"],
                name="tip_undecided",
                condition=Q(decided_at=None),
            ),
            # Answers the deletion after 90 days.
            models.Index(
                fields=["received_at"],
                name="tip_not_erased",
                condition=Q(erased_at=None),
            ),
        ]

    def __str__(self) -> str:
        return f"Tip {self.pk}"

    @property
    def state(self) -> str:
        """Where it stands, in words of the desk."""
        if self.decided_at is not None:
            return self.get_verdict_display()
        return "Answer drafted" if self.verdict else "Waits for an answer"

    @property
    def made_entry(self) -> Any:
        """The history entry that came of it, or None."""
        return self.entry or (self.proposal.entry if self.proposal else None)

    @property
    def made_evidence(self) -> Any:
        """The document that came of it, or None."""
        return self.evidence or (self.suggestion.evidence if self.suggestion else None)


class TipStep(models.Model):
    """One thing that was done with a tip: kept for good, without the sender's words."""

    class Action(models.TextChoices):
        RECEIVED = "received", "Received"
        CLAIMED = "claimed", "Claimed"
        RELEASED = "released", "Given back"
        DRAFTED = "drafted", "Answer drafted"
        DECIDED = "decided", "Decided"
        LED_TO = "led_to", "Led to"
        MAILED = "mailed", "Answer mailed"
        ERASED = "erased", "What the sender wrote deleted"

    tip = models.ForeignKey(Tip, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveIntegerField()
    action = models.CharField(max_length=8, choices=Action)
    actor = models.CharField(max_length=60)
    at = models.DateTimeField()
    verdict = models.CharField(max_length=9, choices=Tip.Verdict, blank=True)
    comment = models.TextField(blank=True)

    class Meta:
        ordering = ["tip", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["tip", "number"], name="tip_step_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} (step {self.number})"
