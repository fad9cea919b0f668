"""Read a catalogue from its files, and find everything that is wrong with it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from commitments.catalogue import schema

LARGEST_FILE = 5_000_000
DEEPEST = 20
SafeLoader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
I = TypeVar("I", bound=schema.Item)


@dataclass(frozen=True)
class Problem:
    """One thing to mend: where it stands, and how."""

    file: str
    item: str
    field: str
    message: str

    def __str__(self) -> str:
        place = ", ".join(filter(None, (self.file, self.item, self.field)))
        return f"{place}: {self.message}"


class CatalogueError(Exception):
    """The catalogue cannot be loaded; ``problems`` holds all that is wrong."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(f"{len(problems)} problems in the catalogue")
        self.problems = list(problems)


@dataclass(frozen=True)
class Catalogue:
    """All items, checked; ``files`` tells in which file an item stands."""

    plan: schema.PlanItem
    bodies: list[schema.BodyItem]
    partners: list[schema.PartnerItem]
    topics: list[schema.TopicItem]
    sources: list[schema.SourceItem]
    evidence: list[schema.EvidenceItem]
    indicators: list[schema.IndicatorItem]
    commitments: dict[int, list[schema.CommitmentItem]]
    # The names of items that could not be read: no reference to them is unknown.
    unread: frozenset[str] = frozenset()

    def all_commitments(self) -> Iterator[tuple[int, schema.CommitmentItem]]:
        """Yield (pillar number, commitment) in order."""
        for number, items in self.commitments.items():
            for item in items:
                yield number, item


class _Loader(SafeLoader):
    """Refuses keys given twice: the second would silently win."""

    def construct_mapping(self, node: Any, deep: bool = False) -> dict:
        seen = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise yaml.MarkedYAMLError(
                    problem="a key must be a word", problem_mark=key.start_mark
                )
            if key.value in seen:
                raise yaml.MarkedYAMLError(
                    problem=f"the key {key.value!r} stands here twice; keep one",
                    problem_mark=key.start_mark,
                )
            seen.add(key.value)
        return super().construct_mapping(node, deep=True)


def read(path: Path) -> Catalogue:
    """Return the catalogue in folder ``path``.

    Raises CatalogueError with every problem found.
    """
    from commitments.catalogue.check import check

    problems: list[Problem] = []
    plan = _read_one(path, "plan.yaml", schema.PlanItem, problems)
    bodies = _read_list(path, "bodies.yaml", schema.BodyItem, problems)
    partners = _read_list(path, "partners.yaml", schema.PartnerItem, problems)
    topics = _read_list(path, "topics.yaml", schema.TopicItem, problems)
    evidence = _read_list(path, "evidence.yaml", schema.EvidenceItem, problems)
    indicators = _read_list(path, "indicators.yaml", schema.IndicatorItem, problems)
    sources = [
        source
        for file in sorted(path.glob("sources/*.yaml"))
        if (
            source := _read_one(
                path, f"sources/{file.name}", schema.SourceItem, problems
            )
        )
    ]
    if not sources and not problems:
        problems.append(
            Problem("sources/", "", "", "There is no source file; add one.")
        )
    commitments: dict[int, list[schema.CommitmentItem]] = {}
    for pillar in plan.pillars if plan else []:
        file = f"commitments/{pillar.number}-{pillar.slug}.yaml"
        commitments[pillar.number] = _read_list(
            path, file, schema.CommitmentItem, problems
        )
    if plan is None:
        raise CatalogueError(problems)
    folder = path / "commitments"
    expected = {f"{p.number}-{p.slug}.yaml" for p in plan.pillars}
    for stray in sorted(folder.glob("*")):
        if stray.name not in expected:
            message = "No pillar has this file. Rename or remove it."
            problems.append(Problem(f"commitments/{stray.name}", "", "", message))
    catalogue = Catalogue(
        plan,
        bodies,
        partners,
        topics,
        sources,
        evidence,
        indicators,
        commitments,
        unread=frozenset(p.item for p in problems if p.field),
    )
    # Where a whole file could not be read, every reference into it would look wrong.
    is_whole = all(p.item and not p.item.startswith("line ") for p in problems)
    problems += check(catalogue, shape_is_whole=is_whole)
    if problems:
        raise CatalogueError(problems)
    return catalogue


def _refuse_tricks(text: str) -> None:
    """Refuse aliases, and nesting that no item of the format has.

    Few lines of either can stand for more than memory holds. Raises YAMLError.
    """
    depth = 0
    for event in yaml.parse(text, SafeLoader):
        if getattr(event, "anchor", None):
            raise yaml.MarkedYAMLError(
                problem="write the text out; anchors and aliases are not read",
                problem_mark=event.start_mark,  # type: ignore[arg-type]
            )
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEEPEST:
            raise yaml.MarkedYAMLError(
                problem="nested too deeply",
                problem_mark=event.start_mark,  # type: ignore[arg-type]
            )


def _parse(path: Path, file: str, problems: list[Problem]) -> Any:
    """Return what a file holds, or None after noting what is wrong."""
    whole = path / file
    try:
        if whole.stat().st_size > LARGEST_FILE:
            size = whole.stat().st_size // 1_000_000
            message = f"The file has {size} MB; at most 5 are read. Split it."
            problems.append(Problem(file, "", "", message))
            return None
        text = whole.read_bytes().decode("utf-8")
        _refuse_tricks(text)
        return yaml.load(text, _Loader)  # noqa: S506 (a safe loader)
    except UnicodeDecodeError:
        problems.append(
            Problem(file, "", "", "The file is not UTF-8. Save it as UTF-8.")
        )
    except OSError as error:
        message = f"The file cannot be read ({error.strerror}). Add it."
        problems.append(Problem(file, "", "", message))
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        line = f"line {mark.line + 1}" if mark else ""
        problems.append(Problem(file, line, "", f"Not valid YAML: {error.problem}."))
    except (yaml.YAMLError, ValueError) as error:
        problems.append(Problem(file, "", "", f"Not valid YAML: {error}."))
    return None


def _read_one(
    path: Path, file: str, shape: type[I], problems: list[Problem]
) -> I | None:
    data = _parse(path, file, problems)
    if data is None:
        if not any(p.file == file for p in problems):
            problems.append(Problem(file, "", "", "The file is empty. Fill it."))
        return None
    return _validated(file, "", data, shape, problems)


def _read_list(
    path: Path, file: str, shape: type[I], problems: list[Problem]
) -> list[I]:
    data = _parse(path, file, problems)
    if data is None:
        if not any(p.file == file for p in problems):
            problems.append(Problem(file, "", "", "The file is empty. Fill it."))
        return []
    if not isinstance(data, list):
        problems.append(Problem(file, "", "", "Expected a list of items."))
        return []
    found = []
    for number, entry in enumerate(data, 1):
        name = f"item {number}"
        if isinstance(entry, dict):
            name = str(entry.get("slug") or entry.get("id") or name)[:100]
        if item := _validated(file, name, entry, shape, problems):
            found.append(item)
    return found


def _validated(
    file: str, name: str, data: Any, shape: type[I], problems: list[Problem]
) -> I | None:
    try:
        item = TypeAdapter(shape).validate_python(data)
    except ValidationError as error:
        for found in error.errors(include_url=False, include_input=False):
            place = ".".join(str(part) for part in found["loc"])
            message = found["msg"].removeprefix("Value error, ")
            problems.append(Problem(file, name, place, message))
        return None
    for place, text in _texts(item.model_dump()):
        if any(ord(c) < 32 and c not in "\n\t" for c in text):
            message = "holds a control character; remove it"
            problems.append(Problem(file, name, place, message))
    return item


def _texts(value: Any, place: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, str):
        yield place, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, f"{place}.{key}".lstrip("."))
    elif isinstance(value, list):
        for number, item in enumerate(value):
            yield from _texts(item, f"{place}.{number}")
