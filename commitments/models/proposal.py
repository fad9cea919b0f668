"""What an analyst drafted, and what became of it."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from commitments import actors
from commitments.statuses import EntryKind


class ProposalQuerySet(models.QuerySet["Proposal"]):
    def open(self) -> ProposalQuerySet:
        """Those on which somebody still has to act."""
        return self.filter(state__in=Proposal.OPEN)

    def waiting(self) -> ProposalQuerySet:
        return self.filter(state=Proposal.State.WAITING)

    def by(self, user: Any) -> ProposalQuerySet:
        return self.filter(actor=actors.key(user))

    def for_sign_off_by(self, user: Any) -> ProposalQuerySet:
        """Those this person could approve: waiting, and another's (rule 7)."""
        return self.waiting().exclude(actor=actors.key(user))


class Proposal(models.Model):
    """A history entry that an analyst drafted and a second person decides on.

    ``content`` holds what the service of its ``kind`` is to be called with (see
    ``commitments.services.propose``). ``revision`` grows with each edit, and
    ``based_on`` is the latest entry that its author had seen: an approver is shown
    what has changed since. Approval writes ``entry``, and only approval does.
    """

    class State(models.TextChoices):
        DRAFT = "draft", "Draft"
        WAITING = "waiting", "Waits for sign-off"
        RETURNED = "returned", "Returned to its author"
        APPROVED = "approved", "Published"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn by its author"

    OPEN = (State.DRAFT, State.WAITING, State.RETURNED)

    commitment = models.ForeignKey(
        "Commitment", on_delete=models.PROTECT, related_name="proposals"
    )
    kind = models.CharField(max_length=12, choices=EntryKind)
    refers_to = models.ForeignKey(
        "HistoryEntry",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text="The entry that a correction is to put right.",
    )
    content = models.JSONField()
    state = models.CharField(max_length=9, choices=State)
    revision = models.PositiveIntegerField(default=1)
    based_on = models.ForeignKey(
        "HistoryEntry", on_delete=models.PROTECT, null=True, related_name="+"
    )
    actor = models.CharField(max_length=60, help_text="The key of its author.")
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        related_name="+",
    )
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    decided_actor = models.CharField(max_length=60, blank=True)
    entry = models.OneToOneField(
        "HistoryEntry",
        on_delete=models.PROTECT,
        null=True,
        related_name="proposal",
        help_text="The entry that its approval made.",
    )

    objects = ProposalQuerySet.as_manager()

    class Meta:
        ordering = ["changed_at", "pk"]
        constraints = [
            models.CheckConstraint(
                name="proposal_has_an_entry_once_approved",
                condition=Q(state="approved", entry__isnull=False)
                | (~Q(state="approved") & Q(entry=None)),
            ),
            models.CheckConstraint(
                name="proposal_is_not_decided_by_its_author",
                condition=Q(decided_actor="") | ~Q(actor=F("decided_actor")),
            ),
            models.CheckConstraint(
                name="proposal_correction_names_an_entry",
                condition=~Q(kind="correction") | Q(refers_to__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["state", "actor"], name="proposal_of_state")]

    def __str__(self) -> str:
        return f"Proposal {self.pk}: {self.get_kind_display()}"

    @property
    def drafted_by(self) -> actors.Actor:
        """The account or machine that answers for it; None once it is gone."""
        kind, _, name = self.actor.partition(":")
        return actors.Machine(name) if kind == "machine" else self.author

    @property
    def author_name(self) -> str:
        return actors.name(self.drafted_by) if self.drafted_by else actors.GONE

    @property
    def is_editable(self) -> bool:
        return self.state in self.OPEN


class ProposalStep(models.Model):
    """One thing done to a proposal: kept for good, with what it said then."""

    class Action(models.TextChoices):
        DRAFTED = "drafted", "Drafted"
        SUBMITTED = "submitted", "Submitted for sign-off"
        RETURNED = "returned", "Returned"
        APPROVED = "approved", "Approved"
        PUBLISHED = "published", "Published without a second person"
        REJECTED = "rejected", "Rejected"
        WITHDRAWN = "withdrawn", "Withdrawn"

    class Severity(models.TextChoices):
        CRITICAL = "critical", "Critical"
        IMPORTANT = "important", "Important"
        MINOR = "minor", "Minor"

    proposal = models.ForeignKey(
        Proposal, on_delete=models.PROTECT, related_name="steps"
    )
    number = models.PositiveIntegerField()
    action = models.CharField(max_length=9, choices=Action)
    # The key and not the account: it outlives the account and names nobody.
    actor = models.CharField(max_length=60)
    at = models.DateTimeField()
    comment = models.TextField(blank=True)
    severity = models.CharField(max_length=9, choices=Severity, blank=True)
    revision = models.PositiveIntegerField()
    content = models.JSONField()

    class Meta:
        ordering = ["proposal", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["proposal", "number"], name="proposal_step_number_once"
            ),
            models.CheckConstraint(
                name="proposal_step_return_says_why",
                condition=~Q(action__in=["returned", "rejected"]) | ~Q(comment=""),
            ),
            models.CheckConstraint(
                name="proposal_step_return_has_a_severity",
                condition=~Q(action="returned") | ~Q(severity=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_action_display()} (step {self.number})"
