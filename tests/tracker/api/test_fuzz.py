"""Schemathesis over the whole contract, with all its checks, against a live server.

A few examples of each operation here; `make fuzz` asks for many more. What is good in
the contract's words can still name what is not there: so the contract is given with the
names that the server knows, and what it lists beside them must be refused.
"""

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client
from django.utils import timezone

from commitments import services
from commitments.models import Commitment, Evidence, HistoryEntry
from commitments.models.api_key import ApiScope
from tests.tracker import record as records
from tests.tracker.record import moment
from tracker.api.machines import ProposalSerializer
from tracker.models import Delivery, Endpoint
from tracker.releases import making
from tracker.webhooks import endpoints

HERE = Path(__file__).parent
CONTRACT = HERE.parents[2] / "docs" / "openapi.json"
EXAMPLES = os.environ.get("EXAMPLES", "3")
SEED = os.environ.get("SEED", "15")
# Every check of the library is on. What may be refused though the contract allows it:
CONFIG = """
continue-on-failure = true
hooks = "fuzz_hooks"

[auth.openapi.key]
bearer = "{key}"

# 422: a rule of the record, or of the number of endpoints, that no schema can say.
[checks.positive_data_acceptance]
expected-statuses = ["2xx", "3xx", 404, 422]
"""
# What `fuzz_hooks` is told. A proposal of each kind takes these, and none of the others'.
KNOWN = {
    "today": records.TODAY.isoformat(),
    "milestone_of": "join-the-pact",
    "own": {
        "status": {
            "status": "under_way",
            "criteria_met": [],
            "confidence": "low",
            "looked_until": "2026-07-02",
        },
        "claim": {"position": "announced", "body": "mofcom"},
        "milestone": {"milestone": "request"},
        "deadline": {"due_on": "2027-06-01", "due_precision": "day"},
    },
}


def test_each_kind_of_proposal_is_known_here():
    assert {kind: set(own) for kind, own in KNOWN["own"].items()} == {
        kind.value: set(HistoryEntry.OWN_COLUMNS[kind])
        for kind in ProposalSerializer.KINDS
    }


@pytest.fixture
def site(transactional_db, settings, today, live_server):
    """A record with something of each kind, and a key that may do all that keys may."""
    settings.API_RATE = settings.API_KEY_RATE = 0
    records.small()
    making.make_release(at=moment(10, 1))
    at = timezone.now()
    key, secret = services.make_key(
        name="fuzz", scopes=ApiScope.values, expires_at=at + timedelta(days=1), at=at
    )
    for n in range(6):
        endpoint, _ = endpoints.register(
            key=key, url=f"https://h{n}.example.org/", email="o@example.org", at=at
        )
        Endpoint.objects.filter(pk=endpoint.pk).update(state="active", verified_at=at)
        endpoint.refresh_from_db()
        endpoints.send_test(endpoint=endpoint, at=at)
    return live_server.url, secret


def public(model):
    return list(model.objects.public().values_list("slug", flat=True))


def listed(client, path, names):
    """Return a value of each row of a list, and a place in it."""
    rows = client.get(f"/api/v1/{path}/?limit=1").json()
    found = client.get(f"/api/v1/{path}/").json()["results"]
    [place] = parse_qs(urlsplit(rows["next"] or "").query).get("cursor", [""])
    return [row[name] for row in found for name in names if name in row], place


def with_names(contract, client):
    """Return the contract with the names that this server knows."""
    commitments, documents = public(Commitment), public(Evidence)
    known = {
        "body": ["mofcom"],
        "partner": ["asean"],
        "topic": ["trade"],
        "pillar": ["1", "2"],
        "commitment": commitments,
        "indicator": ["tariff"],
        "source": ["speech"],
        "language": list(Evidence.objects.values_list("language", flat=True)),
    }
    for path, operations in contract["paths"].items():
        noun = path.split("/")[3]
        for operation in operations.values():
            for parameter in operation.get("parameters", []):
                schema, name = parameter["schema"], parameter["name"]
                if parameter["in"] == "query" and name in known:
                    schema.get("items", schema)["enum"] = [
                        *known[name],
                        *([f"-{n}" for n in known[name]] if "items" in schema else []),
                    ]
                elif name == "cursor":
                    _, place = listed(client, noun, [])
                    schema["enum"] = [place] if place else [""]
                elif name == "fields":
                    # All of them: what the schema requires is left out otherwise.
                    schema["items"]["enum"] = [",".join(columns(contract, operation))]
                elif parameter["in"] == "path":
                    schema["enum"] = identities(client, noun, name)
            for answer in operation["responses"].values():
                for content in answer.get("content", {}).values():
                    # Of another day than this server's: no model of a question.
                    content.pop("example", None)
            operation["parameters"] = [
                p
                for p in operation.get("parameters", [])
                if p["schema"].get("enum") != [""]
            ]
    bodies = contract["components"]["schemas"]
    drafts = bodies["Proposal"]["properties"]
    drafts["commitment"]["enum"] = commitments
    drafts["evidence"]["items"]["enum"] = documents
    drafts["body"]["enum"] = ["mofcom"]
    drafts["milestone"]["enum"] = ["request"]
    drafts["criteria_met"]["items"]["enum"] = ["a", "b"]
    bodies["Document"]["properties"]["url"] = {"enum": ["https://example.org/new"]}
    for name in ("NewEndpoint", "PatchedChangedEndpoint"):
        parts = bodies[name]["properties"]
        parts["commitments"]["items"]["enum"] = commitments
        parts["email"] = {"enum": ["owner@example.org"]}
        parts["url"] = {"enum": [f"https://n{n}.example.org/" for n in range(20)]}
    return contract


def columns(contract, operation):
    """Return what the rows of an operation have."""
    schema = operation["responses"]["200"]["content"]["application/json"]["schema"]

    def whole(part):
        while "$ref" in part:
            part = contract["components"]["schemas"][part["$ref"].rpartition("/")[2]]
        return part

    parts = whole(schema)["properties"]
    rows = parts.get("results")
    return sorted(whole(rows["items"])["properties"] if rows else parts)


def identities(client, noun, name):
    match noun, name:
        case "webhooks", "id":
            return [str(pk) for pk in Endpoint.objects.values_list("pk", flat=True)]
        case "webhooks", _:
            return [str(pk) for pk in Delivery.objects.values_list("pk", flat=True)]
        case "evidence", _:
            name = "id"
    return [str(value) for value in listed(client, noun, [name])[0]]


@pytest.mark.timeout(3600)
def test_schemathesis_finds_nothing(site, tmp_path):
    url, key = site
    client = Client(headers={"Authorization": f"Bearer {key}"})
    contract = tmp_path / "openapi.json"
    contract.write_text(
        json.dumps(with_names(json.loads(CONTRACT.read_text()), client))
    )
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG.format(key=key))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli", "--config-file", str(config)),
            *("run", str(contract), "--url", url),
            *("--max-examples", EXAMPLES, "--seed", SEED),
            *("--generation-database", "none"),
        ],
        cwd=tmp_path,
        env={
            **os.environ,
            "NO_COLOR": "1",
            "COLUMNS": "120",
            "FUZZ_KNOWN": json.dumps(KNOWN),
            "PYTHONPATH": str(HERE),
        },
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout + done.stderr
