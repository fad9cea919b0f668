"""Keys that an installation makes for itself, in its data folder."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from uuid import uuid4

from django.conf import settings


def own_key(name: str, make: Callable[[], str]) -> str:
    """Return the key kept under ``name``; ``make`` gives one on first use.

    It comes into place whole: no process ever reads half a key, a kill leaves none, and
    of two that make one at once both return the same.
    """
    path = Path(settings.DATA_DIR) / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_name(f"{name}.{uuid4().hex}")
        handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(make())
            file.flush()
            os.fsync(file.fileno())
        with suppress(FileExistsError):
            os.link(fresh, path)
        fresh.unlink()
    return path.read_text(encoding="ascii")
