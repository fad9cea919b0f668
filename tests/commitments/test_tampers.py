"""The history altered at random with the guards off, against a saved checkpoint.

Found by the tracker itself, and by an outsider who has the public history, the
checkpoint of an earlier day and `docs/verify.py`. SEED says which, `make faults` has 200.
"""

import json
import os
import random

import pytest
from django.db import connection, transaction
from django.test import Client

from commitments import chain, guards, services
from commitments.models import Citation, Commitment, HistoryEntry, HistoryText, State
from commitments.services.checkpoints import compare
from tests.commitments.test_chain import HASHED, H, remove, rewrite, without_checks
from tests.commitments.test_golden import second_implementation
from tests.factories import AT, EvidenceFactory, UserFactory
from tests.tracker import record as records

pytestmark = [pytest.mark.django_db, pytest.mark.owner, pytest.mark.timeout(1800)]
SEED = int(os.environ.get("SEED", "20261124"))
RELATIONS = ("commitment_id", "refers_to_id", "merged_into_id")


class Insider:
    """Somebody with the database in hand, who draws what to do."""

    def __init__(self, chance, *, seen):
        self.chance, self.seen = chance, seen
        self.last = HistoryEntry.objects.count()

    def seq(self):
        return self.chance.randint(1, self.last)

    def flip(self):
        column = self.chance.choice([*HASHED, *RELATIONS])
        while True:
            seq, value = self.seq(), HASHED.get(column)
            if column in RELATIONS:
                model = HistoryEntry if column == "refers_to_id" else Commitment
                value = self.chance.choice(model.objects.values_list("pk", flat=True))
            if HistoryEntry.objects.filter(seq=seq).exclude(**{column: value}).exists():
                break
        without_checks(f"UPDATE {H} SET {column} = %s WHERE seq = %s", [value, seq])

    def text(self):
        field = self.chance.choice(HistoryText.FIELDS)
        return self.chance.choice(HistoryText.objects.exclude(**{field: ""})), field

    def alter_a_text(self):
        text, field = self.text()
        altered = {field: f"{getattr(text, field)}, by and large"}
        HistoryText.objects.filter(pk=text.pk).update(**altered)

    def erase_a_text(self):
        text, field = self.text()
        erased = {field: "", f"{field}_salt": ""}
        HistoryText.objects.filter(pk=text.pk).update(**erased)

    def swap_reasons(self):
        one, other = self.chance.sample(list(HistoryText.objects.exclude(reason="")), 2)
        for text, source in ((one, other), (other, one)):
            HistoryText.objects.filter(pk=text.pk).update(
                reason=source.reason, reason_salt=source.reason_salt
            )

    def citation(self):
        found = Citation.objects.filter(
            pk=self.chance.choice(Citation.objects.values_list("pk", flat=True))
        )
        change = self.chance.randrange(4)
        if change == 0:
            found.delete()
        elif change == 1:
            found.update(url="https://elsewhere.example.org/")
        elif change == 2:
            found.update(official=not found.get().official)
        else:
            found.update(evidence=EvidenceFactory())

    def add_a_citation(self):
        entry = HistoryEntry.objects.get(pk=self.seq())
        entry.citations.create(evidence=EvidenceFactory(), url="", official=True)

    def remove_some(self):
        first = self.chance.randint(1, self.seen)
        remove(*range(first, self.chance.randint(first, self.last) + 1))

    def cut_the_tail(self):
        remove(*range(self.chance.randint(1, self.seen), self.last + 1))

    def insert(self):
        entry = HistoryEntry.objects.get(pk=self.seq())
        text, fresh = entry.text, f"{self.chance.getrandbits(256):064x}"
        entry.seq, entry.digest, entry.prev_digest = self.last + 1, fresh, fresh[::-1]
        entry.idempotency_key = ""
        entry.kind = "review"
        entry.save(force_insert=True)
        text.pk = entry.seq
        text.save(force_insert=True)

    def rewrite_all(self):
        """Make the chain whole again after a change to what the checkpoint saw."""
        changed = HistoryEntry.objects.filter(pk=self.chance.randint(1, self.seen))
        changed.update(method_version=f"0.{self.chance.randrange(99)}.1")
        rewrite()


ACTS = [name for name in vars(Insider) if name not in ("__init__", "seq", "text")]
ACTS = [name for name in ACTS if not name.startswith("__")]
# What the public history does not hold, it cannot tell of.
WITHIN = {"alter_a_text", "erase_a_text"}


@pytest.fixture
def seen(settings):
    """A record without guards, to which entries came after the saved checkpoint."""
    settings.API_RATE = 0
    record = records.small()
    checkpoint = services.write_checkpoint(at=AT)
    for number in range(4):
        services.attach_evidence(
            commitment=record.gap, evidence=[EvidenceFactory()], at=AT,
            reason=f"Also this, {number}.", by=UserFactory(),
        )  # fmt: skip
    guards.remove(connection)
    # Nothing in the database points at entries any more.
    names = ["latest_entry", "status_entry", "position_entry", "wording_entry"]
    Commitment.objects.update(**dict.fromkeys(names))
    State.objects.all().delete()
    return checkpoint


@pytest.fixture
def ask(seen, tmp_path):
    """Return the public history, and what the program outside says of it."""
    saved, page = tmp_path / "checkpoints.jsonl", tmp_path / "history.json"
    saved.write_text(json.dumps(seen) + "\n")
    program, client = second_implementation(), Client()

    def ask():
        answer = client.get("/api/v1/history/?limit=100")
        page.write_bytes(answer.content)
        assert answer.status_code == 200 and answer.json()["next"] is None
        code = program.main(["--against", str(saved), str(page)])
        return answer.json()["results"], code

    return ask


@pytest.mark.parametrize("tampers", [20, pytest.param(200, marks=pytest.mark.faults)])
def test_every_random_tamper_is_found_from_inside_and_from_outside(seen, ask, tampers):
    before, code = ask()
    assert code == 0
    assert [*chain.verify(), *compare(seen)] == []
    chance = random.Random(SEED)
    missed = []
    for number in range(tampers):
        act = ACTS[number % len(ACTS)]
        saved = transaction.savepoint()
        getattr(Insider(chance, seen=seen["seq"]), act)()
        inside = bool([*chain.verify(), *compare(seen)])
        after, code = ask()
        outside = code == 2 or (act in WITHIN and after == before)
        transaction.savepoint_rollback(saved)
        if not (inside and outside):
            missed.append((number, act, inside, outside))
    assert missed == []
    assert tampers >= len(ACTS)


def test_no_checkpoint_is_nothing_to_compare_with(tmp_path, capsys):
    """The outsider is told so, and not that all is well."""
    saved, page = tmp_path / "checkpoints.jsonl", tmp_path / "history.json"
    saved.write_text("\n")
    page.write_text('{"results": []}')

    with pytest.raises(SystemExit) as ended:
        second_implementation().main(["--against", str(saved), str(page)])

    assert ended.value.code == 2
    assert "holds no checkpoint" in capsys.readouterr().err
