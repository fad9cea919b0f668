"""A write finds what it needs by keys: it takes as long when the record has grown."""

import pytest
from django.db import connection

from commitments.actors import Machine
from commitments.models import HistoryEntry, HistoryText
from tests.factories import CommitmentFactory, EvidenceFactory, assess
from tests.plans import every_statement, read_whole
from tests.tracker import record

pytestmark = pytest.mark.django_db

# The latest entry is read off the end of its key.
HEAD = 'FROM "commitments_historyentry" ORDER BY "commitments_historyentry"."seq" DESC'


def test_no_entry_of_any_kind_reads_a_table_of_the_record_whole():
    with every_statement(of=read_whole) as asked:
        record.small()
        once = {"evidence": [EvidenceFactory()], "by": Machine("archivist")}
        commitment = CommitmentFactory()
        entry = assess(commitment, idempotency_key="one", **once)
        assert assess(commitment, idempotency_key="one", **once) == entry

    assert len(asked) > 100
    for statement, tables in asked.items():
        of_ours = [t for t in tables if not t.startswith(("auth_", "django_"))]
        assert not of_ours or HEAD in statement, (of_ours, statement)


def test_a_look_at_what_no_index_holds_is_told():
    """The proof that the test above can fail."""
    with every_statement(of=read_whole) as asked:
        assert not HistoryText.objects.filter(reason="Said nowhere.").exists()

    assert list(asked.values()) == [["commitments_historytext"]]


@pytest.mark.skipif(connection.vendor != "sqlite", reason="SQLite's own way")
def test_sqlite_takes_the_index_of_keys_only_where_empty_ones_are_left_out():
    entries = HistoryEntry.objects.filter(actor="a", idempotency_key="one")
    with every_statement(of=read_whole) as asked:
        assert not entries.exists()
        assert not HistoryEntry.objects.under_key("a", "one").exists()

    assert list(asked.values()) == [["commitments_historyentry"], []]
