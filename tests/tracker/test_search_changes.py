"""The search index follows the record, and the days asked about."""

from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection
from django.http import QueryDict

from commitments import search, services
from commitments.check import check_record
from commitments.models import Commitment, Topic
from tests.factories import (
    CommitmentFactory,
    EvidenceFactory,
    UserFactory,
    assess,
    two_people,
)
from tests.tracker import record
from tests.tracker.test_search import found

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    "words",
    [
        '"',
        "'",
        "''' OR 1=1 --",
        "now:fisheries",
        "past:x OR now:x",
        "a* NOT b",
        "NEAR(a b, 2)",
        "(((",
        "^fish",
        "{now past}:fish",
        "& | ! <->",
        "fish:*",
        "\\",
        "%",
        "_",
        "—",
        "-",
        "*",
        "ﷺ",
        "\U0001f41f",
        "\ud7ff\uf900",
        "a" * 200,
        "港" * 200,
        "1." * 60,
    ],
)
def test_no_search_is_syntax(words):
    CommitmentFactory(title="Open the fish market")
    query = QueryDict(mutable=True)
    query["q"] = words

    found(query.urlencode())


def test_punctuation_alone_finds_nothing_and_beside_words_is_let_be():
    one = CommitmentFactory(title="Open the fish market: duty-free & fair")

    assert found("q=%25") == set()
    assert found("q=fish+—+market") == {one.slug}
    assert found("q=duty-free") == {one.slug}
    assert found("q=duty-fair") == set()


def test_a_past_day_is_searched_by_its_own_words():
    one = CommitmentFactory(title="Join the pact", stated_on=date(2026, 1, 1))
    services.amend_wording(
        commitment=one,
        changes={"title": "Enter the treaty", "criteria": {"a": "It is ratified."}},
        reason="The text was published in full.",
        evidence=[EvidenceFactory(title="Bulletin nine")],
        effective_on=date(2026, 8, 1),
        **two_people(),
        at=record.moment(8, 2),
    )

    assert found("q=treaty") == found("q=ratified") == {one.slug}
    assert found("q=pact") == set()
    assert found("q=pact&as_of=2026-07-10") == {one.slug}
    assert found("q=treaty&as_of=2026-07-10") == set()
    assert found("q=ratified&as_of=2026-07-10") == set()
    assert found("q=bulletin&as_of=2026-07-10") == set()
    assert found("q=pact&known_at=2026-08-01") == {one.slug}
    assert found("q=bulletin&known_at=2026-08-01") == set()
    assert found("q=bulletin+treaty&known_at=2026-08-02") == {one.slug}
    assert found(f"q={one.ref}&known_at=2026-08-01") == {one.slug}


def test_every_change_that_readers_see_reaches_the_index(client, capsys):
    one = CommitmentFactory()
    document = EvidenceFactory(title="Gazette seven")
    entry = assess(one, evidence=[document], reason="Lobsters are let in.")
    assert found("q=lobsters+gazette") == {one.slug}

    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    document.title = "Circular eight"
    document.save()
    assert list(check_record()) == [
        f"commitment {one.pk}: the search index differs from the record",
        f"commitment {one.pk}: its card differs from the record",
    ]
    call_command("refresh_search")
    assert capsys.readouterr().out == "1 commitments indexed anew\n"
    assert found("q=circular") == {one.slug}

    services.redact(
        entry=entry,
        fields=["reason"],
        reason="It named a person.",
        by=UserFactory(),
        at=record.moment(9, 9),
    )
    assert found("q=lobsters") == set()
    assert list(check_record()) == []


def test_a_name_changed_on_the_desk_is_found(client, settings):
    settings.REQUIRE_MFA = False
    one = CommitmentFactory()
    topic = Topic.objects.create(slug="t", name="Tariffs")
    one.topics.add(topic)
    client.force_login(UserFactory(is_staff=True, is_superuser=True))
    answer = client.post(
        f"/admin/commitments/topic/{topic.pk}/change/",
        {"name": "Excise", "name_zh": "消费税", "seen_change": "0"},
    )

    assert answer.status_code == 302
    assert found("q=excise") == found("q=消费") == {one.slug}
    client.post(f"/admin/commitments/topic/{topic.pk}/delete/", {"post": "yes"})
    assert found("q=excise") == set()


def test_what_readers_may_not_see_is_not_in_the_index():
    draft = Commitment.objects.filter(pk=CommitmentFactory().pk)
    draft.update(standing="")
    search.refresh(draft.values_list("pk", flat=True))

    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM commitments_search")
        assert cursor.fetchone() == (0,)
