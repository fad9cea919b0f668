"""What a password may not be made of, beside Django's own rules.

OWASP ASVS 5.0, 6.1.2 and 6.2.11: words that anybody would try here first.
"""

from __future__ import annotations

import re
from typing import Any

from django.conf import settings
from django.core.exceptions import ValidationError

WORDS = (
    *("opening", "tracker", "commitment", "commitments", "promise", "pillar"),
    *("evidence", "analyst", "reviewer", "administrator", "admin", "desk"),
    *("china", "beijing", "mofcom", "kaifang", "fiveyearplan"),
)
# So many characters must be left without these words.
LEFT = 8


class WithoutOurWords:
    """Refuses a password that is little more than the words of this site."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError where too little is left without our words."""
        own = re.findall(r"\w{4,}", settings.SITE_NAME.casefold())
        left = password.casefold()
        for word in sorted({*WORDS, *own}, key=len, reverse=True):
            left = left.replace(word, "")
        if len(left) < LEFT <= len(password) and left != password.casefold():
            raise ValidationError(
                "This password is made of words that anybody would try here. Add "
                f"{LEFT} characters or more that have nothing to do with this site.",
                code="password_of_our_words",
            )

    def get_help_text(self) -> str:
        return "It is not made of words of this site, like its name or your role."


class NotThePresentOne:
    """Refuses as a new password the one that an account has."""

    def validate(self, password: str, user: Any = None) -> None:
        """Raise ValidationError where nothing would change."""
        if user is None or not user.pk or not user.has_usable_password():
            return
        if user.check_password(password):
            raise ValidationError(
                "This is the password that you have. Choose another one.",
                code="password_is_the_present_one",
            )

    def get_help_text(self) -> str:
        return "It is not the one that you have now."
