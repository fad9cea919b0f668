"""Text as the words it is searched by, in English and in Chinese."""

from __future__ import annotations

import re
import unicodedata

WORD = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]+|[^\W_]+")
HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


def words(text: str) -> list[str]:
    """Return the words of ``text`` in order: lower case, without accents.

    Chinese writes no spaces, so that each two neighbouring characters are a word;
    a character that stands alone is one by itself.
    """
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    found: list[str] = []
    for piece in WORD.findall(plain):
        if HAN.match(piece) and len(piece) > 1:
            found += [piece[i : i + 2] for i in range(len(piece) - 1)]
        else:
            found.append(piece)
    return found
