"""Files of releases in their storage: a folder for each, never written to again.

A folder that no release names is invisible: its release was not made.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from django.core.files.base import File
from django.core.files.storage import Storage, storages

from tracker.models import Release, ReleaseFile

CHUNK = 1024 * 1024


class NotKept(Exception):
    """The storage does not hold what was given to it."""


@dataclass(frozen=True)
class Damage:
    """A file of a release that is not what was released."""

    release: int
    name: str
    what: str


def storage() -> Storage:
    return storages["releases"]


def sha256(file: IO[bytes]) -> str:
    """Return the SHA-256 of what is left to read of ``file``."""
    digest = hashlib.sha256()
    while piece := file.read(CHUNK):
        digest.update(piece)
    return digest.hexdigest()


def new_folder(number: int) -> str:
    """Return where the files of a release to be will lie: its own, whoever else tries."""
    return f"{number}-{secrets.token_hex(8)}"


def keep(path: Path, folder: str, digest: str) -> None:
    """Bring a file into the storage and read it back. Raises NotKept."""
    name = f"{folder}/{path.name}"
    with path.open("rb") as file:
        saved = storage().save(name, File(file))
    with storage().open(saved) as file:
        if saved != name or sha256(file) != digest:
            raise NotKept(f"The storage does not give back {path.name} as it was.")


def forget(folder: str) -> None:
    """Take away what a release that was not made has left in the storage."""
    try:
        _, names = storage().listdir(folder)
    except OSError:
        return
    for name in names:
        storage().delete(f"{folder}/{name}")
    storage().delete(folder)


def opened(file: ReleaseFile) -> File:
    """Open a file of a release. Raises OSError where it cannot be read."""
    return storage().open(f"{file.release.folder}/{file.name}")


def verify(release: Release) -> Iterator[Damage]:
    """Hash every file of a release anew and yield what does not fit."""
    sums = ""
    for file in release.files.select_related("release"):
        try:
            with opened(file) as held:
                found = sha256(held)
        except OSError:
            yield Damage(release.number, file.name, "cannot be read")
            continue
        if found != file.sha256:
            yield Damage(release.number, file.name, "does not fit its hash")
        if file.name == "SHA256SUMS":
            sums = found
    if sums != release.sums:
        yield Damage(release.number, "SHA256SUMS", "is not the one released")
