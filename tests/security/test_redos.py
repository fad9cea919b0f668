"""No expression of ours takes more than a moment, whatever text it is given.

Texts come from the pages of strangers. So each expression is run over long texts made
of what it looks for, which is what makes one backtrack. Measured is the time of the
processor, so that a busy machine fails nothing; what is allowed is some seven times
what the slowest takes that does not backtrack, and a seventh of what one takes that does.
"""

import importlib
import pkgutil
import re
import time
from re import _constants as sre
from re import _parser

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import commitments
import config
import tracker
from commitments.verdicts import same_text

LENGTH, SECONDS = 60_000, 0.3
NOT_IMPORTED = re.compile(r"\.migrations|\.management|config\.(wsgi|gunicorn|embedded)")


def expressions():
    """Every expression that a module of ours keeps, by where it is."""
    found = {}
    for package in (commitments, tracker, config):
        for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
            if NOT_IMPORTED.search(module.name):
                continue
            loaded = importlib.import_module(module.name)
            for name, value in vars(loaded).items():
                if isinstance(value, re.Pattern):
                    found.setdefault(value, f"{module.name}.{name}")
    return {name: value for value, name in found.items()}


EXPRESSIONS = expressions()
# Only the beginning of a text is held against these.
MATCHED = {
    EXPRESSIONS["commitments.bulk.cells.TO_ESCAPE"],
    EXPRESSIONS["commitments.bulk.cells.ESCAPED"],
}


def pieces(expression):
    """Texts that parts of an expression match: its literals, and one of each class."""
    found = set()
    classes = {
        sre.CATEGORY_DIGIT: "1",
        sre.CATEGORY_SPACE: " ",
        sre.CATEGORY_WORD: "a",
        sre.CATEGORY_NOT_WORD: "-",
        sre.CATEGORY_NOT_SPACE: "a",
    }

    def walk(tree):
        run = ""
        for kind, value in tree:
            if kind is sre.LITERAL:
                run += chr(value)
                continue
            found.add(run)
            run = ""
            if kind is sre.IN:
                for inner, what in value:
                    if inner is sre.LITERAL:
                        found.add(chr(what))
                    elif inner is sre.RANGE:
                        found.add(chr(what[0]))
                    elif inner is sre.CATEGORY:
                        found.add(classes.get(what, ""))
            elif kind is sre.BRANCH:
                for branch in value[1]:
                    walk(branch)
            elif kind is sre.SUBPATTERN:
                walk(value[3])
            elif kind in (sre.MAX_REPEAT, sre.MIN_REPEAT, sre.POSSESSIVE_REPEAT):
                walk(value[2])
            elif kind in (sre.ASSERT, sre.ASSERT_NOT):
                walk(value[1])
        found.add(run)

    text = expression.pattern
    if isinstance(text, bytes):
        text = text.decode("latin-1")
    walk(_parser.parse(text, expression.flags & ~re.UNICODE & ~re.DEBUG))
    return sorted(piece for piece in found if piece and ord(max(piece)) < 0xD800)


def seconds(expression, text):
    """How long the processor looks for all that is found in a text."""
    if isinstance(expression.pattern, bytes):
        text = text.encode("utf-8")
    began = time.process_time()
    if expression in MATCHED:
        expression.match(text)
        return time.process_time() - began
    for _ in expression.finditer(text):
        if time.process_time() - began > SECONDS:
            break
    return time.process_time() - began


def repeated(before, unit, after):
    return before + unit * (LENGTH // len(unit)) + after


def test_there_are_expressions_to_try():
    assert len(EXPRESSIONS) > 20
    assert "commitments.verdicts.DATES" in EXPRESSIONS
    assert {"jan", "1"} <= set(pieces(EXPRESSIONS["commitments.verdicts.DATES"]))


def test_an_expression_that_backtracks_would_be_found():
    slow = re.compile(r"a[a-z]*\.")
    assert seconds(slow, repeated("", "a", "!")) > SECONDS


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", EXPRESSIONS)
def test_no_expression_is_slow_on_what_it_looks_for(name):
    expression = EXPRESSIONS[name]
    slow = []
    found = pieces(expression)
    for unit in found:
        for before in ("", *[p for p in found if p != unit][:3]):
            took = seconds(expression, repeated(before, unit, "\x01"))
            if took > SECONDS:
                slow.append(f"{before!r} + {unit!r} * n: {took:.1f} s")
    assert slow == []


@pytest.mark.timeout(300)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_no_expression_is_slow_on_a_mixture(data):
    name = data.draw(st.sampled_from(sorted(EXPRESSIONS)))
    parts = st.sampled_from([*pieces(EXPRESSIONS[name]), "<", " ", "\n", "1", "开"])
    before = "".join(data.draw(st.lists(parts, max_size=3)))
    unit = "".join(data.draw(st.lists(parts, min_size=1, max_size=4)))
    assert seconds(EXPRESSIONS[name], repeated(before, unit, "\x01")) < SECONDS


@pytest.mark.parametrize("unit", ["jan", "1", "浏览 ", "reads ", " ", "\n", "1 jan, "])
def test_a_hostile_page_does_not_hold_up_the_check_of_links(unit):
    page = repeated("浏览", unit, "!")
    began = time.process_time()
    assert not same_text(page, page + " and the law was changed in every point of it")
    assert time.process_time() - began < 10 * SECONDS
