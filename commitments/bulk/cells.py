"""What a cell may do: a text that a spreadsheet would run is kept from running.

A spreadsheet takes a text for a formula by its first character (OWASP ASVS 5.0
1.2.10). On the way out such a text gets an apostrophe before it, on the way in that
apostrophe is taken off again, so that a file read back changes nothing.
"""

from __future__ import annotations

import re

# = + - @, tab, CR, LF and NUL, and the full-width forms that are read alike.
RUNS = "=+\\-@\t\r\n\0＝＋－＠"
# An apostrophe that is text gets one too, or it would be taken off on the way in.
TO_ESCAPE = re.compile(f"'*[{RUNS}]")
ESCAPED = re.compile(f"'+[{RUNS}]")


class Echo:
    """A file that hands back what is written to it: ``csv`` then gives its lines."""

    def write(self, text: str) -> str:
        return text


class Number(str):
    """A cell that held a number, as its shortest text."""


def neutralise(text: str) -> str:
    """Return ``text`` so that no spreadsheet runs it."""
    return f"'{text}" if TO_ESCAPE.match(text) else text


def restore(text: str) -> str:
    """Return the text that ``neutralise`` was given."""
    return text[1:] if ESCAPED.match(text) else text
