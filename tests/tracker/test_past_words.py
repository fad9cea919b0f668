"""What a past day says is said in the words of that day."""

from datetime import date

import pytest

from commitments import services
from tests.factories import EvidenceFactory, two_people
from tests.tracker.record import moment


@pytest.mark.parametrize("view", ["table", "cards", "timeline"])
def test_a_past_day_is_searched_and_shown_in_its_own_words(client, page, record, view):
    services.amend_wording(
        commitment=record.moved,
        changes={
            "statement": "It will join without delay.",
            "title_zh": "立即加入协定",
        },
        reason="The minister said so again.",
        evidence=[EvidenceFactory()],
        effective_on=date(2026, 10, 1),
        at=moment(10, 2),
        **two_people(),
    )
    then, now = f"view={view}&as_of=2026-09-30", f"view={view}"
    # What is said today, and was not said then.
    for words in ("delay", "立即"):
        assert "/commitments/join-the-pact/" in page(f"/commitments/?{now}&q={words}")
        assert "/commitments/join-the-pact/" not in page(
            f"/commitments/?{then}&q={words}"
        )
    shown = page(f"/commitments/?{then}&q=加入协定")
    assert "/commitments/join-the-pact/" in shown
    assert "立即" not in shown and "without delay" not in shown
    # Nor does a file of that day hold today's words.
    file = client.get("/commitments.csv?as_of=2026-09-30").getvalue().decode()
    assert "加入协定" in file and "立即" not in file


def test_a_document_names_its_commitments_in_the_words_of_the_day(page, record):
    (notice,) = record.correction.evidence.all()
    old, new = "Join the pact now &amp; here", "Join the pact at once &amp; here"

    today = page(f"/evidence/{notice.slug}/")
    then = page(f"/evidence/{notice.slug}/", known_at="2026-08-01")

    assert new in today and old not in today
    assert old in then and new not in then
