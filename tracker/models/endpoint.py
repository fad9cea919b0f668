from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from commitments.statuses import EntryKind
from commitments.validation import check_text

from .leased import Leased, LeasedQuerySet


class EndpointQuerySet(LeasedQuerySet["Endpoint"]):
    def active(self) -> EndpointQuerySet:
        return self.filter(state=Endpoint.State.ACTIVE)

    def unproven(self, *, at: datetime) -> EndpointQuerySet:
        """Those that have yet to answer a challenge, and are to be asked now."""
        return self.filter(state=Endpoint.State.PENDING, challenge_at__lte=at)

    def orphaned(self, *, at: datetime) -> EndpointQuerySet:
        """Those whose key is no longer good."""
        worthless = Q(key__revoked_at__isnull=False) | Q(key__expires_at__lte=at)
        return self.exclude(state=Endpoint.State.DISABLED).filter(worthless)


class Endpoint(Leased):
    """An address that an API key's owner wants events sent to.

    Nothing is sent before it has answered a challenge: nobody may point us at
    somebody else's machine. ``failing_since`` is when it failed after its last
    success; one that only fails is disabled, and its owner told.
    """

    class State(models.TextChoices):
        PENDING = "pending", "Waits for its challenge"
        ACTIVE = "active", "Active"
        DISABLED = "disabled", "Disabled"

    key = models.ForeignKey(
        "commitments.ApiKey",
        on_delete=models.PROTECT,
        related_name="endpoints",
        verbose_name="API key",
        help_text="Whose it is: who holds this key may change it by the API.",
    )
    url = models.CharField(max_length=500, verbose_name="address")
    email = models.EmailField(
        verbose_name="e-mail", help_text="Told when the endpoint is disabled."
    )
    note = models.CharField(max_length=200, blank=True, validators=[check_text])
    kinds = models.JSONField(
        default=list,
        blank=True,
        help_text="Only entries of these kinds; none chosen: all.",
    )
    commitments = models.ManyToManyField(
        "commitments.Commitment",
        blank=True,
        related_name="+",
        help_text="Only these; none chosen: all.",
    )
    state = models.CharField(
        max_length=8, choices=State, default=State.PENDING, editable=False
    )
    reason = models.CharField(
        max_length=300, blank=True, editable=False, help_text="Why it is disabled."
    )
    made_at = models.DateTimeField(editable=False)
    challenge = models.CharField(max_length=64, editable=False)
    challenge_at = models.DateTimeField(editable=False)
    challenges = models.PositiveSmallIntegerField(default=0, editable=False)
    verified_at = models.DateTimeField(null=True, editable=False)
    delivered_at = models.DateTimeField(null=True, editable=False)
    failing_since = models.DateTimeField(null=True, editable=False)
    paused_until = models.DateTimeField(null=True, editable=False)

    objects = EndpointQuerySet.as_manager()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "url"],
                name="endpoint_once_per_key_and_address",
                violation_error_message="This key has an endpoint there already.",
            ),
            models.CheckConstraint(
                name="endpoint_disabled_says_why",
                condition=~Q(state="disabled") | ~Q(reason=""),
            ),
            models.CheckConstraint(
                name="endpoint_active_is_verified",
                condition=~Q(state="active") | Q(verified_at__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return self.url

    def wants(self, *, kind: str, commitment: int, chosen: set[int]) -> bool:
        """Whether it asked for entries of a kind and commitment.

        ``chosen`` holds the keys of its commitments; none: all.
        """
        return (not self.kinds or kind in self.kinds) and (
            not chosen or commitment in chosen
        )


KINDS = [(kind.value, kind.label) for kind in EntryKind]


class EndpointSecret(models.Model):
    """What an endpoint's messages are signed with; two while a rotation overlaps.

    Encrypted (``tracker.webhooks.sealing``): who reads the database cannot sign.
    """

    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.CASCADE, related_name="secrets"
    )
    sealed = models.TextField()
    made_at = models.DateTimeField()
    expires_at = models.DateTimeField(null=True)

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["endpoint"],
                condition=Q(expires_at=None),
                name="endpoint_has_one_current_secret",
            )
        ]

    def __str__(self) -> str:
        return f"Secret of {self.endpoint_id}, {self.made_at:%Y-%m-%d}"


class EndpointNotice(Leased):
    """What the owner of an endpoint is told, by mail and at the desk."""

    endpoint = models.ForeignKey(
        Endpoint, on_delete=models.CASCADE, related_name="notices"
    )
    at = models.DateTimeField()
    text = models.CharField(max_length=500)
    mailed_at = models.DateTimeField(null=True)

    objects = LeasedQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(
                fields=["at"], condition=Q(mailed_at=None), name="notice_to_mail"
            )
        ]

    def __str__(self) -> str:
        return self.text
