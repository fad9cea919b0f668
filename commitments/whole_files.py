"""Where kept copies and releases lie on a disk of ours."""

from __future__ import annotations

import os
from typing import Any
from uuid import uuid4

from django.core.files.storage import FileSystemStorage


class WholeFiles(FileSystemStorage):
    """Files that stand under their name whole, or not at all.

    Written in place, a full disk or a kill would leave half a file under the name of a
    whole one.
    """

    def _save(self, name: str, content: Any) -> str:
        unfinished = f"{name}.{uuid4().hex}.unfinished"
        try:
            super()._save(unfinished, content)  # type: ignore[misc]
            with self.open(unfinished) as file:
                os.fsync(file.fileno())
            os.replace(self.path(unfinished), self.path(name))
        except BaseException:
            self.delete(unfinished)
            raise
        return name
