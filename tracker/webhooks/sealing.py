"""Secrets at rest: encrypted under a key that stands in no table."""

from __future__ import annotations

import base64
import secrets
from functools import partial

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings

from commitments.own_keys import own_key

PREFIX = "whsec_"


class CannotOpen(Exception):
    """A secret was sealed under a key that is no longer configured."""


def new_secret() -> str:
    """Return a new signing secret, as Standard Webhooks writes it."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def seal(secret: str) -> str:
    return _box().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """Return a secret as it was given out. Raises CannotOpen."""
    try:
        return _box().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise CannotOpen(
            "Its secret was sealed under another TRACKER_WEBHOOK_KEY. Rotate it."
        ) from None


def _box() -> MultiFernet:
    """Return what seals with the first key configured, and opens with any."""
    keys = [key.strip() for key in settings.WEBHOOK_KEY.split(",") if key.strip()]
    return MultiFernet([_fernet(key) for key in keys or [_own_key()]])


def _fernet(key: str) -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"tracker.webhooks.v1")
    return Fernet(base64.urlsafe_b64encode(derived.derive(key.encode())))


def _own_key() -> str:
    """Return the key of the data folder; made on first use where none is set."""
    return own_key("webhook_key", partial(secrets.token_urlsafe, 48))
