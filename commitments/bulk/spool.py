"""Rows put aside in a file of their own, so that memory does not grow with them."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import Self

from .cells import Number
from .reading import Row


class Spool:
    """Reads all rows once; each iteration gives them again. Use it in a ``with``."""

    def __init__(self, rows: Iterable[tuple[int, Row]]) -> None:
        self.count = 0
        # Closed on leaving the ``with``.
        self.file = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115
        try:
            for number, row in rows:
                numbers = [n for n, cell in row.items() if isinstance(cell, Number)]
                json.dump([number, numbers, row], self.file)
                self.file.write("\n")
                self.count += 1
        except BaseException:
            self.file.close()
            raise

    def __iter__(self) -> Iterator[tuple[int, Row]]:
        self.file.seek(0)
        for line in self.file:
            number, numbers, row = json.loads(line)
            for name in numbers:
                row[name] = Number(row[name])
            yield number, row

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.file.close()
