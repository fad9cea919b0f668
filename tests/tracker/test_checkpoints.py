import html
import json
import re
import subprocess
import sys

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commitments import services
from tests.factories import AT, CommitmentFactory, assess

pytestmark = pytest.mark.django_db


@pytest.fixture
def saved(settings):
    """A record with a checkpoint before and after an assessment."""
    commitment = CommitmentFactory()
    services.write_checkpoint(at=AT)
    assess(commitment)
    services.write_checkpoint(at=AT)
    return settings.CHECKPOINT_FILE


def page(client, code=200, **query):
    answer = client.get("/checkpoints/", query)
    assert answer.status_code == code, answer.content.decode()[:2000]
    return answer.content.decode()


def test_without_checkpoints_says_so_and_makes_no_key(client, settings, tmp_path):
    assert "None has been signed yet" in page(client)
    assert client.get("/checkpoints.jsonl").content == b""
    assert not (tmp_path / "checkpoint_key").exists()


def test_checkpoints_are_shown_with_digest_signature_time_and_key(client, saved):
    text = page(client)
    assert "2 checkpoints" in text
    for line in saved.read_text().splitlines():
        one = json.loads(line)
        for name in ("digest", "signature", "public_key"):
            assert html.escape(one[name]) in text
    assert "3 Jul 2026" in text
    assert text.count("Fits</span>") == 2


def test_file_is_served_byte_by_byte(client, saved):
    answer = client.get("/checkpoints.jsonl")
    assert answer["Content-Type"].startswith("application/jsonl")
    assert answer.content == saved.read_bytes()


def test_signature_can_be_checked_by_the_code_on_the_page(client, saved):
    code = html.unescape(
        re.search(r"<code>(import base64.*?)</code>", page(client), re.DOTALL)[1]
    )
    lines = client.get("/checkpoints.jsonl").content
    done = subprocess.run(
        [sys.executable, "-c", code], input=lines, capture_output=True
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"good:") == 2


def test_altered_checkpoint_is_named(client, saved):
    lines = [json.loads(line) for line in saved.read_text().splitlines()]
    lines[0]["digest"] = "0" * 64
    saved.write_text("".join(json.dumps(line) + "\n" for line in lines))
    text = page(client)
    assert "1 of the checkpoints below does not fit the record" in text
    assert "a checkpoint saw another entry here" in text
    assert "signature does not fit" in text


def test_cut_off_history_is_named(client, saved):
    line = json.loads(saved.read_text().splitlines()[0])
    with saved.open("a") as file:
        file.write(json.dumps({**line, "seq": 99}) + "\n")
    assert "a checkpoint saw this entry; it is gone" in page(client)


@pytest.mark.parametrize(
    "line",
    ["nonsense", "[]", '{"seq": 1}', '{"seq": "1", "digest": "", "signature": ""}'],
)
def test_unreadable_line_is_no_error_of_the_page(client, saved, line, tmp_path):
    with saved.open("a") as file:
        file.write(line + "\n")
    text = page(client)
    assert "Line 3 of the file is no checkpoint." in text
    assert "2 checkpoints" in text
    assert str(tmp_path) not in text


@pytest.mark.parametrize("before", ["x", "-1", "1" * 30, "²"])
def test_wrong_page_is_refused(client, saved, before):
    assert "is no number of an entry" in page(client, code=400, before=before)


def test_older_ones_are_reached_page_by_page(client, saved, monkeypatch):
    monkeypatch.setattr("tracker.pages.checkpoints.SHOWN", 1)
    first = page(client)
    seq = re.search(r"\?before=(\d+)", first)[1]
    second = page(client, before=seq)
    assert "Older checkpoints" not in second
    assert "Newest" in second
    assert "None is older than that" in page(client, before=1)


def test_queries_do_not_grow_with_checkpoints(client, saved):
    with CaptureQueriesContext(connection) as few:
        page(client)
    for _ in range(4):
        CommitmentFactory()
        services.write_checkpoint(at=AT)
    with CaptureQueriesContext(connection) as many:
        page(client)
    assert len(many) == len(few)
