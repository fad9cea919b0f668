import re
from datetime import date
from urllib.parse import urljoin

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from commitments import services
from commitments.models import HistoryEntry
from commitments.statuses import MATERIAL
from tests.factories import (
    CommitmentFactory,
    DraftFactory,
    UserFactory,
    assess,
    two_people,
)
from tests.tracker.record import TODAY, moment
from tracker import changes, telling


def told(text=""):
    asked = changes.parse(QueryDict(text), today=TODAY)
    shown = list(changes.ordered(changes.entries(asked), asked).whole())
    return changes.told(shown, asked.question)


def shown(html):
    return [int(seq) for seq in re.findall(r'<li id="entry-(\d+)"', html)]


def test_all_entries_are_shown_newest_first(page, record):
    html = page("/changes/")
    entries = HistoryEntry.objects.order_by("-effective_on", "-seq")
    assert shown(html) == list(entries.values_list("seq", flat=True))
    assert f"{entries.count()} entries" in html


def test_step_leads_from_old_to_new_with_reason_and_link(page, record):
    html = page("/changes/", entry="status", commitment="join-the-pact")
    assert "Announced" in html
    assert "We misread the notice." in html
    assert f"/commitments/join-the-pact/#entry-{record.wrong.seq}" in html


@pytest.mark.django_db
def test_steps_follow_what_held_before(record):
    steps = {c.entry.seq: telling.sentence(c) for c in told("commitment=join-the-pact")}
    assert steps[record.wrong.seq] == "Delivery status: Announced → Partly delivered"
    assert (
        steps[record.correction.seq]
        == "Correction of delivery status: Partly delivered → Under way"
    )
    assert "Delivery status: Not yet assessed → Announced" in steps.values()
    assert "Wording changed" in steps.values()
    assert "Commitment made: promised for 1 Mar 2027" in steps.values()


@pytest.mark.django_db
def test_struck_out_entry_leads_back_to_what_held_before(record):
    later = assess(record.gap, effective_on=date(2026, 7, 1), at=moment(9, 3))
    services.correct(
        entry=later, reason="No.", strike=True, **two_people(), at=moment(9, 4)
    )
    newest = told("commitment=build-a-zone&order=recorded")[0]
    assert telling.sentence(newest) == (
        "Correction of delivery status (entry struck out): Under way → Announced"
    )
    wrong = next(c for c in told("commitment=build-a-zone") if c.entry == later)
    assert wrong.corrected_by == newest.entry.seq


@pytest.mark.django_db
def test_claim_merge_and_withdrawal_are_told(record):
    sentences = [telling.sentence(c) for c in told()]
    assert "Official position: None stated → Declared complete" in sentences
    assert f"Merged: into {record.moved}" in sentences
    assert "No longer tracked" in sentences


def test_wording_shows_what_was_added_and_removed(page, record):
    html = page("/changes/", entry="wording")
    assert "<del>now</del>" in html
    assert "<ins>at once</ins>" in html


def test_corrected_entry_is_struck_and_leads_to_its_correction(page, record):
    html = page("/changes/")
    assert f'<li id="entry-{record.wrong.seq}" class="struck">' in html
    assert f"#entry-{record.correction.seq}" in html


def test_title_is_that_of_the_day_asked_about(page, record):
    assert "Join the pact at once &amp; here" in page("/changes/")
    assert "Join the pact now &amp; here" in page("/changes/", as_of="2026-07-01")


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"entry": "status"}, {"kind": "status"}),
        ({"entry": ["claim", "wording"]}, {"kind__in": ["claim", "wording"]}),
        ({"pillar": "2"}, {"commitment__pillar__number": 2}),
        ({"commitment": "gone"}, {"commitment__slug": "gone"}),
        ({"body": "mofcom"}, {"commitment__bodies__slug": "mofcom"}),
        ({"as_of": "2026-03-15"}, {"effective_on__lte": date(2026, 3, 15)}),
        ({"known_at": "2026-07-04"}, {"recorded_at__lt": moment(7, 5, 0)}),
    ],
)
def test_filters_narrow(page, record, query, expected):
    wanted = HistoryEntry.objects.filter(**expected)
    html = page("/changes/", **query)
    assert sorted(shown(html)) == sorted(wanted.values_list("seq", flat=True))


@pytest.mark.django_db
@pytest.mark.parametrize("query", ["topic=trade", "status=announced", "q=pact"])
def test_few_and_many_commitments_have_the_same_entries(record, monkeypatch, query):
    asked = changes.parse(QueryDict(query), today=TODAY)
    few = changes.entries(asked)
    monkeypatch.setattr(changes, "FEW", 0)
    many = changes.entries(asked)

    assert "commitments_state" not in str(few.query)
    assert "commitments_state" in str(many.query)
    assert set(few) == set(many) != set()


def test_material_leaves_out_what_changed_nothing_in_the_world(page, record):
    services.review(
        commitment=record.gap,
        reason="Looked.",
        effective_on=date(2026, 9, 1),
        looked_until=date(2026, 9, 1),
        evidence=[],
        by=UserFactory(),
        at=moment(9, 5),
    )
    seen = HistoryEntry.objects.in_bulk(shown(page("/changes/", material="true")))
    assert {entry.acts_as for entry in seen.values()} <= set(MATERIAL)
    assert record.correction.seq in seen


def test_chips_count_what_each_choice_would_show(page, record):
    html = page("/changes/", pillar="1")
    chips = re.findall(r'<a class="chip[^>]*href="([^"]+)"[^>]*>[^<]+<span>(\d+)', html)
    assert len(chips) > 4
    for address, count in chips:
        address = address.replace("&amp;", "&")
        assert len(shown(page(urljoin("/changes/", address)))) == int(count)


@pytest.mark.parametrize("order", ["happened", "recorded"])
def test_pages_join_without_gap_or_overlap(page, record, monkeypatch, order):
    monkeypatch.setattr("tracker.pages.changes.SHOWN", 4)
    address, seen = f"/changes/?order={order}", []
    while address:
        html = page(address)
        seen += shown(html)
        older = re.search(r'<a class="btn" href="(\?[^"]+)" rel="next"', html)
        address = "/changes/" + older[1].replace("&amp;", "&") if older else ""
    everything = HistoryEntry.objects.order_by(
        *(["-seq"] if order == "recorded" else ["-effective_on", "-seq"])
    )
    assert seen == list(everything.values_list("seq", flat=True))


def test_entry_recorded_meanwhile_does_not_shift_older_pages(page, record, monkeypatch):
    monkeypatch.setattr("tracker.pages.changes.SHOWN", 4)
    html = page("/changes/", order="recorded")
    older = re.search(r'href="(\?[^"]+)" rel="next"', html)[1].replace("&amp;", "&")
    before = shown(page("/changes/" + older))
    CommitmentFactory()
    assert shown(page("/changes/" + older)) == before


@pytest.mark.parametrize(
    "query",
    [
        {"entry": "gossip"},
        {"material": "perhaps"},
        {"order": "luck"},
        {"commitment": "nowhere"},
        {"before": "yesterday"},
        {"before": "2026-13-01.4"},
        {"before": "9" * 40},
        {"colour": "red"},
        {"as_of": "2027-01-01"},
        {"pillar": "9"},
        {"commitment": ["join-the-pact", "gone"]},
        {"material": ["true", "true"]},
        {"order": ["happened", "recorded"]},
        {"before": ["2026-07-03.4", "2026-07-03.5"]},
    ],
)
def test_wrong_parameter_is_named_with_400(page, record, query):
    html = page("/changes/", code=400, **query)
    assert 'role="alert"' in html
    assert next(iter(query)) in html


def test_each_of_the_lists_filters_can_be_taken_off(page, record):
    query = {"body": "mofcom", "q": "pact", "commitment": "join-the-pact"}
    html = page("/changes/", **query)
    chips = re.findall(r'href="([^"]+)" aria-label="Remove filter: ([^"]+)"', html)
    assert [words for _, words in chips] == [
        "Responsible body: Ministry of Commerce",
        "“pact”",
        "Commitment: join-the-pact",
    ]
    for address, _ in chips:
        assert (
            len(
                re.findall(
                    "Remove filter",
                    page(urljoin("/changes/", address.replace("&amp;", "&"))),
                )
            )
            == 2
        )


def test_nothing_found_says_which_filter_to_drop(page, record):
    html = page("/changes/", entry="redaction")
    assert "Nothing is recorded for these filters" in html


def test_draft_is_never_told(page, record):
    draft = DraftFactory(title="Secret plan")
    assert "Secret" not in page("/changes/")
    page("/changes/", code=400, commitment=draft.slug)


def test_past_day_is_marked(page, record):
    html = page("/changes/", known_at="2026-07-04")
    assert "You are looking at the past" in html
    assert 'content="noindex"' in html


def test_queries_do_not_grow_with_entries(page, record):
    with CaptureQueriesContext(connection) as few:
        page("/changes/", pillar="1")
    for _ in range(5):
        assess(CommitmentFactory())
    with CaptureQueriesContext(connection) as many:
        page("/changes/", pillar="1")
    assert len(many) == len(few)


def test_empty_record_is_shown(page, db, today):
    assert "Nothing is recorded" in page("/changes/")
