"""What the generated schema cannot know: errors, shapes and keys."""

from __future__ import annotations

from typing import Any

from drf_spectacular.extensions import OpenApiAuthenticationExtension

from tracker.api import deprecations, examples
from tracker.api.embedded import BRIEFS
from tracker.api.problems import MEANINGS, MEDIA_TYPE
from tracker.api.shapes import Expansion

METHODS = ("get", "post", "patch", "delete")
READING = ("400", "401", "404", "405", "406", "412", "429", "500", "503")
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
HEADERS = {
    name: {"description": told, "schema": {"type": "string"}}
    for name, told in {
        "ETag": "A strong tag: send it back as “If-None-Match”.",
        "Last-Modified": "Since when answers are what they are; left out at first.",
        "Cache-Control": "How long whom may keep it.",
        "Location": "Where it is now.",
        "RateLimit": "How many requests are left, and for how many seconds.",
        "RateLimit-Policy": "How many requests there are, in how many seconds.",
        "Retry-After": "How many seconds to wait.",
        "WWW-Authenticate": "How to send a key.",
    }.items()
}
# Texts of a body that may be empty.
MAY_BE_EMPTY = ("note",)
KEEPING = ["ETag", "Last-Modified", "Cache-Control"]


class KeyScheme(OpenApiAuthenticationExtension):
    target_class = "tracker.api.keys.KeyAuthentication"
    name = "key"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


def complete(result: dict[str, Any], **kwargs: Any) -> dict[str, Any]:
    """Add to the schema what the library cannot know of errors, shapes and tags."""
    schemas = result["components"].setdefault("schemas", {})
    taken = _taken(result["paths"])
    for name, schema in schemas.items():
        if name in taken:
            _strict(schema)
        else:
            _without_ranges(schema)
        _addresses_or_nothing(schema.get("properties", {}))
    schemas["Problem"] = PROBLEM
    for name, brief in BRIEFS.items():
        schemas[name] = _strings(brief)
    for name, expandable in _expandables().items():
        _expand(schemas[name], expandable)
    for path, operations in result["paths"].items():
        for method in METHODS:
            if method in operations:
                _complete(path, method, operations[method])
    examples.add(result)
    deprecations.mark(result["paths"])
    return result


def _taken(paths: dict[str, Any]) -> set[str]:
    """Return the names of the schemas of bodies that are taken in."""
    return {
        content["schema"]["$ref"].rpartition("/")[2]
        for operations in paths.values()
        for operation in operations.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
    }


def _strict(schema: dict[str, Any]) -> None:
    """Tell of a body what our serializers refuse: unknown parts, and empty texts."""
    schema["additionalProperties"] = False
    for name, part in schema["properties"].items():
        for one in (part, part.get("items", {})):
            if one.get("type") == "string" and "format" not in one:
                one.setdefault("minLength", 0 if name in MAY_BE_EMPTY else 1)


def _addresses_or_nothing(properties: dict[str, Any]) -> None:
    """Mend what the library says of an address that may be empty: it is both texts."""
    for part in properties.values():
        if {"type": "string", "maxLength": 0} in part.get("oneOf", []):
            part["anyOf"] = part.pop("oneOf")


def _strings(brief: Any) -> dict[str, Any]:
    """Return the schema of a brief: each of its parts is a text."""
    names = brief.Meta.fields
    return {
        "type": "object",
        "description": brief.__doc__,
        "properties": {name: {"type": "string"} for name in names},
        "required": sorted(names),
    }


def _expandables() -> dict[str, dict[str, Expansion]]:
    """Return what can stand whole, by the names of the schemas it stands in."""
    from tracker.api.urls import LISTS

    found = {}
    for view, _ in LISTS.values():
        if not view.expandable:
            continue
        name = view.serializer_class.__name__.removesuffix("Serializer")
        found[name] = view.expandable
        if any(one.detail for one in view.expandable.values()):
            found[f"{name}Detail"] = view.expandable
    return found


def _expand(schema: dict[str, Any], expandable: dict[str, Expansion]) -> None:
    for name, one in expandable.items():
        part = schema["properties"].get(name)
        if part is None:
            continue
        holder, key = (part, "items") if one.many else (schema["properties"], name)
        plain = {k: v for k, v in holder[key].items() if k != "readOnly"}
        holder[key] = {"anyOf": [plain, {"$ref": f"#/components/schemas/{one.schema}"}]}


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
    for parameter in operation.get("parameters", []):
        if parameter.get("in") == "path":
            _bound(parameter["schema"])
        if parameter.get("in") == "query":
            parameter["allowEmptyValue"] = True
            if parameter["schema"].get("type") == "array":
                parameter |= {"style": "form", "explode": True}
    problem = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for status in READING if method == "get" else WRITING:
        told = {"description": MEANINGS[int(status)], "content": dict(problem)}
        operation["responses"].setdefault(status, told)
    # What belongs to one key is kept by nobody.
    is_read = method == "get" and "/webhooks/" not in path
    # A key that reads is counted apart, but none is needed: clients made from this ask
    # for one wherever it is named.
    operation["security"] = [] if is_read else [{"key": []}]
    for status, response in operation["responses"].items():
        response["headers"] = _headers(status, is_read)
    if is_read:
        operation["responses"]["304"] = {
            "description": "Nothing has changed since the tag in “If-None-Match”.",
            "headers": {name: HEADERS[name] for name in KEEPING},
        }
        if "{slug}" in path and "commitments" in path:
            operation["responses"]["301"] = {
                "description": "It was merged into the commitment at “Location”.",
                "headers": {"Location": HEADERS["Location"]},
            }
    # A stream is no page: a table is text, JSON Lines one row a line.
    for response in operation["responses"].values():
        for kind in response.get("content", {}).keys() & {
            "text/csv",
            "application/jsonl",
        }:
            response["content"][kind] = {"schema": {"type": "string"}}


def _bound(schema: dict[str, Any]) -> None:
    """Tell what a name in an address looks like."""
    if schema.get("type") == "string" and "pattern" not in schema:
        schema |= {"pattern": "^[-a-zA-Z0-9_]+$", "maxLength": 100}


def _headers(status: str, is_read: bool) -> dict[str, Any]:
    names = ["RateLimit", "RateLimit-Policy"]
    if is_read and status == "200":
        names += KEEPING
    if status in ("429", "503"):
        names.append("Retry-After")
    if status == "401":
        names.append("WWW-Authenticate")
    return {name: HEADERS[name] for name in names}
