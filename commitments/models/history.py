from __future__ import annotations

from datetime import date

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from commitments.statuses import (
    Confidence,
    EntryKind,
    Position,
    Precision,
    SignOff,
    Status,
)

from .state import end_of


class HistoryEntryQuerySet(models.QuerySet["HistoryEntry"]):
    def public(self) -> HistoryEntryQuerySet:
        """What has happened to commitments that readers may see."""
        return self.exclude(commitment__standing="")

    def known(self, *, on: date, known_at: date | None = None) -> HistoryEntryQuerySet:
        """What had happened by day ``on``, and was recorded by the end of ``known_at``.

        None: whatever has been recorded since.
        """
        happened = self.filter(effective_on__lte=on)
        return happened.recorded_by(known_at) if known_at else happened

    def recorded_by(self, day: date) -> HistoryEntryQuerySet:
        """What had been recorded by the end of a day (UTC)."""
        return self.filter(recorded_at__lt=end_of(day))

    def last_seq(self) -> int:
        """The number of the last of these entries, or 0."""
        return self.aggregate(last=models.Max("seq"))["last"] or 0

    def whole(self) -> HistoryEntryQuerySet:
        """With all that a page or an answer shows of an entry."""
        return self.select_related(
            "commitment", "text", "body", "milestone", "refers_to", "merged_into"
        ).prefetch_related("citations__evidence__link")

    def under_key(self, actor: str, idempotency_key: str) -> HistoryEntryQuerySet:
        """What this author has recorded under a key: nothing, or one entry.

        The empty key is excluded in so many words, as in the condition of the unique
        index: SQLite uses that index only then.
        """
        return self.filter(actor=actor, idempotency_key=idempotency_key).exclude(
            idempotency_key=""
        )

    def chained(self) -> HistoryEntryQuerySet:
        """With all that enters the digest, in the order of the chain."""
        return self.whole().order_by("seq")


class HistoryEntry(models.Model):
    """One thing that happened to a commitment: append-only.

    ``effective_on`` is the day it became true in the world (the last day of its
    period where ``precision`` is coarser), ``recorded_at`` when it was written.
    ``seq`` numbers the whole record without gaps, in the order of commits; the
    digest chains each entry to the one before it (see ``commitments.chain``).
    Free text and names live in ``HistoryText``; only their salted hashes
    (``leaves``) enter the chain, so that they can be erased without breaking it.
    """

    # What an entry says beside day, reason and evidence, by the kind it acts as.
    OWN_COLUMNS: dict[str, tuple[str, ...]] = {
        EntryKind.STATUS: ("status", "criteria_met", "confidence", "looked_until"),
        EntryKind.REVIEW: ("confidence", "looked_until"),
        EntryKind.CLAIM: ("position", "body"),
        EntryKind.MILESTONE: ("milestone",),
        EntryKind.DEADLINE: ("due_on", "due_precision"),
    }

    seq = models.BigIntegerField(primary_key=True)
    commitment = models.ForeignKey(
        "Commitment", on_delete=models.PROTECT, related_name="history"
    )
    kind = models.CharField(max_length=12, choices=EntryKind)
    acts_as = models.CharField(
        max_length=12,
        choices=EntryKind,
        blank=True,
        help_text="The kind whose effect it has: its own, for a correction that of "
        "the entry it puts right, or none where that entry is struck out.",
    )
    refers_to = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="referred_by",
        help_text="The entry that this one corrects, confirms or redacts.",
    )
    effective_on = models.DateField()
    precision = models.CharField(max_length=12, choices=Precision)
    recorded_at = models.DateTimeField()

    status = models.CharField(max_length=16, choices=Status, blank=True)
    criteria_met = models.JSONField(default=list)
    confidence = models.CharField(max_length=6, choices=Confidence, blank=True)
    looked_until = models.DateField(null=True)
    position = models.CharField(max_length=18, choices=Position, blank=True)
    body = models.ForeignKey(
        "Body", on_delete=models.PROTECT, null=True, related_name="claims"
    )
    milestone = models.ForeignKey(
        "Milestone", on_delete=models.PROTECT, null=True, related_name="history"
    )
    due_on = models.DateField(null=True)
    due_precision = models.CharField(max_length=12, choices=Precision, blank=True)
    merged_into = models.ForeignKey(
        "Commitment", on_delete=models.PROTECT, null=True, related_name="merged_from"
    )
    evidence = models.ManyToManyField(
        "Evidence", through="Citation", related_name="history"
    )

    actor = models.CharField(
        max_length=60, help_text="Who recorded it, as a key that names nobody."
    )
    approver_actor = models.CharField(max_length=60, blank=True)
    sign_off = models.CharField(max_length=8, choices=SignOff)
    method_version = models.CharField(max_length=20)
    idempotency_key = models.CharField(max_length=64, blank=True)

    format = models.PositiveSmallIntegerField(default=1)
    leaves = models.JSONField(default=dict)
    prev_digest = models.CharField(max_length=64, unique=True)
    digest = models.CharField(max_length=64, unique=True)

    objects = HistoryEntryQuerySet.as_manager()

    class Meta:
        ordering = ["seq"]
        verbose_name_plural = "history entries"
        constraints = [
            models.CheckConstraint(name="entry_seq_from_one", condition=Q(seq__gte=1)),
            models.CheckConstraint(
                name="entry_kind_is_known", condition=Q(kind__in=EntryKind.values)
            ),
            models.CheckConstraint(
                name="entry_approver_is_not_its_author",
                condition=~Q(actor=F("approver_actor")),
            ),
            models.CheckConstraint(
                name="entry_signed_has_an_approver",
                condition=(Q(sign_off="signed") & ~Q(approver_actor=""))
                | (Q(sign_off__in=["unsigned", "waived"]) & Q(approver_actor="")),
            ),
            models.CheckConstraint(
                name="entry_status_has_a_status",
                condition=(Q(acts_as="status") & Q(status__in=Status.values))
                | (~Q(acts_as="status") & Q(status="")),
            ),
            models.CheckConstraint(
                name="entry_look_says_until_when",
                condition=~Q(acts_as__in=["status", "review"])
                | Q(looked_until__isnull=False),
            ),
            models.CheckConstraint(
                name="entry_claim_has_a_position_and_a_body",
                condition=~Q(acts_as="claim")
                | (Q(position__in=Position.values) & Q(body__isnull=False)),
            ),
            models.CheckConstraint(
                name="entry_milestone_names_it",
                condition=~Q(acts_as="milestone") | Q(milestone__isnull=False),
            ),
            models.CheckConstraint(
                name="entry_correction_names_an_entry",
                condition=~Q(kind__in=["correction", "redaction"])
                | Q(refers_to__isnull=False),
            ),
            models.CheckConstraint(
                name="entry_merged_names_its_successor",
                condition=~Q(acts_as="merged") | Q(merged_into__isnull=False),
            ),
            # A second correction corrects the first one.
            models.UniqueConstraint(
                fields=["refers_to"],
                condition=Q(kind="correction"),
                name="entry_corrected_once",
            ),
            models.UniqueConstraint(
                fields=["actor", "idempotency_key"],
                condition=~Q(idempotency_key=""),
                name="entry_once_per_author_and_key",
            ),
        ]
        indexes = [
            models.Index(fields=["commitment", "seq"], name="entry_of_commitment"),
            # Answers "what had been recorded by that day".
            models.Index(fields=["recorded_at", "seq"], name="entry_recorded"),
        ]

    def __str__(self) -> str:
        return f"{self.seq}: {self.get_kind_display()}"

    def delete(self, *args, **kwargs):
        raise TypeError("History is never deleted. Record a correction instead.")


class HistoryText(models.Model):
    """The free text and names of an entry, each with the salt of its leaf hash.

    Erased only by a recorded redaction; the database refuses any other change.
    """

    entry = models.OneToOneField(
        HistoryEntry, on_delete=models.PROTECT, primary_key=True, related_name="text"
    )
    reason = models.TextField(blank=True)
    reason_salt = models.CharField(max_length=32, blank=True)
    wording = models.TextField(
        blank=True, help_text="The whole wording from then on, as canonical JSON."
    )
    wording_salt = models.CharField(max_length=32, blank=True)
    author_name = models.CharField(max_length=150, blank=True)
    author_name_salt = models.CharField(max_length=32, blank=True)
    approver_name = models.CharField(max_length=150, blank=True)
    approver_name_salt = models.CharField(max_length=32, blank=True)
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    approver = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )

    FIELDS = ("reason", "wording", "author_name", "approver_name")

    def __str__(self) -> str:
        return f"Text of entry {self.entry_id}"


class Citation(models.Model):
    """A piece of evidence that an entry rests on, as it stood when it was cited."""

    entry = models.ForeignKey(
        HistoryEntry, on_delete=models.PROTECT, related_name="citations"
    )
    evidence = models.ForeignKey(
        "Evidence", on_delete=models.PROTECT, related_name="citations"
    )
    url = models.CharField(max_length=2000)
    nature = models.CharField(max_length=12)
    official = models.BooleanField()
    copy_sha256 = models.CharField(
        max_length=64, blank=True, help_text="Of the copy that was kept by then."
    )

    class Meta:
        ordering = ["entry", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["entry", "evidence"], name="citation_once_per_entry"
            )
        ]

    def __str__(self) -> str:
        return f"{self.evidence_id} in entry {self.entry_id}"
