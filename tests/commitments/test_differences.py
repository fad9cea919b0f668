import pytest

from commitments.differences import Difference, words


def said(old, new):
    return [(piece.change, piece.text) for piece in words(old, new)]


def test_words_that_changed_are_told_from_those_that_stayed():
    assert said("Cut tariffs to zero", "Cut all tariffs to nil") == [
        ("kept", "Cut"),
        ("added", " all"),
        ("kept", " tariffs to "),
        ("removed", "zero"),
        ("added", "nil"),
    ]


def test_chinese_is_compared_sign_by_sign():
    assert said("推进加入协定", "推进退出协定") == [
        ("kept", "推进"),
        ("removed", "加入"),
        ("added", "退出"),
        ("kept", "协定"),
    ]


@pytest.mark.parametrize("old,new", [("", "new"), ("old", ""), ("a  b\nc", "a b\nc")])
def test_both_texts_can_be_read_out_of_the_pieces(old, new):
    pieces = list(words(old, new))

    assert "".join(p.text for p in pieces if p.change != "added") == old
    assert "".join(p.text for p in pieces if p.change != "removed") == new


def test_a_short_value_is_one_for_the_other():
    pieces = Difference("Date", "2026-11-01", "2027-11-01", is_prose=False).pieces

    assert [p.text for p in pieces if p.change == "removed"] == ["2026-11-01"]
    assert [p.text for p in pieces if p.change == "added"] == ["2027-11-01"]
