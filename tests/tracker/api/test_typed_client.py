"""A typed Python client, made from the contract: its types hold, and it works."""

import importlib
import os
import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.utils import timezone

from commitments import services
from commitments.models import Commitment, HistoryEntry, Proposal
from tests.tracker import record as records

HERE = Path(__file__).parent
CONTRACT = HERE.parents[2] / "docs" / "openapi.json"
NAME = "tracker_client"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Make the client; anything that its maker does not understand fails."""
    folder = tmp_path_factory.mktemp("client")
    config = folder / "config.yaml"
    # Formatting is for people: nobody reads these files.
    config.write_text("post_hooks: []\n")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate"),
            *("--path", str(CONTRACT), "--config", str(config), "--meta", "none"),
            *("--output-path", str(folder / NAME), "--fail-on-warning"),
        ],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


@pytest.fixture
def program(made, monkeypatch):
    monkeypatch.syspath_prepend(str(made))
    monkeypatch.syspath_prepend(str(HERE))
    yield importlib.import_module("typed_program")
    for name in [n for n in sys.modules if n.partition(".")[0] == NAME]:
        del sys.modules[name]
    del sys.modules["typed_program"]


@pytest.fixture
def site(transactional_db, settings, today, live_server):
    settings.API_RATE = settings.API_KEY_RATE = 0
    records.small()
    return live_server.url


def test_types_of_a_program_against_the_client_hold(made):
    checked = subprocess.run(
        [
            *(sys.executable, "-m", "mypy", "--strict", "--config-file", os.devnull),
            *("--cache-dir", os.devnull, "--follow-imports", "silent"),
            str(HERE / "typed_program.py"),
        ],
        env={**os.environ, "MYPYPATH": str(made)},
        cwd=made,
        capture_output=True,
        text=True,
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_client_lists_gets_pages_and_understands_a_refusal(program, site):
    with program.Client(base_url=site) as client:
        pages = list(program.pages(client, limit=2))
        one = program.one(client, "join-the-pact")
        nothing = program.one(client, "nowhere")
        refused = program.refused(client)
        numbers = program.numbers(client)
        then = program.then(client, "join-the-pact", date(2026, 2, 1))

    assert [[row.ref for row in page] for page in pages] == [
        ["1.1", "1.2"],
        ["2.1", "2.2"],
    ]
    assert (one.status, one.title) == ("under_way", "Join the pact at once & here")
    assert then == "announced" and one.history[0].kind == "published"
    assert nothing.status == 404 and nothing.title == "Not Found"
    assert refused.errors[0].field == "as_of"
    assert numbers == list(range(1, HistoryEntry.objects.count() + 1))


def test_the_client_hands_in_a_proposal_by_key(program, site):
    at = timezone.now()
    _, key = services.make_key(
        name="client", scopes=["proposals"], expires_at=at + timedelta(1), at=at
    )
    one = Commitment.objects.get(slug="build-a-zone")
    told = ("join-the-pact", one.evidence.first().slug)

    with program.AuthenticatedClient(base_url=site, token="out_no_key") as stranger:
        refused = program.propose(stranger, *told)
    with program.AuthenticatedClient(base_url=site, token=key) as client:
        proposed = program.propose(client, *told)
        again = program.propose(client, *told)

    assert refused.status == 401 and "key" in refused.detail
    assert proposed.to_dict() == again.to_dict()
    assert Proposal.objects.get().pk == proposed.id
    assert proposed.state == "waiting"
