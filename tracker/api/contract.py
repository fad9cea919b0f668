"""What the generated schema cannot know: errors, shapes and keys."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from tracker.api.problems import MEANINGS, MEDIA_TYPE

METHODS = ("get", "post", "patch", "delete")
READING = ("400", "401", "404", "405", "406", "429")
WRITING = (*READING, "403", "413", "415", "422")
PROBLEM = {
    "type": "object",
    "description": "RFC 9457",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string", "format": "uri"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["field", "message"],
                "properties": {
                    "field": {"type": "string"},
                    "message": {"type": "string"},
                    "rule": {"type": "string"},
                    "known": {"type": "array", "items": {"type": "string"}},
                },
            },
        },
    },
    "examples": [
        {
            "type": "https://tracker.example.org/api/v1/docs/errors/#bad-request",
            "title": "Bad Request",
            "status": 400,
            "detail": "There is no parameter “colour”. Known: status.",
            "errors": [
                {
                    "field": "colour",
                    "message": "There is no parameter “colour”. Known: status.",
                    "known": ["status"],
                }
            ],
        }
    ],
}
SHAPE = {
    "fields": "Only these parts of each row, with commas between.",
    "expand": "Give these whole: bodies, partners, pillar, topics of commitments.",
}


class KeyScheme(OpenApiAuthenticationExtension):
    target_class = "tracker.api.keys.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


def complete(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add to the schema the errors of every operation, and the shapes of lists."""
    _without_ranges(result)
    result["components"].setdefault("schemas", {})["Problem"] = PROBLEM
    for path, operations in result["paths"].items():
        for method in METHODS:
            if method in operations:
                _complete(path, method, operations[method])
    return result


def _without_ranges(part: Any) -> None:
    """Take out how large a number a database can hold: each says another."""
    if isinstance(part, dict):
        # A number that may be missing has two types.
        types = part.get("type")
        if "integer" in (types if isinstance(types, list) else [types]):
            for name in ("maximum", "minimum", "format"):
                part.pop(name, None)
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            _without_ranges(inner)


def _complete(path: str, method: str, operation: dict[str, Any]) -> None:
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in READING if method == "get" else WRITING:
        operation["responses"].setdefault(
            status, {"description": MEANINGS[int(status)], "content": content}
        )
    answer = operation["responses"].get("200", {}).get("content", {})
    if "text/csv" not in answer:
        return
    # A stream is no page: a table is text, JSON Lines one row a line.
    for kind in ("text/csv", "application/jsonl"):
        answer[kind] = {"schema": {"type": "string"}}
    for name, told in SHAPE.items():
        operation.setdefault("parameters", []).append(
            {
                "in": "query",
                "name": name,
                "description": told,
                "schema": {"type": "string"},
            }
        )
