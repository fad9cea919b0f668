"""What the API answers, kept in files: a change of the contract is a diff in review.

The same small record each time, at the same moment and with the same numbers, so that
both databases answer the same. After a change that is meant, write the files anew with
WRITE_GOLDEN=on and read the difference.
"""

import difflib
import json
import os
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
import time_machine
from django.core.management import call_command
from django.db import connection

from commitments import guards, services
from commitments.models.api_key import ApiScope
from tests import factories
from tests.tracker import record as records
from tests.tracker.releases.conftest import own_storage  # noqa: F401 - a fixture
from tracker.api.urls import LISTS
from tracker.releases import making

FOLDER = Path(__file__).with_name("golden")
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
# What the bytes of a release follow from, beside the record: versions of programs.
OF_PROGRAMS = ("sha256", "sums", "size")
PROBLEMS = {
    "an unknown parameter": "commitments/?colour=red",
    "an unknown value": "commitments/?status=red",
    "an unknown name": "criteria/?commitment=nowhere",
    "a value that cannot be read": "history/?after=x",
    "a day ahead": "commitments/?as_of=2026-11-25",
    "a day of what has no past": "bodies/?as_of=2026-07-05",
    "a cursor of nowhere": "topics/?cursor=x",
    "a field that is not there": "topics/?fields=colour",
    "a form that is not there": "topics/?format=xml",
    "nothing there": "commitments/nowhere/",
    "no such address": "nowhere/",
}
ENDPOINT = {"url": "https://hook.example.org/in", "email": "owner@example.org"}


@pytest.fixture
def ask(client, transactional_db, settings, monkeypatch):
    """Ask the same record, at the same moment, numbered from one."""
    with guards.lifted(connection):
        call_command("flush", verbosity=0, interactive=False)
    settings.API_RATE = settings.API_KEY_RATE = 0
    settings.SITE_URL = "https://tracker.example.org"
    salts, tokens = count(1), count(1)
    monkeypatch.setattr(
        "commitments.services.record.secrets.token_hex",
        lambda n: f"{next(salts):0{2 * n}x}",
    )
    for made in (
        *(factories.UserFactory, factories.ReviewerFactory, factories.BodyFactory),
        *(factories.EvidenceFactory, factories.DraftFactory),
    ):
        made.reset_sequence(0, force=True)
    with time_machine.travel(NOW, tick=False):
        records.small()
        making.make_release(at=records.moment(10, 1))
        _, key = services.make_key(
            name="golden",
            scopes=ApiScope.values,
            expires_at=NOW + timedelta(days=1),
            at=NOW,
        )
        monkeypatch.setattr(
            "tracker.webhooks.sealing.new_secret", lambda: f"whsec_{next(tokens)}"
        )

        def ask(path, body=None, method="POST", **headers):
            address = f"/api/v1/{path}"
            if body is None:
                return client.get(address, headers=headers)
            headers["authorization"] = f"Bearer {key}"
            kind = "application/json"
            return client.generic(
                method, address, json.dumps(body), kind, headers=headers
            )

        yield ask


def steady(value):
    """Return an answer without what follows from the versions of programs."""
    if isinstance(value, dict):
        return {
            name: "…" if name in OF_PROGRAMS else steady(part)
            for name, part in value.items()
        }
    return [steady(part) for part in value] if isinstance(value, list) else value


def of_noun(ask, noun):
    """Return what a noun answers: its list, its first row, its number, its table."""
    told = {}
    for path in (f"{noun}/?limit=3", f"{noun}/count/"):
        told[f"GET {path}"] = ask(path).json()
    first = told[f"GET {noun}/?limit=3"]["results"][0]
    if noun == "commitments":
        first = {"slug": "join-the-pact"}
    names = ("number", "seq") if noun == "releases" else ("slug", "seq", "id", "number")
    name = next(str(first[n]) for n in names if n in first)
    told[f"GET {noun}/{name}/"] = ask(f"{noun}/{name}/").json()
    table = b"".join(ask(f"{noun}/?format=csv")).decode()
    told[f"GET {noun}/?format=csv"] = (
        table.splitlines()[:1] if noun == "releases" else table.splitlines()[:4]
    )
    return told


def of_changes(ask):
    paths = ("changes/?limit=3", "changes/?after=7&limit=2", "changes/?after=1000")
    whole = ask("changes/").json()["results"]
    kinds = {change["type"]: change for change in reversed(whole)}
    told = {f"GET {path}": ask(path).json() for path in paths}
    return {**told, "the first of each type": dict(sorted(kinds.items()))}


def of_problems(ask):
    told = {}
    for what, path in PROBLEMS.items():
        answer = ask(path)
        assert answer["Content-Type"] == "application/problem+json"
        told[f"{what}: GET {path}"] = answer.json()
    told["no such method: DELETE topics/"] = ask("topics/", {}, "DELETE").json()
    told["no such type: Accept image/png"] = ask("topics/", accept="image/png").json()
    refused = [
        {},
        {"colour": "red"},
        {"url": 7},
        {"url": ""},
        {"url": "no address"},
    ]
    for body in refused:
        told[f"POST evidence/ {json.dumps(body)}"] = ask("evidence/", body).json()
    news = ["ev-2026-01-01-document-2"]
    draft = proposal(status="delivered", criteria_met=["a", "b"], evidence=news)
    told["a rule of the record: POST proposals/"] = ask("proposals/", draft).json()
    return told


def proposal(**changes):
    return {
        "commitment": "join-the-pact",
        "kind": "status",
        "status": "announced",
        "criteria_met": [],
        "confidence": "medium",
        "reason": "It was only said.",
        "evidence": ["ev-2026-01-01-document-1"],
        "effective_on": "2026-09-01",
        "looked_until": "2026-09-02",
        **changes,
    }


def of_writes(ask):
    answer = ask("webhooks/", ENDPOINT)
    assert answer.status_code == 201, answer.content
    made = answer.json()
    path = f"webhooks/{made['id']}/"
    # PostgreSQL numbers what was refused above too.
    proposed = {**ask("proposals/", proposal()).json(), "id": "…"}
    return {
        "POST proposals/": proposed,
        "POST evidence/": ask("evidence/", {"url": "https://a.example.org/"}).json(),
        "POST webhooks/": made,
        "PATCH webhooks/{id}/": ask(path, {"kinds": ["status"]}, "PATCH").json(),
        "POST webhooks/{id}/rotate/": ask(f"{path}rotate/", {}).json(),
    }


def answers(ask):
    """Yield the name of each file and what belongs into it."""
    for noun in LISTS:
        yield noun, of_noun(ask, noun)
    yield "changes", of_changes(ask)
    yield "index", {"GET /": ask("").json(), "GET stats/": ask("stats/").json()}
    yield "problems", of_problems(ask)
    yield "writes", of_writes(ask)


def test_the_answers_are_those_of_the_files(ask):
    wrong, names = [], set()
    for name, told in answers(ask):
        names.add(name)
        path = FOLDER / f"{name}.json"
        text = json.dumps(steady(told), indent=1, ensure_ascii=False) + "\n"
        if os.environ.get("WRITE_GOLDEN") == "on":
            path.write_text(text)
        kept = path.read_text() if path.exists() else ""
        wrong += difflib.unified_diff(
            kept.splitlines(), text.splitlines(), f"golden/{path.name}", "answered", n=2
        )
    assert not wrong, "\n".join(["WRITE_GOLDEN=on, if this is meant:", *wrong])
    assert {path.stem for path in FOLDER.glob("*.json")} == names
