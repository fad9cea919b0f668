"""The code in docs/api.md does what it says."""

import re
import shlex
import subprocess
import sys
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from django.utils import timezone

from commitments import services
from commitments.models import Partner, Suggestion
from tests.factories import CommitmentFactory, assess

GUIDE = Path(__file__).parents[3] / "docs" / "api.md"


@pytest.mark.django_db(transaction=True)
def test_one_partners_commitments_are_fetched_page_by_page(live_server):
    samples = re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL)
    names: dict = {}
    for sample in samples:
        exec(sample, names)
    partner = Partner.objects.create(slug="asean", name="ASEAN", kind="group")
    mine, other = CommitmentFactory(), CommitmentFactory()
    mine.partners.add(partner)
    assess(mine)
    site = live_server.url

    assert names["statuses"](site, "asean") == {mine.ref: "under_way"}
    listed = names["everything"](f"{site}/api/v1/commitments/?limit=1")
    assert [row["ref"] for row in listed] == [mine.ref, other.ref]


@pytest.mark.django_db(transaction=True)
def test_a_past_day_of_one_partner_comes_as_a_table(live_server, tmp_path):
    names: dict = {}
    for sample in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL):
        exec(sample, names)
    partner = Partner.objects.create(slug="asean", name="ASEAN", kind="group")
    mine, _ = CommitmentFactory(), CommitmentFactory()
    mine.partners.add(partner)
    assess(mine)

    rows = names["table"](live_server.url, partner="asean", as_of="2026-02-01")
    copy = names["sync_file"](live_server.url, tmp_path / "copy.json")

    assert [(row["ref"], row["status"]) for row in rows] == [(mine.ref, "")]
    assert copy == names["sync_file"](live_server.url, tmp_path / "copy.json")
    assert copy["commitments"][mine.slug]["status"] == "under_way"


@pytest.mark.django_db(transaction=True)
def test_one_partners_commitments_come_as_a_data_frame(live_server):
    names: dict = {}
    for sample in re.findall(r"```python\n(.*?)```", GUIDE.read_text(), re.DOTALL):
        exec(sample, names)
    partner = Partner.objects.create(slug="asean", name="ASEAN", kind="group")
    mine, _ = CommitmentFactory(), CommitmentFactory()
    mine.partners.add(partner)
    assess(mine)

    table = names["frame"](live_server.url, "asean")

    assert table["status"].to_dict() == {mine.ref: "under_way"}
    assert str(table["status_since"].dtype).startswith("datetime64")


def test_each_command_of_the_guide_is_answered(db, client):
    assess(CommitmentFactory())
    now = timezone.now()
    ends = now + timedelta(days=1)
    _, key = services.make_key(name="x", scopes=["evidence"], expires_at=ends, at=now)
    text = GUIDE.read_text().replace("\\\n", " ").replace("out_…", key)
    commands = [
        shlex.split(line.strip())
        for line in text.splitlines()
        if line.startswith("    curl ")
    ]
    assert len(commands) >= 3
    for words in commands:
        address = next(word for word in words if word.startswith("https://"))
        told = {
            name: value
            for flag, word in pairwise(words)
            if flag == "-H"
            for name, value in [word.split(": ", 1)]
        }
        body = words[words.index("-d") + 1] if "-d" in words else ""
        answer = client.generic(
            "POST" if "POST" in words else "GET",
            address.removeprefix("https://tracker.example.org"),
            body,
            headers={k: v for k, v in told.items() if k != "Content-Type"},
            content_type="application/json",
        )
        assert answer.status_code in (200, 201), (address, answer.content)
    assert Suggestion.objects.get().url == "https://example.org/notice"


def test_the_check_of_the_guide_reads_all_of_a_history_longer_than_a_page(
    db, client, tmp_path, settings
):
    settings.CHECKPOINT_FILE = tmp_path / "checkpoints.jsonl"
    for _ in range(101):
        CommitmentFactory()
    services.write_checkpoint(at=timezone.now())
    fetch, check = (
        shlex.split(line)
        for line in GUIDE.read_text().splitlines()
        if line.startswith(("    curl -o ", "    python docs/verify.py "))
    )
    answer = client.get(fetch[-1].removeprefix("https://tracker.example.org"))
    (tmp_path / fetch[2]).write_bytes(answer.getvalue())

    program = GUIDE.parents[1] / check[1]
    done = subprocess.run(
        [sys.executable, program, *check[2:]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.startswith("101 entries")
