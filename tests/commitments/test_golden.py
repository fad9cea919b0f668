"""The formats of the chain never change: fixed vectors, and a second implementation."""

import importlib.util
import json
import subprocess
import sys
import unicodedata
from pathlib import Path

import pytest

from commitments import chain
from tests.factories import CommitmentFactory, EvidenceFactory, assess

ROOT = Path(__file__).parents[2]
GOLDEN = json.loads((ROOT / "tests" / "golden" / "chain.json").read_text())
PROGRAM = ROOT / "docs" / "verify.py"


def second_implementation():
    spec = importlib.util.spec_from_file_location("verify", PROGRAM)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_leaf_of_the_vector():
    leaf = GOLDEN["leaf"]
    given = {name: leaf[name] for name in ("field", "salt", "text")}

    assert chain.leaf(**given) == leaf["digest"]
    given["text"] = unicodedata.normalize("NFC", given["text"])
    assert chain.leaf(**given) == leaf["digest"]


@pytest.mark.parametrize("format", [1, 2])
def test_the_digest_of_the_vector_by_both_implementations(format):
    golden = GOLDEN if format == 1 else GOLDEN["format 2"]
    content, previous = golden["content"], golden["prev_digest"]
    other = second_implementation()

    assert content["format"] == format
    assert chain.canonical(content).decode() == golden["canonical"]
    assert chain.digest(content, prev_digest=previous) == golden["digest"]
    assert other.canonical(content).decode() == golden["canonical"]
    parts = (b"tracker.history.v1", previous.encode(), other.canonical(content))
    assert other.sha256(*parts) == golden["digest"]


def test_an_entry_of_format_1_is_hashed_without_copies(db):
    entry = assess(CommitmentFactory(), evidence=[EvidenceFactory()])
    citations = list(entry.citations.all())

    assert [len(row) for row in chain.hashed(citations, format=1)] == [4]
    assert [len(row) for row in chain.hashed(citations, format=2)] == [5]


def test_fractions_cannot_enter_the_chain():
    with pytest.raises(TypeError):
        chain.canonical({"value": 1.5})


@pytest.fixture
def published(client, db):
    for _ in range(3):
        assess(CommitmentFactory(), evidence=[EvidenceFactory(), EvidenceFactory()])
    return client.get("/api/v1/history/?limit=100").json()


def outside(published, folder):
    path = folder / "history.json"
    path.write_text(json.dumps(published))
    command = [sys.executable, PROGRAM, path]
    return subprocess.run(command, capture_output=True, text=True)


def test_an_outsider_verifies_what_the_api_gives(published, tmp_path):
    done = outside(published, tmp_path)

    assert done.returncode == 0, done.stdout
    assert "6 entries" in done.stdout


@pytest.mark.parametrize(
    "field", ["status", "reason", "recorded_at", "actor", "leaves"]
)
def test_an_outsider_finds_what_was_altered(published, tmp_path, field):
    entry = published["results"][3]
    entry[field] = {} if field == "leaves" else "something else"

    assert outside(published, tmp_path).returncode == 2


def test_an_outsider_finds_an_entry_that_was_left_out(published, tmp_path):
    del published["results"][2]

    assert "entry 3 is missing" in outside(published, tmp_path).stdout
