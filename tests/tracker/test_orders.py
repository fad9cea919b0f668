"""What the list is sorted by is in an index: no page sorts the whole record."""

import pytest
from django.db import connection
from django.http import QueryDict

from commitments.models import Commitment
from tests.factories import CommitmentFactory, assess
from tracker import browse, orders
from tracker.browse import parse
from tracker.orders import NOW

pytestmark = pytest.mark.django_db
INDEXES = {
    "ref": "commitment_by_ref",
    "due": "commitment_by_due",
    "review": "commitment_by_review",
    "changed": "commitment_by_event",
}


def plan(rows):
    """Return how the database finds rows, were there many of them."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            # With few rows sorting them is cheaper; the question is what can be done.
            for way in ("seqscan", "sort", "bitmapscan"):
                cursor.execute(f"SET LOCAL enable_{way} = off")
    return rows.explain()


@pytest.mark.parametrize("sort", INDEXES)
def test_a_page_is_read_from_the_index_of_its_order(sort):
    page = orders.ordered(browse.now(), NOW[sort])[:26]

    found = plan(page)

    assert INDEXES[sort] in found
    assert "TEMP B-TREE" not in found and "Sort" not in found


@pytest.mark.parametrize("sort", INDEXES)
def test_a_later_page_enters_the_index_at_its_place(sort):
    for number in range(3):
        assess(CommitmentFactory(ref=f"1.{number + 1}"))
    first = list(orders.ordered(browse.now(), NOW[sort])[:2])
    place = orders.place(first[-1], NOW[sort])
    rows = orders.ordered(browse.now(), NOW[sort])
    later = orders.behind(rows, NOW[sort], place)[:2]

    found = plan(later)

    assert INDEXES[sort] in found
    assert "TEMP B-TREE" not in found and "Sort" not in found
    assert [one.ref for one in later] == ["1.3"]


def test_today_commitments_and_their_states_match_alike(today, record):
    queries = ("", "status=under_way", "status=-delivered", "pillar=2", "q=pact")
    queries += ("schedule=overdue", "freshness=-current", "body=mofcom", "kind=rule")
    queries += ("topic=-trade", "partner=asean&claim_gap=true", "position=none_stated")
    for query in queries:
        for sort in NOW:
            question = parse(QueryDict(f"{query}&sort={sort}"), today=today)
            rows = browse.narrowed(browse.now(), question)
            now = [one.pk for one in orders.ordered(rows, NOW[sort])]
            then = [one.commitment_id for one in browse.states(question)]
            assert now == then, (query, sort)
    assert Commitment.objects.standing_now().count() == 4
