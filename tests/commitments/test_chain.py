"""Tampering with the guards off: every form is found."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from commitments import chain, guards, services
from commitments.models import Citation, Commitment, HistoryEntry, HistoryText
from commitments.services.checkpoints import compare, read_checkpoints
from tests.factories import (
    AT,
    BodyFactory,
    CommitmentFactory,
    EvidenceFactory,
    assess,
    two_people,
)
from tracker.models import Event

H = HistoryEntry._meta.db_table


@pytest.fixture
def history(db):
    """Seven entries of several kinds, and a saved checkpoint of them."""
    first, second = CommitmentFactory(), CommitmentFactory()
    step = first.milestones.create(key="signed", title="Signed")
    shared = {**two_people(), "at": AT, "reason": "It is so."}
    shared["evidence"] = [EvidenceFactory()]
    day = AT.date() - timedelta(days=30)
    assess(first)
    services.record_claim(
        commitment=first, position="announced", body=BodyFactory(), effective_on=day,
        **shared,
    )  # fmt: skip
    services.meet_milestone(
        commitment=first, milestone=step, effective_on=day, **shared
    )
    wrong = assess(second)
    services.correct(entry=wrong, **shared)
    return services.write_checkpoint(at=AT)


@pytest.fixture
def unguarded(history):
    """Without guards; the rollback after the test brings them back."""
    guards.remove(connection)
    return history


def findings():
    return [finding.what for finding in chain.verify()]


def test_an_untouched_chain_verifies(history):
    assert findings() == []
    assert list(compare(history)) == []


HASHED = {
    "kind": "review",
    "acts_as": "evidence",
    "effective_on": "2026-01-01",
    "precision": "month",
    "recorded_at": "2026-01-01 00:00:00+00:00",
    "status": "",
    "criteria_met": json.dumps(["b"]),
    "confidence": "low",
    "looked_until": "2026-01-01",
    "position": "postponed",
    "body_id": None,
    "milestone_id": None,
    "due_on": "2029-01-01",
    "due_precision": "year",
    "actor": "user:999",
    "approver_actor": "user:998",
    "sign_off": "waived",
    "method_version": "0.9",
    "idempotency_key": "other",
    "format": 3,
    "leaves": json.dumps({}),
    "digest": "d" * 64,
    "prev_digest": "e" * 64,
}


def without_checks(statement, values):
    """Write past the constraints too, as somebody with the file can."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA ignore_check_constraints=ON")
            cursor.execute(statement, values)
            cursor.execute("PRAGMA ignore_check_constraints=OFF")
            return
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE contype = 'c' "
            "AND conrelid = %s::regclass",
            [H],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {H} DROP CONSTRAINT "{name}"')
        cursor.execute(statement, values)


@pytest.mark.parametrize("column", HASHED)
def test_a_flipped_column_is_found(unguarded, column):
    for entry in HistoryEntry.objects.all():
        stored = getattr(entry, column)
        value = HASHED[column]
        if stored in (None, "") and value in (None, ""):
            continue
        break
    target = HistoryEntry.objects.exclude(**{column: value}).order_by("seq")
    if column in ("body_id", "milestone_id"):
        target = HistoryEntry.objects.exclude(**{column: None})
    seq = target.values_list("seq", flat=True)[len(target) // 2]

    without_checks(f"UPDATE {H} SET {column} = %s WHERE seq = %s", [value, seq])

    assert findings()


@pytest.mark.parametrize("column", ["commitment_id", "refers_to_id", "merged_into_id"])
def test_a_flipped_relation_is_found(unguarded, column):
    other = {
        "commitment_id": Commitment.objects.latest("pk").pk,
        "refers_to_id": 2,
        "merged_into_id": Commitment.objects.first().pk,
    }[column]

    without_checks(f"UPDATE {H} SET {column} = %s WHERE seq = 3", [other])

    assert findings()


@pytest.mark.parametrize("field", HistoryText.FIELDS)
def test_an_altered_text_is_found(unguarded, field):
    with_text = HistoryText.objects.exclude(**{field: ""}).first()
    HistoryText.objects.filter(pk=with_text.pk).update(**{field: "Something else."})

    assert findings() == [f"its {field} was altered"]


def test_a_text_erased_without_a_redaction_is_found(unguarded):
    HistoryText.objects.filter(pk=3).update(reason="", reason_salt="")

    assert findings() == ["its reason was erased unrecorded"]


@pytest.mark.parametrize(
    "change",
    [
        lambda: Citation.objects.filter(entry=3).delete(),
        lambda: Citation.objects.filter(entry=3).update(official=True),
        lambda: Citation.objects.filter(entry=3).update(url="https://example.org/x"),
        lambda: Citation.objects.filter(entry=3).update(evidence=EvidenceFactory()),
        lambda: Citation.objects.create(
            entry_id=1, evidence=EvidenceFactory(), url="", nature="", official=False
        ),
    ],
)
def test_a_changed_citation_is_found(unguarded, change):
    change()

    assert findings()


def remove(*seqs):
    """Take entries out of the file, whatever points at them."""
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA defer_foreign_keys=ON")
        for table, column in [(Citation, "entry_id"), (HistoryText, "entry_id")]:
            cursor.execute(
                f"DELETE FROM {table._meta.db_table} WHERE {column} = ANY(%s)"
                if connection.vendor == "postgresql"
                else f"DELETE FROM {table._meta.db_table} WHERE {column} IN "
                f"({','.join('%s' for _ in seqs)})",
                [list(seqs)] if connection.vendor == "postgresql" else list(seqs),
            )
    # What was told of them stays behind, and its database refuses that at the end.
    Event.objects.filter(entry__in=seqs)._raw_delete("default")
    HistoryEntry.objects.filter(seq__in=seqs)._raw_delete("default")


@pytest.fixture
def loose(unguarded):
    """Nothing in the database points at entries any more."""
    names = ["status_entry", "position_entry", "wording_entry"]
    Commitment.objects.update(latest_entry=None, **dict.fromkeys(names))
    from commitments.models import State

    State.objects.all().delete()
    yield unguarded
    with connection.cursor() as cursor:
        if connection.vendor == "sqlite":
            cursor.execute("PRAGMA defer_foreign_keys=ON")


@pytest.mark.parametrize("seq", [1, 4])
def test_an_entry_removed_from_head_or_middle_is_found(loose, seq):
    remove(seq)

    assert any("missing" in what for what in findings())


def test_a_removed_tail_is_found_against_a_checkpoint_alone(loose):
    remove(loose["seq"])

    assert findings() == []
    assert [f.what for f in compare(loose)] == [
        "a checkpoint saw this entry; it is gone"
    ]


def test_swapped_entries_are_found(unguarded):
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT reason, reason_salt FROM {HistoryText._meta.db_table} "
            "WHERE entry_id = 3"
        )
        three = cursor.fetchone()
    HistoryText.objects.filter(pk=4).update(reason=three[0], reason_salt=three[1])
    without_checks(f"UPDATE {H} SET digest = 'x' WHERE seq = %s", [3])
    assert findings()


def test_an_inserted_entry_is_found(unguarded):
    entry = HistoryEntry.objects.get(pk=3)
    text = entry.text
    entry.seq, entry.digest, entry.prev_digest = 99, "d" * 64, "e" * 64
    entry.save(force_insert=True)
    text.pk = 99
    text.save(force_insert=True)

    assert findings()


def test_an_entry_rewritten_with_its_digest_is_found_by_the_next(unguarded):
    entry = HistoryEntry.objects.chained().get(pk=3)
    entry.confidence = "low"
    cited = chain.hashed(entry.citations.all(), format=entry.format)
    content = chain.content(entry, cited)
    digest = chain.digest(content, prev_digest=entry.prev_digest)
    HistoryEntry.objects.filter(pk=3).update(confidence="low", digest=digest)

    found = [str(finding) for finding in chain.verify()]
    assert found == ["entry 4: does not follow the entry before it"]


def rewrite():
    """Rebuild the whole chain after a change, as an insider would."""
    prev_digest = chain.GENESIS
    entries = list(HistoryEntry.objects.chained())
    for entry in entries:
        HistoryEntry.objects.filter(pk=entry.pk).update(
            digest=f"tmp{entry.pk}", prev_digest=f"tmp{entry.pk}"
        )
    for entry in entries:
        found = chain.digest(
            chain.content(
                entry, chain.hashed(entry.citations.all(), format=entry.format)
            ),
            prev_digest=prev_digest,
        )
        HistoryEntry.objects.filter(pk=entry.pk).update(
            digest=found, prev_digest=prev_digest
        )
        prev_digest = found


def test_a_rewritten_chain_is_found_against_a_checkpoint_alone(unguarded):
    HistoryEntry.objects.filter(pk=3).update(confidence="low")
    rewrite()

    assert findings() == []
    assert [f.what for f in compare(unguarded)] == [
        "a checkpoint saw another entry here"
    ]


def test_a_forged_checkpoint_is_found(history):
    forged = {**history, "digest": "0" * 64}

    assert "the checkpoint's signature does not fit" in [
        f.what for f in compare(forged)
    ]


def test_checkpoints_are_written_once_per_head(history, settings):
    assert services.write_checkpoint(at=AT) is None
    assess(CommitmentFactory())
    services.write_checkpoint(at=AT)

    kept = list(read_checkpoints(settings.CHECKPOINT_FILE))
    assert [c["seq"] for c in kept] == [history["seq"], history["seq"] + 2]


def test_verify_history_says_what_it_found(history, capsys):
    call_command("verify_history")
    assert "7 entries, 0 findings" in capsys.readouterr().out


def test_verify_history_exits_2_on_findings(unguarded, tmp_path):
    saved = tmp_path / "saved.jsonl"
    saved.write_text(json.dumps(unguarded) + "\n")
    HistoryText.objects.filter(pk=3).update(reason="Other.")
    guards.install(connection)

    with pytest.raises(SystemExit) as stop:
        call_command("verify_history", against=saved)

    assert stop.value.code == 2


def test_an_empty_file_is_no_checkpoint_that_agrees(history, tmp_path):
    saved = tmp_path / "saved.jsonl"
    saved.touch()
    with pytest.raises(CommandError, match="holds no checkpoint"):
        call_command("verify_history", against=saved)
    with pytest.raises(CommandError, match="no file"):
        call_command("verify_history", against=tmp_path)


def test_verify_history_names_an_end_that_was_cut_off(loose, capsys):
    """No chain notices that by itself."""
    remove(loose["seq"])
    guards.install(connection)

    with pytest.raises(SystemExit):
        call_command("verify_history")

    assert "a checkpoint saw this entry; it is gone" in capsys.readouterr().out
