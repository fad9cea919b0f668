"""Refuse a contract that breaks what the last release offered.

    python scripts/breaking.py docs/contract docs/openapi.json

The first names the contract of a release, or the folder of all, of which the newest counts.

What may be sent must stay accepted: no address, parameter or value goes, nothing new is
required. What is answered must stay readable: no field goes or may be missing, no type
or word is new. What stood as deprecated in the released contract may go.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

METHODS = ("get", "post", "put", "patch", "delete")


class Comparison:
    """Two contracts; ``broken()`` yields a sentence for each break."""

    def __init__(self, old: dict[str, Any], new: dict[str, Any]) -> None:
        self.old, self.new = old, new

    def broken(self) -> Iterator[str]:
        for path, operations in self.old["paths"].items():
            for method in METHODS:
                if method not in operations or operations[method].get("deprecated"):
                    continue
                now = self.new["paths"].get(path, {}).get(method)
                place = f"{method.upper()} {path}"
                if now is None:
                    yield f"{place} is gone."
                else:
                    yield from self._operation(place, operations[method], now)

    def _operation(self, place: str, old: dict, new: dict) -> Iterator[str]:
        was = {(p["in"], p["name"]): p for p in old.get("parameters", [])}
        now = {(p["in"], p["name"]): p for p in new.get("parameters", [])}
        for key, parameter in was.items():
            told = f"{place}: parameter {key[1]}"
            if key not in now:
                if not parameter.get("deprecated"):
                    yield f"{told} is gone."
                continue
            if now[key].get("required") and not parameter.get("required"):
                yield f"{told} is now required."
            yield from self._sent(told, parameter["schema"], now[key]["schema"])
        for key, parameter in now.items():
            if key not in was and parameter.get("required"):
                yield f"{place}: parameter {key[1]} is new and required."
        if "requestBody" in new:
            if "requestBody" not in old:
                if new["requestBody"].get("required"):
                    yield f"{place}: a body is now required."
            else:
                yield from self._contents(place, old, new)
        for status, response in old["responses"].items():
            if status not in new["responses"]:
                yield f"{place}: answer {status} is gone."
                continue
            later = new["responses"][status].get("content", {})
            for kind, content in response.get("content", {}).items():
                told = f"{place}: answer {status}"
                if kind not in later:
                    yield f"{told} is no longer given as {kind}."
                    continue
                yield from self._given(told, content["schema"], later[kind]["schema"])

    def _contents(self, place: str, old: dict, new: dict) -> Iterator[str]:
        later = new["requestBody"]["content"]
        for kind, content in old["requestBody"]["content"].items():
            if kind not in later:
                yield f"{place}: a body as {kind} is no longer taken."
            else:
                schemas = content["schema"], later[kind]["schema"]
                yield from self._sent(f"{place}: body", *schemas)

    def _sent(self, place: str, old: dict, new: dict) -> Iterator[str]:
        """Yield what used to be taken and no longer is."""
        old, new = _whole(self.old, old), _whole(self.new, new)
        if gone := _types(old) - _types(new) if _types(new) else set():
            yield f"{place} is no longer taken as {', '.join(sorted(gone))}."
        if "enum" in new:
            lost = set(map(str, old.get("enum", ["anything"]))) - set(
                map(str, new["enum"])
            )
            if lost:
                yield f"{place} no longer takes {', '.join(sorted(lost))}."
        for name, is_stricter in (
            ("maxLength", int.__lt__),
            ("maximum", int.__lt__),
            ("maxItems", int.__lt__),
            ("minimum", int.__gt__),
            ("minLength", int.__gt__),
        ):
            if name in new and (name not in old or is_stricter(new[name], old[name])):
                yield f"{place}: {name} is stricter."
        if new.get("pattern") and new["pattern"] != old.get("pattern"):
            yield f"{place} must now match {new['pattern']}."
        for name in sorted(set(new.get("required", [])) - set(old.get("required", []))):
            yield f"{place}: {name} is now required."
        yield from self._parts(place, old, new, self._sent)

    def _given(self, place: str, old: dict, new: dict, deep: int = 0) -> Iterator[str]:
        """Yield what a reader of the old contract would not understand."""
        old, new = _whole(self.old, old), _whole(self.new, new)
        if deep > 12:
            return
        if _types(old) and (added := (_types(new) or {"anything"}) - _types(old)):
            yield f"{place} may now be {', '.join(sorted(added))}."
        if "enum" in old:
            words = set(map(str, new.get("enum", ["anything"])))
            if added := words - set(map(str, old["enum"])):
                yield f"{place} has new values: {', '.join(sorted(added))}."
        for name in sorted(set(old.get("required", [])) - set(new.get("required", []))):
            if name in new.get("properties", {}):
                yield f"{place}.{name} may now be missing."
        yield from self._parts(
            place, old, new, lambda p, o, n: self._given(p, o, n, deep + 1)
        )

    def _parts(self, place: str, old: dict, new: dict, compare: Any) -> Iterator[str]:
        later = new.get("properties", {})
        for name, part in old.get("properties", {}).items():
            if name in later:
                yield from compare(f"{place}.{name}", part, later[name])
            elif not part.get("deprecated"):
                yield f"{place}.{name} is gone."
        if "items" in old and "items" in new:
            yield from compare(f"{place}[]", old["items"], new["items"])
        for name in ("anyOf", "oneOf"):
            for n, (was, now) in enumerate(
                zip(old.get(name, []), new.get(name, []), strict=False)
            ):
                yield from compare(f"{place}<{n}>", was, now)


def _whole(contract: dict, schema: dict) -> dict:
    """Return a schema with what it refers to put in its place."""
    while True:
        if "$ref" in schema:
            name = schema["$ref"].rpartition("/")[2]
            schema = contract["components"]["schemas"][name]
        elif len(schema.get("allOf", [])) == 1:
            rest = {k: v for k, v in schema.items() if k != "allOf"}
            schema = {**_whole(contract, schema["allOf"][0]), **rest}
        else:
            return schema


def _types(schema: dict) -> set[str]:
    found = schema.get("type", [])
    return {found} if isinstance(found, str) else set(found)


def breaks(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """Return what of ``old`` the contract ``new`` breaks, a sentence each."""
    return list(dict.fromkeys(Comparison(old, new).broken()))


def newest(folder: Path) -> Path:
    """Return the contract of the latest release: 1.10.0 comes after 1.9.0."""
    found = list(folder.glob("openapi-*.json"))
    if not found:
        raise SystemExit(f"{folder} holds no released contract (openapi-1.2.3.json).")
    return max(found, key=_version)


def _version(path: Path) -> list[int]:
    told = re.fullmatch(r"openapi-(\d+(?:\.\d+)*)", path.stem)
    if told is None:
        raise SystemExit(f"{path} has no version: name it like openapi-1.2.3.json.")
    return [int(part) for part in told[1].split(".")]


def main(old: str | Path, new: str | Path) -> int:
    old = newest(Path(old)) if Path(old).is_dir() else old
    read = [json.loads(Path(path).read_text(encoding="utf-8")) for path in (old, new)]
    found = breaks(*read)
    for sentence in found:
        print(sentence)
    if found:
        print(
            f"\n{len(found)} break(s) since {old}. Deprecate first "
            "(tracker/api/deprecations.py), or make a new version of the API."
        )
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
