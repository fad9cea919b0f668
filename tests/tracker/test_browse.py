from datetime import date

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from commitments import search, services
from commitments.models import Partner, Topic
from tests.factories import (
    AT,
    BodyFactory,
    CommitmentFactory,
    DraftFactory,
    PillarFactory,
    UserFactory,
    assess,
)
from tracker import browse, facets
from tracker.browse import BadParameter

TODAY = date(2026, 7, 10)


def parse(text="", **options):
    return browse.parse(QueryDict(text), today=TODAY, **options)


def found(text=""):
    return [state.commitment for state in browse.states(parse(text))]


def counts(text, field):
    for facet in facets.counted(parse(text)):
        if facet.field == field:
            return {option.value: option.count for option in facet.options}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("colour=red", "colour"),
        ("status=done", "status"),
        ("status=delivered&status=done", "status"),
        ("schedule=late", "schedule"),
        ("freshness=old", "freshness"),
        ("position=said", "position"),
        ("kind=x", "kind"),
        ("claim_gap=perhaps", "claim_gap"),
        ("sort=luck", "sort"),
        ("sort=ref&sort=due", "sort"),
        ("as_of=2026-02-30", "as_of"),
        ("as_of=2026-07-11", "as_of"),
        ("known_at=never", "known_at"),
        ("q=" + "x" * 201, "q"),
    ],
)
def test_what_cannot_be_answered_is_named(query, field):
    with pytest.raises(BadParameter) as refused:
        parse(query)
    assert refused.value.field == field
    assert refused.value.message


@pytest.mark.django_db
@pytest.mark.parametrize("field", ["pillar", "body", "partner", "topic"])
def test_unknown_rows_are_refused(field):
    with pytest.raises(BadParameter) as refused:
        parse(f"{field}=nowhere")
    assert refused.value.field == field


def test_unknown_parameter_lists_the_known_ones():
    with pytest.raises(BadParameter) as refused:
        parse("colour=red", also=["cursor"])
    assert {"q", "as_of", "cursor"} <= set(refused.value.known)
    assert parse("cursor=1", also=["cursor"]).sort == "ref"


def test_empty_values_ask_for_nothing():
    question = parse("q=&status=&as_of=&sort=&claim_gap=")
    assert not question.is_narrowed
    assert not question.is_past
    assert question.on == TODAY


def test_question_can_be_asked_again_without_one_filter():
    question = parse("q=zone&status=delivered&status=announced&sort=due")
    left = question.parameters(without=("status", "announced"))
    assert left.urlencode() == "q=zone&status=delivered&sort=due"


@pytest.mark.django_db
def test_only_published_are_found_in_their_order():
    tenth, second = CommitmentFactory(ref="1.10"), CommitmentFactory(ref="1.2")
    DraftFactory(ref="1.3")
    assert found() == [second, tenth]


@pytest.mark.django_db
def test_what_was_withdrawn_is_not_found():
    one = CommitmentFactory()
    services.withdraw(commitment=one, reason="No promise.", by=UserFactory(), at=AT)
    assert found() == found("as_of=2026-07-09") == []


@pytest.mark.django_db
def test_values_of_one_filter_widen_and_filters_narrow():
    first, second = CommitmentFactory(), CommitmentFactory(kind="zone")
    third = CommitmentFactory(pillar=PillarFactory(number=2), kind="zone")
    assert found("pillar=1") == [first, second]
    assert found("pillar=1&pillar=2&kind=zone") == [second, third]


@pytest.mark.django_db
def test_bodies_partners_and_topics_give_each_commitment_once():
    one = CommitmentFactory()
    CommitmentFactory()
    bodies = [BodyFactory(slug="a"), BodyFactory(slug="b")]
    one.bodies.add(*bodies)
    one.partners.add(Partner.objects.create(slug="p", name="P", kind="region"))
    one.topics.add(Topic.objects.create(slug="t", name="Tariffs"))
    search.refresh([one.pk])
    assert found("body=a&body=b&partner=p&topic=t") == [one]
    assert found("q=tariffs") == [one]


@pytest.mark.django_db
def test_search_wants_every_word():
    one = CommitmentFactory(title="Join the CPTPP", statement="A trade agreement.")
    CommitmentFactory(title="Another agreement")
    assert found("q=cptpp+agreement") == [one]
    assert found(f"q={one.ref}") == [one]


@pytest.mark.django_db
def test_derived_values_agree_with_the_state():
    fresh, new = CommitmentFactory(), CommitmentFactory()
    assess(fresh)
    assert found("freshness=current") == [fresh]
    assert found("freshness=never_reviewed") == [new]
    assert found("freshness=current&freshness=never_reviewed") == [fresh, new]
    assert found("schedule=not_due") == [fresh, new]
    assert found("schedule=overdue") == []


@pytest.mark.django_db
def test_past_days_answer_from_then():
    one = CommitmentFactory()
    assess(one, effective_on=date(2026, 3, 1))
    assert found("status=under_way") == [one]
    assert found("status=under_way&as_of=2026-02-01") == []
    assert found("as_of=2026-02-01") == [one]
    assert found("known_at=2026-07-02") == []


@pytest.mark.django_db
def test_counts_leave_out_their_own_filter_alone():
    assess(CommitmentFactory())
    CommitmentFactory(kind="zone")
    assert counts("kind=zone", "kind") == {"rule": 1, "zone": 1}
    assert counts("kind=zone", "status") == {}
    assert counts("kind=rule", "status") == {"under_way": 1}
    assert counts("kind=rule", "freshness") == {"current": 1}
    assert counts("status=under_way", "pillar") == {"1": 1}


@pytest.mark.django_db
@pytest.mark.parametrize("sort", browse.SORTS)
def test_every_order_gives_all(sort):
    assess(CommitmentFactory())
    CommitmentFactory()
    assert len(found(f"sort={sort}")) == 2


@pytest.mark.django_db
def test_number_of_queries_is_fixed():
    def ask():
        with CaptureQueriesContext(connection) as asked:
            facets.counted(parse("q=open"))
        return len(asked)

    CommitmentFactory()
    few = ask()
    for _ in range(5):
        CommitmentFactory().bodies.add(BodyFactory())
    assert ask() == few
