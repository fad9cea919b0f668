"""What the contract cannot say of a good request: loaded by schemathesis, not by us.

Requests that are meant to be wrong are left as they are.
"""

from __future__ import annotations

import json
import os
from typing import Any

import schemathesis

KNOWN = json.loads(os.environ["FUZZ_KNOWN"])


@schemathesis.hook
def map_case(context: schemathesis.HookContext, case: schemathesis.Case) -> Any:
    if case.meta is not None and not case.meta.generation.mode.is_positive:
        return case
    query = case.query if isinstance(case.query, dict) else {}
    for day in ("as_of", "known_at"):
        # No day ahead of today can be asked about.
        if day in query and str(query[day]) > KNOWN["today"]:
            query[day] = "2026-08-01"
    if query.get("format", "json") != "json":
        # A table comes whole.
        query.pop("cursor", None)
        query.pop("limit", None)
    if "cursor" in query:
        # A place in one order is none in another.
        query.pop("sort", None)
        query.pop("order", None)
    if case.operation.label == "POST /api/v1/proposals/":
        _of_one_kind(case.body)
    return case


def _of_one_kind(body: Any) -> None:
    """Give a proposal what its kind needs, and take out what belongs to others."""
    if not isinstance(body, dict):
        return
    for kind, own in KNOWN["own"].items():
        for name, value in own.items():
            if kind == body["kind"]:
                body.setdefault(name, value)
            else:
                body.pop(name, None)
    if body["kind"] == "milestone":
        body["commitment"] = KNOWN["milestone_of"]
