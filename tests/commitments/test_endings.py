"""What goes, a commitment, a text or an account, leaves its history whole."""

import pytest

from commitments import chain, services
from commitments.models import Commitment, State
from tests.factories import AT, CommitmentFactory, UserFactory, assess

pytestmark = pytest.mark.django_db


def test_withdrawn_and_merged_commitments_stay_public():
    gone, twin, other = (CommitmentFactory() for _ in range(3))
    services.withdraw(commitment=gone, reason="No promise.", by=UserFactory(), at=AT)
    services.merge(
        commitment=twin, into=other, reason="The same.", by=UserFactory(), at=AT
    )

    assert Commitment.objects.public().count() == 3
    assert list(Commitment.objects.standing_now()) == [other]
    merged = State.objects.at(as_of=AT.date()).get(commitment=twin)
    assert merged.merged_into == other


def test_a_redaction_erases_the_text_and_keeps_the_chain():
    commitment = CommitmentFactory()
    entry = assess(commitment, by=UserFactory(username="gone"))

    services.redact(
        entry=entry,
        fields=["author_name"],
        reason="Asked for by the person.",
        by=UserFactory(),
        at=AT,
    )

    entry.text.refresh_from_db()
    assert (entry.text.author_name, entry.text.author) == ("", None)
    assert list(chain.verify()) == []


def test_an_account_can_go_while_its_entries_stay():
    author = UserFactory(username="ada")
    entry = assess(CommitmentFactory(), by=author)

    author.delete()

    entry.text.refresh_from_db()
    assert (entry.text.author, entry.text.author_name) == (None, "ada")
