"""Short passages of a kept copy around what the document is cited for."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from commitments.words import singular, terms

MOST = 3
LONGEST = 280
SENTENCE = re.compile(r"[^.!?。！？\n]+(?:[.!?。！？]+[”\"')]*|\n|$)")


@dataclass(frozen=True)
class Piece:
    """A stretch of an excerpt; ``is_hit`` where it is what was looked for."""

    text: str
    is_hit: bool = False


def excerpts(
    text: str, sought: Iterable[str], *, most: int = MOST
) -> list[list[Piece]]:
    """Return up to ``most`` sentences of ``text`` that share most with ``sought``.

    Each is cut to 280 characters and told in pieces, hits marked. Empty where no
    sentence shares at least two words with what is sought.
    """
    wanted = {word for one in sought for word in terms(one) if len(word) > 1}
    scored = []
    for place, match in enumerate(SENTENCE.finditer(text)):
        sentence = " ".join(match[0].split())
        shared = wanted & set(terms(sentence))
        if len(shared) >= 2:
            scored.append((-len(shared), place, sentence, shared))
    best = sorted(sorted(scored)[:most], key=lambda one: one[1])
    return [marked(sentence, shared) for _, _, sentence, shared in best]


def marked(sentence: str, hits: set[str]) -> list[Piece]:
    """Return a sentence, cut short, with the words of ``hits`` marked."""
    cut = sentence if len(sentence) <= LONGEST else sentence[: LONGEST - 1] + "…"
    pieces: list[Piece] = []
    for token in re.findall(r"[\u4e00-\u9fff]|[^\W_]+|[\W_]+", cut):
        is_hit = any(_fits(token, hit) for hit in hits)
        if pieces and pieces[-1].is_hit == is_hit:
            pieces[-1] = Piece(pieces[-1].text + token, is_hit)
        else:
            pieces.append(Piece(token, is_hit))
    return pieces


def _fits(token: str, hit: str) -> bool:
    """Whether a token is a word that was found: whole, or a character of it."""
    is_character = "\u4e00" <= token <= "\u9fff"
    return token in hit if is_character else singular(token.casefold()) == hit
