"""Text as the words it is searched by, in English and in Chinese."""

from __future__ import annotations

import re
import unicodedata

HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
WORD = re.compile(rf"{HAN.pattern}+|(?:(?!{HAN.pattern})[^\W_])+")


def pieces(text: str) -> list[str]:
    """Return the words and the Chinese runs of ``text``: lower case, no accents."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    return WORD.findall(plain)


def words(text: str) -> list[str]:
    """Return the words of ``text`` in order: lower case, without accents.

    Chinese writes no spaces, so that each two neighbouring characters are a word;
    a character that stands alone is one by itself.
    """
    found: list[str] = []
    for piece in pieces(text):
        if HAN.match(piece) and len(piece) > 1:
            found += [piece[i : i + 2] for i in range(len(piece) - 1)]
        else:
            found.append(piece)
    return found


# They are in every sentence and tell none apart.
COMMON = frozenset(
    [
        "a",
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "been",
        "by",
        "for",
        "from",
        "had",
        "has",
        "have",
        "he",
        "in",
        "into",
        "is",
        "it",
        "its",
        "of",
        "on",
        "or",
        "our",
        "she",
        "that",
        "the",
        "their",
        "they",
        "this",
        "to",
        "was",
        "were",
        "which",
        "will",
        "with",
        "not",
        "no",
    ]
)


def terms(text: str) -> list[str]:
    """Return the words of a text that tell, without the plural of English nouns."""
    return [singular(word) for word in words(text) if word not in COMMON]


def singular(word: str) -> str:
    """Return an English plural as its singular, near enough for matching."""
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word
