"""A second factor for an account: a code from a device, or a recovery code.

The device's key and its throttling are django-otp's. Recovery codes are kept as
hashes: each opens once, and nobody can read them again.
"""

from __future__ import annotations

import hashlib
import math
import re
import secrets
from base64 import b32encode
from datetime import datetime
from typing import Any

from django.contrib.auth import get_user_model
from django.db import transaction
from django_otp.models import Device
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from commitments.audit import record_event
from commitments.models import AuditKind

APP = "authenticator app"
RECOVERY = "recovery code"
RECOVERY_CODES = 10
# 12 of 32 letters: 60 random bits. No 0, 1, 8 and 9, which look like letters.
LETTERS = "abcdefghijklmnopqrstuvwxyz234567"  # pragma: allowlist secret
CODE_LENGTH = 12
DIGITS = re.compile(r"\d{6}")


class WrongCode(ValueError):
    """A code that does not open, as a sentence for who typed it."""


class AlreadySetUp(ValueError):
    """There is a second factor already."""


def new_key() -> str:
    """Return a fresh secret for an authenticator app, in hex (RFC 4226: 160 bits)."""
    return secrets.token_hex(20)


def unsaved_device(*, account: Any, key: str) -> TOTPDevice:
    """Return the device that a key would make, to show its address and QR code."""
    return TOTPDevice(user=account, key=key, name=APP)


def is_set_up(account: Any) -> bool:
    """Whether an account signs in with a second factor."""
    return TOTPDevice.objects.filter(user=account, confirmed=True).exists()


def recovery_codes_left(account: Any) -> int:
    """Return how many recovery codes are unused."""
    return StaticToken.objects.filter(device__user=account).count()


def set_up(
    *, account: Any, key: str, code: str, at: datetime, address: str | None
) -> tuple[TOTPDevice, list[str]]:
    """Give an account a second factor, proved by a first code.

    Returns the device and the recovery codes, which can be shown only now. Raises
    WrongCode, or AlreadySetUp where another window was faster.
    """
    with transaction.atomic():
        _lock(account)
        if is_set_up(account):
            raise AlreadySetUp("This account has a second factor already.")
        # Left behind by a set-up that never ended: not a second factor.
        TOTPDevice.objects.filter(user=account).delete()
        device = unsaved_device(account=account, key=key)
        if not DIGITS.fullmatch(_plain(code)) or not device.verify_token(_plain(code)):
            # The transaction takes the device back.
            raise WrongCode(
                "This code does not match the key. Type the newest one; if it keeps "
                "failing, check the clock of the device."
            )
        record_event(
            AuditKind.SECOND_FACTOR_ADDED,
            account=account,
            by=account,
            at=at,
            address=address,
        )
        return device, _make_codes(account)


def verify(*, account: Any, code: str, at: datetime, address: str | None) -> Device:
    """Return the device of an account that a code opens; each code opens once.

    Raises WrongCode for a code that does not, and while failures make it wait. A
    failure is counted and recorded whatever becomes of the caller's request.
    """
    plain = _plain(code)
    facts = {"account": account, "by": account, "at": at, "address": address}
    with transaction.atomic():
        device = _device_for(account, plain)
        if device is not None:
            _check_allowed(device, at)
            token = plain if isinstance(device, TOTPDevice) else _hashed(device, plain)
            if device.verify_token(token):
                if isinstance(device, StaticDevice):
                    left = recovery_codes_left(account)
                    record_event(AuditKind.RECOVERY_CODE_USED, left=left, **facts)
                return device
        record_event(AuditKind.CODE_FAILED, **facts)
    raise WrongCode(
        "This code is wrong, or has been used. Type the newest code of your app, or "
        "one of your recovery codes."
    )


def renew_recovery_codes(
    *, account: Any, at: datetime, address: str | None
) -> list[str]:
    """Replace all recovery codes and return the new ones, to be shown only now."""
    with transaction.atomic():
        _lock(account)
        codes = _make_codes(account)
        record_event(
            AuditKind.RECOVERY_CODES_MADE,
            account=account,
            by=account,
            at=at,
            address=address,
        )
    return codes


def remove(*, account: Any, by: Any, at: datetime, address: str | None) -> bool:
    """Take an account's second factor away; return whether there was one.

    Of oneself it is a removal, of another an administrator's reset.
    """
    own = by == account
    with transaction.atomic():
        _lock(account)
        if not is_set_up(account):
            return False
        TOTPDevice.objects.filter(user=account).delete()
        StaticDevice.objects.filter(user=account).delete()
        record_event(
            AuditKind.SECOND_FACTOR_REMOVED if own else AuditKind.SECOND_FACTOR_RESET,
            account=account,
            by=by,
            at=at,
            address=address,
        )
    return True


def _lock(account: Any) -> None:
    """Let one change of an account's second factor at a time through."""
    get_user_model()._default_manager.select_for_update().get(pk=account.pk)


def _plain(code: str) -> str:
    """Return a code as it is meant, however it was typed or pasted."""
    return re.sub(r"[\s-]", "", code).lower()


def _device_for(account: Any, plain: str) -> Device | None:
    """Return the device a code is for, by its look, locked.

    One device alone is asked: a wrong code must not make the other wait.
    """
    model = TOTPDevice if DIGITS.fullmatch(plain) else StaticDevice
    devices = model.objects.select_for_update().filter(user=account, confirmed=True)
    return devices.first()


def _check_allowed(device: Device, at: datetime) -> None:
    """Raise WrongCode while earlier failures make a device wait."""
    allowed, why = device.verify_is_allowed()
    if allowed:
        return
    seconds = 1
    if until := (why or {}).get("locked_until"):
        seconds = max(1, math.ceil((until - at).total_seconds()))
    wait = f"{seconds} seconds" if seconds < 120 else f"{seconds // 60 + 1} minutes"
    raise WrongCode(f"Too many wrong codes. Wait {wait}, then type the newest one.")


def _hashed(device: StaticDevice, plain: str) -> str:
    """Return what is kept of a recovery code: 80 bits of a hash of its own."""
    digest = hashlib.sha256(f"recovery-code:{device.user_id}:{plain}".encode())
    return b32encode(digest.digest()[:10]).decode()


def _make_codes(account: Any) -> list[str]:
    """Replace an account's recovery codes; return them as they are shown."""
    StaticDevice.objects.filter(user=account).delete()
    device = StaticDevice.objects.create(user=account, name=RECOVERY)
    plain = [
        "".join(secrets.choice(LETTERS) for _ in range(CODE_LENGTH))
        for _ in range(RECOVERY_CODES)
    ]
    StaticToken.objects.bulk_create(
        StaticToken(device=device, token=_hashed(device, code)) for code in plain
    )
    return [f"{code[:4]}-{code[4:8]}-{code[8:]}" for code in plain]
