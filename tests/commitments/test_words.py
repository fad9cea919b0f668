"""Text as words, and the excerpts and matches that rest on them."""

import pytest

from commitments.excerpts import LONGEST, excerpts
from commitments.matching import build
from commitments.words import terms, words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("Zero tariffs, 100 %", ["zero", "tariffs", "100"]),
        ("Café CPTPP", ["cafe", "cptpp"]),
        ("零关税", ["零关", "关税"]),
        ("税", ["税"]),
        ("加入CPTPP协定", ["加入", "cptpp", "协定"]),
        ("ＦＴＡ", ["fta"]),
        ("", []),
    ],
)
def test_words_in_both_languages(text, found):
    assert words(text) == found


def test_terms_leave_out_what_tells_nothing():
    assert terms("The countries of the lists and its policies") == [
        "country",
        "list",
        "policy",
    ]


TEXT = (
    "The weather was fine. Zero tariff treatment for least developed countries begins "
    "on 1 December. 对最不发达国家实施零关税。Other matters were discussed."
)


def told(found):
    return ["".join(piece.text for piece in pieces) for pieces in found]


def test_an_excerpt_is_the_sentence_that_shares_most():
    found = excerpts(TEXT, ["zero tariff for the least developed country"], most=1)

    assert told(found) == [
        "Zero tariff treatment for least developed countries begins on 1 December."
    ]
    hits = [piece.text for piece in found[0] if piece.is_hit]
    assert hits == ["Zero", "tariff", "least", "developed", "countries"]


def test_an_excerpt_in_chinese():
    found = excerpts(TEXT, ["最不发达国家零关税"], most=1)

    assert told(found) == ["对最不发达国家实施零关税。"]
    assert [p.text for p in found[0] if p.is_hit] == ["最不发达国家", "零关税"]


def test_an_excerpt_is_short_and_none_is_made_up():
    assert excerpts(TEXT, ["fisheries"]) == []
    (long,) = told(excerpts("zero tariff " * 200, ["zero tariff"]))
    assert len(long) == LONGEST


def test_the_rarer_word_decides():
    index = build(
        {
            1: [("title", "Open the telecom sector")],
            2: [("title", "Open the health sector")],
            3: [("title", "Open the sector")],
        }
    )

    assert index.match("health sector opened")[0].commitment_id == 2
    assert index.match("nothing at all") == []
