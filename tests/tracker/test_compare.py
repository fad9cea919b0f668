import random
import re
from collections import Counter
from datetime import date, timedelta

import pytest
from django.db import connection
from django.http import QueryDict
from django.test.utils import CaptureQueriesContext

from commitments.models import HistoryEntry
from commitments.statuses import Status
from tests.factories import CommitmentFactory, PillarFactory, assess
from tests.tracker.record import TODAY, moment
from tracker import comparison
from tracker.browse import BadParameter, Question


def compare(first, last, known_at=None):
    return comparison.compare(
        first, Question(today=TODAY, as_of=last, known_at=known_at)
    )


def status_by_hand(commitment, on, known_at):
    """The status on a day, from the entries alone; None where it was not listed."""
    entries = [e for e in commitment.history.all() if e.recorded_at.date() <= known_at]
    corrected = {e.refers_to_id for e in entries if e.kind == "correction"}
    status = None
    for entry in sorted(entries, key=lambda e: (e.effective_on, e.seq)):
        if entry.seq in corrected or entry.effective_on > on:
            continue
        if entry.acts_as == "published":
            status = ""
        elif entry.acts_as == "status":
            status = entry.status
        elif entry.acts_as in ("withdrawn", "merged"):
            return None
    return status


def check_adds_up(tally):
    assert tally.stayed + tally.moved + tally.left == tally.total_before
    assert tally.stayed + tally.moved + tally.came == tally.total_after
    assert sum(d for *_, d in tally.lines()) == tally.total_after - tally.total_before


@pytest.mark.django_db
@pytest.mark.parametrize("seed", range(4))
def test_counts_are_those_of_a_count_by_hand(record, seed):
    chance = random.Random(seed)
    steps = [Status.NO_EVIDENCE, Status.ANNOUNCED, Status.UNDER_WAY]
    pillars = [PillarFactory(number=n) for n in (1, 2, 3)]
    made = [
        CommitmentFactory(ref=f"{p.number}.{n}", pillar=p)
        for p in pillars
        for n in range(50, 53)
    ]
    hour = 0
    for commitment in made:
        day = date(2026, 1, 1)
        for status in chance.sample(steps, k=chance.randint(0, 3)):
            day += timedelta(days=chance.randint(1, 90))
            hour += 1
            at = moment(9, 10) + timedelta(hours=hour)
            assess(commitment, status=status, effective_on=day, at=at)
    everyone = [c for c in [*made, *record.all, record.withdrawn, record.merged]]
    scored = [c for c in everyone if c.trackable]
    for _ in range(6):
        first = date(2026, 1, 1) + timedelta(days=chance.randint(0, 300))
        last = first + timedelta(days=chance.randint(0, 27))
        known_at = chance.choice([TODAY, date(2026, 9, 11), date(2026, 7, 5)])
        found = compare(first, last, known_at)
        pairs = {
            c.pk: (
                status_by_hand(c, first, known_at),
                status_by_hand(c, last, known_at),
            )
            for c in scored
        }
        pairs = {pk: pair for pk, pair in pairs.items() if pair != (None, None)}
        assert {p.row.commitment.pk for p in found.pairs} == set(pairs)
        for tally in (found.whole, *found.pillars):
            check_adds_up(tally)
            mine = [
                pair
                for pk, pair in pairs.items()
                if tally.number is None
                or next(c for c in scored if c.pk == pk).pillar.number == tally.number
            ]
            assert tally.before == Counter(a for a, _ in mine if a is not None)
            assert tally.after == Counter(b for _, b in mine if b is not None)
            assert tally.came == sum(a is None for a, _ in mine)
            assert tally.left == sum(b is None for _, b in mine)
            both = [(a, b) for a, b in mine if a is not None and b is not None]
            assert tally.moved == sum(a != b for a, b in both)
        parts = ("stayed", "moved", "came", "left", "total_before", "total_after")
        for part in parts:
            total = sum(getattr(t, part) for t in found.pillars)
            assert total == getattr(found.whole, part)


def test_counts_are_those_of_the_api(client, record):
    found = compare(date(2026, 2, 15), TODAY)
    for day, counts in ((found.first, found.whole.before), (TODAY, found.whole.after)):
        stats = client.get("/api/v1/stats/", {"as_of": day.isoformat()}).json()
        assert {s: counts[s] for s in Status.values} == stats["status"]
        assert sum(counts.values()) == stats["trackable"]


def test_page_shows_what_moved(page, record):
    html = page("/compare/", **{"from": "2026-01-05", "to": "2026-11-24"})
    assert (
        "3 of 3 commitments changed status between 5 Jan 2026 and 24 Nov 2026" in html
    )
    assert "changed to" in html
    assert "Declared complete" in html
    assert "<ins>at once</ins>" in html
    assert 'class="chart alluvial"' in html


def test_same_day_twice_shows_no_change(page, record):
    html = page("/compare/", **{"from": "2026-11-24", "to": "2026-11-24"})
    assert "None of the 3 commitments changed status" in html
    assert "alluvial" not in html


def test_known_at_answers_both_days_with_what_was_known(page, record):
    days = {"from": "2026-01-05", "to": "2026-04-01"}
    now = page("/compare/", **days)
    then = page("/compare/", **days, known_at="2026-07-05")
    assert "Both days are shown with only what we knew" in then
    moves = r'changed to </span><span class="st s-([a-z-]+)"'
    assert "under-way" in re.findall(moves, now)
    assert "partly-delivered" in re.findall(moves, then)


def test_entries_in_between_are_counted(record):
    found = compare(date(2026, 1, 1), date(2026, 6, 30))
    counted = HistoryEntry.objects.filter(
        effective_on__gt=date(2026, 1, 1), effective_on__lte=date(2026, 6, 30)
    )
    assert sum(n for _, n in found.entries) == counted.count()


def test_without_days_it_looks_back_a_quarter(today):
    first, question = comparison.parse(QueryDict(), today=today)
    assert (question.on, question.on - first) == (today, comparison.A_QUARTER)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("from=2026-05-01&to=2026-04-01", "from"),
        ("from=2026-02-30", "from"),
        ("to=2027-01-01", "to"),
        ("to=x", "to"),
        ("known_at=x", "known_at"),
        ("until=2026-01-01", "until"),
        ("from=2026-01-01&from=2026-01-02", "from"),
    ],
)
def test_what_cannot_be_compared_is_named(query, field):
    with pytest.raises(BadParameter) as refused:
        comparison.parse(QueryDict(query), today=TODAY)
    assert refused.value.field == field


def test_wrong_days_are_a_helpful_400(page, record):
    html = page("/compare/", code=400, **{"from": "2026-05-01", "to": "2026-04-01"})
    assert "Swap them." in html


def test_days_before_the_record_are_empty_not_an_error(page, record):
    html = page("/compare/", **{"from": "1900-01-01", "to": "1900-01-02"})
    assert "No commitment was on record" in html


def test_queries_do_not_grow_with_commitments(page, record):
    with CaptureQueriesContext(connection) as few:
        page("/compare/", **{"from": "2026-01-01"})
    for _ in range(5):
        assess(CommitmentFactory())
    with CaptureQueriesContext(connection) as many:
        page("/compare/", **{"from": "2026-01-01"})
    assert len(many) == len(few)
