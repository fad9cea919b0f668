"""One file of the catalogue: plain YAML, and nothing that would hide a mistake."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from commitments.catalogue.whole import Problem

LARGEST_FILE = 5_000_000
# The format needs six levels; a parser built on recursion dies of thousands.
DEEPEST = 12
# Longer runs of digits are no figure, and reading them takes for ever.
LONGEST_NUMBER = 30

SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


@dataclass(frozen=True)
class Unquoted:
    """A plain value that YAML would turn into something else than was written."""

    text: str

    def __str__(self) -> str:
        return self.text


class _Loader(SafeLoader):
    """Notes keys that are given twice, or are no text, and goes on."""

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.found: list[tuple[int, str]] = []

    def mapping(self, node: Any) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if key_node.tag.endswith(":merge"):
                self.found.append((line, "It uses a merge key. Write the fields out."))
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str):
                self.found.append((line, "A key is not text. Put it in quotes."))
            elif key in values:
                self.found.append((line, f"The key “{key}” stands twice. Keep one."))
            else:
                values[key] = self.construct_object(value_node, deep=True)
        return values

    def number(self, node: Any) -> Any:
        if len(node.value) > LONGEST_NUMBER:
            return Unquoted(node.value)
        if node.tag.endswith(":int"):
            return self.construct_yaml_int(node)
        return self.construct_yaml_float(node)

    def unquoted(self, node: Any) -> Unquoted:
        return Unquoted(node.value)


_Loader.add_constructor("tag:yaml.org,2002:map", _Loader.mapping)
_Loader.add_constructor("tag:yaml.org,2002:int", _Loader.number)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.number)
_Loader.add_constructor("tag:yaml.org,2002:timestamp", _Loader.unquoted)


def parse(root: Path, file: str) -> tuple[Any, list[Problem]]:
    """Return what ``file`` under ``root`` holds, and what is wrong with it.

    What it holds is None if it cannot be read at all.
    """

    def problem(message: str, line: int = 0) -> Problem:
        return Problem(file, f"line {line}" if line else "", "", message)

    try:
        size = (root / file).stat().st_size
        if size > LARGEST_FILE:
            megabytes = size // 1_000_000
            return None, [problem(f"It has {megabytes} MB. Cut it to 5 MB or less.")]
        text = (root / file).read_bytes().decode("utf-8")
    except UnicodeDecodeError:
        return None, [problem("It is not UTF-8. Save it as UTF-8.")]
    except OSError as error:
        reason = error.strerror or "unknown reason"
        return None, [problem(f"It cannot be read: {reason}. Put the file there.")]
    if (place := text.find("\0")) >= 0:
        line = text.count("\n", 0, place) + 1
        return None, [problem("Not valid YAML: a NUL character. Remove it.", line)]
    try:
        if found := _scan(text):
            return None, [problem(message, line) for line, message in found]
        loader = _Loader(text)
        try:
            data = loader.get_single_data()
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = mark.line + 1 if mark else 0
        return None, [problem(f"Not valid YAML: {error.problem}. Mend it.", line)]
    except (yaml.YAMLError, ValueError) as error:
        return None, [problem(f"Not valid YAML: {error}. Mend it.")]
    if data is None:
        return None, [problem("It is empty. Fill it.")]
    return data, [problem(message, line) for line, message in loader.found]


def _scan(text: str) -> list[tuple[int, str]]:
    """Return what the format does not allow, found before anything is built."""
    found: list[tuple[int, str]] = []
    depth = documents = 0
    for event in yaml.parse(text, Loader=SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents == 2:
                found.append((line, "A second document starts. Remove the “---”."))
        elif isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            found.append((line, "It uses anchors or aliases. Write the value out."))
        elif getattr(event, "tag", None) is not None:
            found.append((line, "It uses a tag. Write the plain value."))
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            found.append((line, "It is nested too deeply. Mend the brackets."))
            break
    return found
