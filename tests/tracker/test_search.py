"""The search index, on both databases, against a plain reading of the texts."""

import unicodedata
from datetime import date

import pytest
from django.db import connection, transaction
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from commitments.models import Commitment
from commitments.synthetic import make
from tracker import browse

pytestmark = pytest.mark.django_db
TODAY = date(2026, 11, 24)


def found(query):
    question = browse.parse(QueryDict(query), today=TODAY)
    rows = browse.states(question).values_list("commitment__slug", flat=True)
    return set(rows)


def flat(text):
    """Letters and digits, single spaces between; Chinese character by character."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text))
    plain = "".join(c for c in plain if not unicodedata.combining(c)).casefold()
    spaced = []
    for char in plain:
        is_han = "㐀" <= char <= "鿿"
        letter = char if char.isalnum() else " "
        spaced.append(f" {letter} " if is_han else letter)
    return f" {' '.join(''.join(spaced).split())} "


def read_plainly(query):
    """Which published commitments say every word, by reading all of their texts."""
    matching = set()
    for one in Commitment.objects.filter(standing="published"):
        texts = [one.title, one.title_zh, one.statement, one.reading]
        texts += one.criteria.values_list("text", flat=True)
        for named in (*one.bodies.all(), *one.topics.all(), *one.partners.all()):
            texts += [named.name, named.name_zh, getattr(named, "short_name", "")]
        for entry in one.history.all():
            texts.append(entry.text.reason)
            for document in entry.evidence.all():
                texts += [document.title, document.title_original, document.summary]
        said = [flat(text) for text in texts]
        words = [flat(word).rstrip() for word in query.split()]
        words = [word for word in words if word.strip()]
        if words and all(
            any(word in text for text in said) or one.ref == given
            for word, given in zip(words, query.split(), strict=True)
        ):
            matching.add(one.slug)
    return matching


@pytest.fixture(scope="module")
def made_up(django_db_setup, django_db_blocker):
    """A made-up record for all that only read it."""
    with django_db_blocker.unblock():
        outer = transaction.atomic()
        outer.__enter__()
        make(commitments=40, seed=3, until=date(2026, 11, 20))
        yield
        transaction.set_rollback(True)
        outer.__exit__(None, None, None)


@pytest.mark.parametrize(
    "words",
    [
        "fisheries",
        "FISHERIES tariffs",
        "fish",
        "电信",
        "电",
        "信",
        "港口",
        "降低关税",
        "低关",
        "notice 通关",
        "the northern ports",
        "1.14",
        "2.3",
        "41",
        "a",
        "nothing-like-it",
        "step, by",
        "sémiconductors",
        "ｆｉｓｈｅｒｉｅｓ",
    ],
)
def test_the_index_finds_what_a_plain_reading_finds(made_up, words):
    assert found(f"q={words}") == read_plainly(words)


def test_something_is_found_and_something_is_not(made_up):
    assert 0 < len(found("q=fisheries")) < 40
    assert 0 < len(found("q=电信")) < 40


def test_searching_takes_a_fixed_number_of_queries(made_up):
    def asked(query):
        with CaptureQueriesContext(connection) as queries:
            found(query)
        return len(queries)

    assert asked("q=fisheries") == asked("q=the") == asked("q=nothing-like-it") == 1
    days = "&as_of=2026-09-01&known_at=2026-10-01"
    assert asked(f"q=fisheries{days}") == asked(f"q=the{days}") <= 10
