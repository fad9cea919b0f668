"""What may be typed in: addresses and text, whichever way they come in."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.core.validators import URLValidator
from w3lib.url import canonicalize_url, url_query_cleaner

LONGEST = 2000
# Parameters that say where a reader came from, not which page is meant. ``same_page`` of
# every link is stored: another name here wants them computed anew.
TRACKING = (
    "utm_source",
    "utm_medium",
    "utm_campaign",
    "utm_term",
    "utm_content",
    "fbclid",
    "gclid",
)


def check_url(url: str) -> None:
    """Refuse what cannot be the address of a public document.

    Raises ValidationError unless it is http(s), names a host, carries no
    credentials and has at most 2,000 characters.
    """
    if len(url) > LONGEST:
        raise ValidationError(
            f"This address has {len(url)} characters; at most {LONGEST} are kept. Give "
            "the address without what follows the page."
        )
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port
    except ValueError:
        raise ValidationError("This is not an address. Copy it again.") from None
    if parts.scheme.lower() not in ("http", "https"):
        raise ValidationError(
            "Only http:// and https:// addresses are taken. Copy the address of the "
            "page in the browser."
        )
    if not host or port == 0:
        raise ValidationError("This address names no site. Copy it whole.")
    if parts.username is not None or parts.password is not None:
        raise ValidationError(
            "This address holds a user name or password. Remove what stands before "
            "the @."
        )


def check_typed_url(url: str) -> None:
    """Refuse also what is no address by its letters: a space, a host without a dot.

    Links of other people's pages hold such; what somebody types or pastes need not.
    Raises ValidationError.
    """
    check_url(url)
    URLValidator(
        schemes=["http", "https"], message="This is not an address. Copy it again."
    )(url)


def same_page(url: str) -> str:
    """Return a key that is equal for addresses of the same page, however written.

    Scheme, "www.", default port, capitals of the host, order of parameters,
    fragment, tracking parameters, escapes and the last slash make no difference.
    """
    bare = url_query_cleaner(
        url.strip(), list(TRACKING), remove=True, unique=False, keep_fragments=False
    )
    parts = urlsplit(canonicalize_url(bare))
    host = (parts.hostname or "").removeprefix("www.")
    default = {"http": 80, "https": 443}.get(parts.scheme)
    port = f":{parts.port}" if parts.port not in (None, default) else ""
    query = f"?{parts.query}" if parts.query else ""
    return f"{host}{port}{parts.path.rstrip('/')}{query}"


# A tag, a comment or a declaration; "a < b" and "<5 %" are plain text.
TAG = re.compile(r"<(?=[A-Za-z/!?])")
# They turn the order of what a reader sees.
BIDI = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


REF = re.compile(r"[0-9]{1,3}\.[0-9]{1,4}")


def check_ref(ref: str) -> None:
    """Refuse a reference that commitments cannot be put in order by.

    Asked of drafts: once published it stays as it is. Raises ValidationError.
    """
    if not REF.fullmatch(ref):
        raise ValidationError("Write it as the pillar and a running number, like 1.14.")


def is_key(text: str) -> bool:
    """Whether a text can be the number of a row: digits, as many as any database takes."""
    return text.isascii() and text.isdigit() and len(text) <= 18


def check_characters(text: str) -> None:
    """Refuse characters that nobody can see.

    Raises ValidationError for control characters other than line ends and tabs,
    marks that turn the direction of writing, and broken Unicode.
    """
    for character in text:
        unseen = unicodedata.category(character) in ("Cc", "Cs")
        if (unseen and character not in "\n\r\t") or character in BIDI:
            raise ValidationError(
                f"The character U+{ord(character):04X} cannot be seen by readers. "
                "Type the text instead of copying it."
            )


def check_text(text: str) -> None:
    """Refuse markup and characters that nobody can see.

    Raises ValidationError for HTML tags, control characters other than line ends
    and tabs, marks that turn the direction of writing, and broken Unicode.
    """
    if TAG.search(text):
        raise ValidationError(
            "HTML is not taken: this is shown to readers as plain text. Remove what "
            "stands between < and >."
        )
    check_characters(text)
