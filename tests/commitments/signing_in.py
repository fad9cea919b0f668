"""Signing in as a browser does, with and without a second factor."""

import time

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django_otp.oath import TOTP
from django_otp.plugins.otp_totp.models import TOTPDevice

from commitments import accounts
from commitments.models import AuditEvent
from commitments.services import second_factor

LOGIN, CODE, HOME = "/admin/login/", "/admin/login/code/", "/admin/"
SECOND_FACTOR = "/admin/second-factor/"
PASSWORD = "a long and secret phrase"


def staff(name="ada", group=accounts.ANALYST, **values):
    accounts.ensure_groups()
    user = get_user_model().objects.create_user(
        name, password=PASSWORD, is_staff=True, **values
    )
    if group:
        user.groups.add(Group.objects.get(name=group))
    return user


def give_password(client, name="ada", password=PASSWORD, **extra):
    return client.post(LOGIN, {"username": name, "password": password}, **extra)


def code_of(key, ahead=0):
    """The six digits that an app with this key shows, ``ahead`` steps from now."""
    totp = TOTP(bytes.fromhex(key))
    totp.time = time.time() + 30 * ahead
    return f"{totp.token():06d}"


def with_device(user, at):
    """Give an account a device and recovery codes; return its key and the codes."""
    key = second_factor.new_key()
    # The step before: the current code is still unused.
    _, codes = second_factor.set_up(
        account=user, key=key, code=code_of(key, -1), at=at, address=None
    )
    return key, codes


def sign_in(client, name="ada", key=None):
    """Sign in, with the code where the account has a device."""
    answer = give_password(client, name)
    return client.post(CODE, {"code": code_of(key)}) if key else answer


def device_of(user):
    return TOTPDevice.objects.get(user=user)


def kinds(**about):
    """What the audit list tells, oldest first."""
    return list(
        AuditEvent.objects.filter(**about).order_by("pk").values_list("kind", flat=True)
    )
