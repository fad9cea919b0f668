"""Exporting everything holds a few rows in memory at a time, however many there are."""

import gc
from contextlib import contextmanager
from weakref import WeakSet

import pytest
from django.db.models.signals import post_init

from commitments.models import Commitment, Passage, Source, State, Topic
from tests.factories import CommitmentFactory
from tracker import reading
from tracker.api import lists

ROWS, CHUNK = 240, 10
# Looked at each so many lines; no multiple of a chunk.
STEP = 7


@contextmanager
def watched(*models):
    """Yield the rows of some models that are alive."""
    alive = WeakSet()

    def note(instance, **kwargs):
        alive.add(instance)

    for model in models:
        post_init.connect(note, sender=model)
    try:
        yield alive
    finally:
        for model in models:
            post_init.disconnect(note, sender=model)


def streamed(client, address, *models):
    """Return the lines of an export, and how many rows were alive at most meanwhile."""
    gc.collect()
    lines, most = [], 0
    with watched(*models) as alive:
        answer = client.get(address)
        assert answer.status_code == 200 and answer.streaming
        # Nothing is read before somebody reads.
        assert len(alive) == 0
        for number, line in enumerate(answer.streaming_content):
            lines.append(line)
            if number % STEP == 0:
                # A row and what was fetched with it refer to each other.
                gc.collect()
                most = max(most, len(alive))
    return lines, most


@pytest.fixture
def many(db, monkeypatch):
    monkeypatch.setattr(lists, "CHUNK", CHUNK)
    monkeypatch.setattr(reading, "CHUNK", CHUNK)
    source = Source.objects.create(slug="report", title="A report", kind="report")
    Passage.objects.bulk_create(
        Passage(source=source, ref=f"1.{n}", position=n, role="context", summary="x")
        for n in range(ROWS)
    )
    Topic.objects.bulk_create(
        Topic(slug=f"topic-{n}", name=f"Topic {n}") for n in range(ROWS)
    )


@pytest.mark.parametrize("form", ["jsonl", "csv"])
@pytest.mark.parametrize(("noun", "model"), [("passages", Passage), ("topics", Topic)])
def test_an_export_of_the_api_holds_a_chunk_or_two(client, many, noun, model, form):
    lines, most = streamed(client, f"/api/v1/{noun}/?format={form}", model)

    # A table begins with the names of its columns.
    assert len(b"".join(lines).splitlines()) == ROWS + (form == "csv")
    assert 0 < most <= 3 * CHUNK


@pytest.mark.parametrize(
    "address",
    [
        *("/api/v1/commitments/?format=jsonl", "/api/v1/commitments/?format=csv"),
        *("/commitments.jsonl", "/commitments.csv"),
    ],
)
@pytest.mark.parametrize("day", ["", "as_of=2026-08-01"])
def test_an_export_of_commitments_holds_a_chunk_or_two(
    client, db, monkeypatch, address, day
):
    monkeypatch.setattr(lists, "CHUNK", 3)
    monkeypatch.setattr(reading, "CHUNK", 3)
    for _ in range(24):
        CommitmentFactory()

    asked = f"{address}{'&' if '?' in address else '?'}{day}"
    lines, most = streamed(client, asked, State, Commitment)

    assert len(b"".join(lines).splitlines()) == 24 + ("csv" in address)
    # A state and its commitment for each row, of 48; what is told from cards needs none.
    assert most <= 4 * 3 * 2
    reads_cards = asked == "/api/v1/commitments/?format=jsonl&"
    assert (most == 0) == reads_cards
