"""Who signed in, failed to, or was given other rights: the audit list."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from commitments import actors


class AuditKind(models.TextChoices):
    """What can happen to an account."""

    SIGNED_IN = "signed_in", "Signed in"
    SIGNED_OUT = "signed_out", "Signed out"
    SIGN_IN_FAILED = "sign_in_failed", "Failed to sign in"
    LOCKED_OUT = "locked_out", "Locked out"
    LOCK_OUT_LIFTED = "lock_out_lifted", "Lock-out lifted"
    CODE_FAILED = "code_failed", "Gave a wrong code"
    RECOVERY_CODE_USED = "recovery_code_used", "Used a recovery code"
    RECOVERY_CODES_MADE = "recovery_codes_made", "Made new recovery codes"
    SECOND_FACTOR_ADDED = "second_factor_added", "Set up a second factor"
    SECOND_FACTOR_REMOVED = "second_factor_removed", "Removed the second factor"
    SECOND_FACTOR_RESET = "second_factor_reset", "Second factor reset"
    PASSWORD_CHANGED = (
        "password_changed",
        "Password changed",
    )  # pragma: allowlist secret
    ACCOUNT_MADE = "account_made", "Account made"
    ACCOUNT_CHANGED = "account_changed", "Account changed"
    ACCOUNT_DELETED = "account_deleted", "Account deleted"
    GROUPS_CHANGED = "groups_changed", "Groups changed"
    PERMISSIONS_CHANGED = "permissions_changed", "Permissions changed"


class AuditEventQuerySet(models.QuerySet["AuditEvent"]):
    def about(self, account: Any) -> AuditEventQuerySet:
        """What concerns one account, whoever did it."""
        return self.filter(account=actors.key(account))


class AuditEvent(models.Model):
    """One thing that happened to an account: append-only.

    Only ``commitments.audit`` writes it, and the database refuses every change.
    ``account`` is whom it concerns and ``actor`` who did it, as keys and with the
    name at that time, so that the list outlives the accounts. Where somebody failed
    to sign in under a name that no account has, no name is kept: people type their
    passwords there.
    """

    at = models.DateTimeField(db_index=True)
    kind = models.CharField(max_length=24, choices=AuditKind)
    account = models.CharField(
        max_length=60, blank=True, help_text="The key of the account it concerns."
    )
    account_name = models.CharField("account", max_length=150, blank=True)
    actor = models.CharField(
        max_length=60, blank=True, help_text="The key of who did it."
    )
    actor_name = models.CharField("by", max_length=150, blank=True)
    address = models.GenericIPAddressField(
        null=True, blank=True, help_text="The network address it came from."
    )
    details = models.JSONField(default=dict)

    objects = AuditEventQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(
                name="audit_event_kind_is_known",
                condition=Q(kind__in=AuditKind.values),
            )
        ]
        indexes = [models.Index(fields=["account"], name="audit_event_of_account")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()}: {self.account_name or 'no account'}"
