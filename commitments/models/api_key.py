from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import Q

from commitments.actors import Machine


class ApiScope(models.TextChoices):
    """What a key may do, beside reading."""

    PROPOSALS = "proposals", "Propose entries"
    EVIDENCE = "evidence", "Suggest documents"
    WEBHOOKS = "webhooks", "Have events sent to it"


class ApiKey(models.Model):
    """What a trusted machine signs its requests with. Only its hash is kept.

    What it hands in waits for a person; a key never writes history.
    """

    name = models.SlugField(
        max_length=40,
        unique=True,
        help_text="Names the machine at the desk. Permanent.",
    )
    prefix = models.CharField(
        max_length=8, unique=True, editable=False, help_text="How the key begins."
    )
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    made_at = models.DateTimeField(editable=False)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, editable=False)
    last_used_at = models.DateTimeField(null=True, editable=False)

    class Meta:
        ordering = ["name"]
        verbose_name = "API key"
        constraints = [
            models.CheckConstraint(
                name="api_key_has_a_digest", condition=~Q(digest="") & ~Q(prefix="")
            )
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def machine(self) -> Machine:
        """The author of what it hands in."""
        return Machine(f"api:{self.name}")

    def is_valid(self, *, at: datetime) -> bool:
        return self.revoked_at is None and at < self.expires_at


class ApiAnswer(models.Model):
    """The answer that a machine got under an Idempotency-Key: it gets it again."""

    key = models.ForeignKey(ApiKey, on_delete=models.CASCADE, related_name="answers")
    idempotency_key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64, help_text="Of what was asked.")
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["key", "idempotency_key"], name="api_answer_once_per_key"
            )
        ]

    def __str__(self) -> str:
        return f"{self.key_id}: {self.idempotency_key}"
