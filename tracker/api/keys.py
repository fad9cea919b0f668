"""Who asks: a trusted machine by its key, or anybody."""

from __future__ import annotations

from typing import Any

from django.utils import timezone
from rest_framework import exceptions
from rest_framework.authentication import BaseAuthentication, get_authorization_header

from commitments import services
from commitments.models import ApiKey


def require_scope(request: Any, scope: str) -> None:
    """Refuse a request that has no key, or one that is for something else."""
    if request.auth is None:
        raise exceptions.NotAuthenticated("Send a key: Authorization: Bearer …")
    if scope not in request.auth.scopes:
        raise exceptions.PermissionDenied(
            f"This key is not for {scope}. Ask the desk for one that is."
        )


class KeyAuthentication(BaseAuthentication):
    """``Authorization: Bearer <key>``."""

    def authenticate_header(self, request: Any) -> str:
        return 'Bearer realm="api"'

    def authenticate(self, request: Any) -> tuple[None, ApiKey] | None:
        kind, _, secret = get_authorization_header(request).partition(b" ")
        if not kind:
            return None
        key = None
        if kind.lower() == b"bearer":
            text = secret.strip().decode("latin-1")
            key = services.key_of(text, at=timezone.now())
        if key is None:
            raise exceptions.AuthenticationFailed(
                "This key is unknown, revoked or expired. Ask the desk for another."
            )
        return None, key
