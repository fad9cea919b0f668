"""Read a catalogue from its files, and find everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from commitments.catalogue import schema
from commitments.catalogue.check import check
from commitments.catalogue.files import parse
from commitments.catalogue.whole import (
    Catalogue,
    CatalogueError,
    Names,
    Problem,
    commitments_file,
)

__all__ = ["Catalogue", "CatalogueError", "Problem", "read"]

T = TypeVar("T", bound=schema.Item)

# What the shape of an item is told by the library, as a sentence with the mend.
MESSAGES = {
    "missing": "It is missing. Add it.",
    "extra_forbidden": "There is no such field. Remove it, or mend its name.",
    "string_type": "It is not text. Write text, in quotes.",
    "string_pattern_mismatch": "It is not of the form {pattern}. Mend it.",
    "string_too_long": "It is too long. Shorten it to {max_length} characters.",
    "bool_type": "Write true or false.",
    "int_type": "Write a whole number.",
    "list_type": "It is not a list. Write one, [] if it is empty.",
    "too_short": "It is empty. Add at least one.",
    "too_long": "It has a length of {actual_length}. Cut it to {max_length}.",
    "model_type": "It is not a mapping of fields to values. Write one.",
    "model_attributes_type": "It is not a mapping of fields to values. Write one.",
    "union_tag_invalid": "Its kind is none of {expected_tags}. Choose one.",
    "union_tag_not_found": "It has no kind. Add one: status, claim or review.",
}


def read(path: Path) -> Catalogue:
    """Return the catalogue in folder ``path``.

    Raises CatalogueError with every problem found, in all files.
    """
    reading = _Reading(path)
    catalogue = reading.all()
    problems = [*reading.problems, *check(catalogue, reading.names)]
    if problems:
        raise CatalogueError(problems)
    return catalogue


class _Reading:
    """One reading of a folder; what is wrong gathers in ``problems``."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.problems: list[Problem] = []
        # The names there are, also those of items that could not be read, so
        # that one mistake is not reported again wherever the item is named.
        self.names: Names = {}

    def all(self) -> Catalogue:
        """Return all items that can be read."""
        plan = self.one("plan.yaml", schema.PlanItem) or self.stand_in()
        catalogue = Catalogue(
            plan=plan,
            bodies=self.many("bodies.yaml", schema.BodyItem),
            partners=self.many("partners.yaml", schema.PartnerItem),
            topics=self.many("topics.yaml", schema.TopicItem),
            sources=self.sources(),
            evidence=self.many("evidence.yaml", schema.EvidenceItem, name="id"),
            indicators=self.many("indicators.yaml", schema.IndicatorItem),
            commitments={
                pillar.number: self.many(
                    commitments_file(pillar), schema.CommitmentItem, kind="commitments"
                )
                for pillar in plan.pillars
            },
        )
        self.names.setdefault("commitments", None)
        expected = {commitments_file(pillar) for pillar in plan.pillars}
        for file in self.folder("commitments"):
            if file not in expected:
                message = "It belongs to no pillar of the plan. Rename or remove it."
                self.problems.append(Problem(file, "", "", message))
        return catalogue

    def folder(self, name: str) -> list[str]:
        """Return the YAML files in a folder, as paths from the catalogue's own."""
        return sorted(
            f"{name}/{file.name}" for file in self.path.glob(f"{name}/*.yaml")
        )

    def stand_in(self) -> schema.PlanItem:
        """Return a plan in which nothing is too late, to go on without the real one."""
        found = (
            re.fullmatch(r"commitments/(\d{1,2})-(.+)\.yaml", file, re.ASCII)
            for file in self.folder("commitments")
        )
        pillars = [
            schema.PillarItem.model_construct(number=int(f[1]), slug=f[2])
            for f in found
            if f
        ]
        return schema.PlanItem.model_construct(
            starts_on=date.min,
            ends_on=date.max,
            coded_on=date.max,
            evidence_to=date.max,
            pillars=pillars,
        )

    def sources(self) -> list[schema.SourceItem]:
        files = self.folder("sources")
        if not files:
            message = "There is no source. Add the document the commitments are from."
            self.problems.append(Problem("sources/", "", "", message))
            self.names["passages"] = None
        found = []
        for file in files:
            source = self.one(file, schema.SourceItem, names="passages")
            if source is None:
                continue
            found.append(source)
            if file != f"sources/{source.slug}.yaml":
                message = f"The file is not called {source.slug}.yaml. Rename one."
                self.problems.append(Problem(file, source.slug, "slug", message))
        return found

    def one(self, file: str, shape: type[T], *, names: str = "") -> T | None:
        data, found = parse(self.path, file)
        self.problems += found
        if names:
            rows = data.get(names) if isinstance(data, dict) else None
            self.remember(names, rows, "ref")
        return None if data is None else self.item(file, "", data, shape)

    def many(
        self, file: str, shape: type[T], *, name: str = "slug", kind: str = ""
    ) -> list[T]:
        data, found = parse(self.path, file)
        self.problems += found
        if data is not None and not isinstance(data, list):
            self.problems.append(Problem(file, "", "", "Write a list of items."))
        self.remember(kind or file.removesuffix(".yaml"), data, name)
        items = []
        for number, raw in enumerate(data if isinstance(data, list) else [], 1):
            given = raw.get(name) if isinstance(raw, dict) else None
            said = given[:100] if isinstance(given, str) and given else f"item {number}"
            if item := self.item(file, said, raw, shape):
                items.append(item)
        return items

    def remember(self, kind: str, rows: Any, name: str) -> None:
        """Note which names there are; None where a file could not be read."""
        known = self.names.setdefault(kind, set())
        if not isinstance(rows, list) or known is None:
            self.names[kind] = None
            return
        given = (row.get(name) for row in rows if isinstance(row, dict))
        known.update(value for value in given if isinstance(value, str))

    def item(self, file: str, name: str, raw: Any, shape: type[T]) -> T | None:
        try:
            return shape.model_validate(raw)
        except ValidationError as error:
            for found in error.errors(include_url=False, include_input=False):
                context = found.get("ctx", {})
                if context.get("pattern") == schema.SLUG:
                    context = {"pattern": "lower-case-words-with-hyphens"}
                message = found["msg"].removeprefix("Value error, ")
                if known := MESSAGES.get(found["type"]):
                    message = known.format(**context)
                place = ".".join(_path(found["loc"], raw))
                self.problems.append(Problem(file, name, place, message))
            return None


def _path(loc: tuple[int | str, ...], raw: Any) -> Iterator[str]:
    """Yield the parts of a path; what is in a list goes by its own name."""
    inner = raw
    for place, part in enumerate(loc):
        if place == 2 and loc[0] == "history":
            continue  # the kind of the entry, which is in its name
        try:
            inner = inner[part]
        except (LookupError, TypeError):
            inner = None
        yield _name(part, inner) if isinstance(part, int) else part


def _name(number: int, part: Any) -> str:
    """Return the name of a part of a list: its key, its place or its day."""
    if not isinstance(part, dict):
        return str(number)
    for fields in (["key"], ["ref"], ["kind", "date"], ["date"]):
        said = [part.get(field) for field in fields]
        if all(isinstance(word, str) and 0 < len(word) <= 60 for word in said):
            return ".".join(str(word) for word in said)
    return (
        f"{number}.{kind}" if isinstance(kind := part.get("kind"), str) else str(number)
    )
