"""Examples of answers in the contract: rows of the catalogue, as the API gives them.

``manage.py api_examples`` writes ``docs/api-examples.json`` from a loaded catalogue; a
test holds each against its schema.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from django.conf import settings

from tracker.api.renderers import CSVRenderer, JSONLinesRenderer

ROWS = {one.media_type: one for one in (CSVRenderer, JSONLinesRenderer)}
FILE = settings.BASE_DIR / "docs" / "api-examples.json"
# What a trusted machine sends, in turn: operation, method, address and body.
BY_MACHINES: tuple[tuple[str, str, str, dict[str, Any] | None], ...] = (
    (
        "proposals_create",
        "POST",
        "proposals/",
        {
            "commitment": "cptpp-accession",
            "kind": "claim",
            "position": "in_preparation",
            "body": "mofcom",
            "reason": "The ministry says that preparations go on.",
            "evidence": ["ev-2025-05-08-cptpp-mofcom"],
            "effective_on": "2026-07-01",
            "precision": "day",
        },
    ),
    (
        "evidence_create",
        "POST",
        "evidence/",
        {"url": "https://www.example.org/notices/2026-07-01"},
    ),
    (
        "webhooks_create",
        "POST",
        "webhooks/",
        {
            "url": "https://hooks.example.org/tracker",
            "email": "operations@example.org",
            "note": "Newsroom",
            "kinds": ["status", "claim"],
            "commitments": ["cptpp-accession"],
        },
    ),
    ("webhooks_list", "GET", "webhooks/", None),
    ("webhooks_retrieve", "GET", "webhooks/{webhook}/", None),
    (
        "webhooks_partial_update",
        "PATCH",
        "webhooks/{webhook}/",
        {"kinds": ["status"], "note": "Newsroom, status alone"},
    ),
    ("webhooks_test_create", "POST", "webhooks/{webhook}/test/", None),
    (
        "webhooks_deliveries_replay_create",
        "POST",
        "webhooks/{webhook}/deliveries/{delivery}/replay/",
        None,
    ),
    ("webhooks_deliveries_list", "GET", "webhooks/{webhook}/deliveries/", None),
    ("webhooks_replay_create", "POST", "webhooks/{webhook}/replay/", {"after": 80}),
    (
        "webhooks_rotate_create",
        "POST",
        "webhooks/{webhook}/rotate/",
        {"overlap_hours": 24},
    ),
    ("webhooks_destroy", "DELETE", "webhooks/{webhook}/", None),
)


@lru_cache(maxsize=1)
def known() -> dict[str, Any]:
    """Return the examples by operation and status."""
    return json.loads(FILE.read_text(encoding="utf-8"))


def add(result: dict[str, Any]) -> None:
    """Give each answer and each body of the contract its example."""
    for operations in result["paths"].values():
        for operation in operations.values():
            told = known().get(operation["operationId"], {})
            for status, response in operation["responses"].items():
                example = told.get(status, known()["errors"].get(status))
                if example is None:
                    continue
                for kind, content in response.get("content", {}).items():
                    content["example"] = _in_form(kind, example)
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if "request" in told:
                    content["example"] = told["request"]


def _in_form(kind: str, example: Any) -> Any:
    """Return an example as an answer of that kind holds it: a table is a text."""
    renderer = ROWS.get(kind)
    if renderer is None:
        return example
    rows = example.get("results", [example])
    names = list(rows[0]) if rows else []
    return b"".join(renderer().lines(rows, names)).decode()
