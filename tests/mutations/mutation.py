"""What a mutation is, and how it is applied to a copy of the program."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Change:
    """One text of one file, and what stands there instead."""

    file: str
    old: str
    new: str

    def applied(self, text: str) -> str:
        """Return the text of the file with the change. Raises ValueError."""
        if (times := text.count(self.old)) != 1:
            raise ValueError(f"{self.file}: found {times} times: {self.old!r}")
        return text.replace(self.old, self.new)


@dataclass(frozen=True)
class Mutation:
    """A protection that is taken away, and the tests (below tests/) that must notice.

    Several changes: as many walls stand behind each other, and all are taken away.
    ``database``: where alone it shows, "sqlite" or "postgresql".
    """

    name: str
    changes: Sequence[Change]
    tests: Sequence[str]
    database: str = ""

    def mutated(self, root: Path) -> dict[str, str]:
        """Return the texts of the changed files, by name. Raises ValueError."""
        texts: dict[str, str] = {}
        for change in self.changes:
            if change.file not in texts:
                texts[change.file] = (root / change.file).read_text(encoding="utf-8")
            texts[change.file] = change.applied(texts[change.file])
        return texts

    @contextmanager
    def in_force(self, root: Path) -> Iterator[None]:
        """Change the files below ``root``, and put them back."""
        mutated = self.mutated(root)
        whole = {name: (root / name).read_bytes() for name in mutated}
        try:
            for name, text in mutated.items():
                (root / name).write_text(text, encoding="utf-8")
            yield
        finally:
            for name, content in whole.items():
                (root / name).write_bytes(content)


def without(
    name: str, file: str, old: str, new: str, *tests: str, database: str = ""
) -> Mutation:
    """Return a mutation of one change, as most are."""
    return Mutation(name, [Change(file, old, new)], tests, database)
