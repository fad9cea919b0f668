"""E-mail addresses: one spelling, and which of them are never written to."""

from __future__ import annotations

import re
from email.utils import parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils.translation import gettext as _

LONGEST, LONGEST_NAME = 254, 64
# A dot-atom (RFC 5322): quoted names are hardly in use, and invite header tricks.
NAME = re.compile(
    r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
)
_is_valid = EmailValidator(allowlist=[])


class BadAddress(ValueError):
    """No address that mail can be sent to; the message says what to mend."""


def normalised(text: str) -> str:
    """Return an address in one spelling: trimmed, its domain in lower-case ASCII.

    Raises BadAddress. Names are ASCII too: look-alikes of another letter would
    otherwise be another follower (CVE-2019-19844).
    """
    name, at, domain = text.strip().rpartition("@")
    wrong = BadAddress(
        _("This is no e-mail address. Write it like name@example.org, once.")
    )
    if not at or len(name) > LONGEST_NAME or not NAME.fullmatch(name):
        raise wrong
    try:
        domain = domain.encode("idna").decode("ascii").lower()
        address = f"{name}@{domain}"
        _is_valid(address)
    except (UnicodeError, ValidationError):
        raise wrong from None
    if len(address) > LONGEST or domain.startswith("["):
        raise wrong
    return address


def is_ours(address: str) -> bool:
    """Whether mail to ``address`` would come back to us, and might go round for ever."""
    ours = (
        settings.DEFAULT_FROM_EMAIL,
        settings.SERVER_EMAIL,
        settings.UNSUBSCRIBE_ADDRESS,
    )
    return address.lower() in {parseaddr(one)[1].lower() for one in ours if one}
