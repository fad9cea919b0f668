"""Examples of answers in the contract: rows of the catalogue, as the API gives them.

``manage.py api_examples`` writes ``docs/api-examples.json`` from a loaded catalogue; a
test holds each against its schema.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from django.conf import settings

FILE = settings.BASE_DIR / "docs" / "api-examples.json"


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
                for kind, content in response.get("content", {}).items():
                    if example is not None and kind.endswith("json"):
                        content["example"] = example
            for content in operation.get("requestBody", {}).get("content", {}).values():
                if "request" in told:
                    content["example"] = told["request"]
