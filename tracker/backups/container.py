"""The file of a backup: a zip whose last 64 bytes are the SHA-256 of all before them."""

from __future__ import annotations

import hashlib
import json
import os
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

MANIFEST = "manifest.json"
FORMAT = 1
DIGEST_LENGTH = 64
BLOCK = 1 << 20


class Damaged(Exception):
    """A file that is no whole backup, as a sentence."""


class Parts:
    """The parts of a backup that is being written, with their sums."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive
        self.sums: dict[str, dict[str, Any]] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[Part]:
        """Open a part to write bytes into; its size and sum are kept."""
        # The date of a part tells nothing; the manifest has that of the backup.
        info = zipfile.ZipInfo(name)
        info.compress_type = zipfile.ZIP_DEFLATED
        with self.archive.open(info, "w", force_zip64=True) as file:
            part = Part(file)
            yield part
        self.sums[name] = {"bytes": part.size, "sha256": part.digest.hexdigest()}


class Part:
    """A part that is being written."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file = file
        self.digest = hashlib.sha256()
        self.size = 0

    def write(self, data: bytes) -> None:
        self.file.write(data)
        self.digest.update(data)
        self.size += len(data)


@contextmanager
def written(path: Path) -> Iterator[tuple[Parts, dict[str, Any]]]:
    """Write a backup: give its parts and its manifest, to be filled.

    The file stands at ``path``, readable by its owner alone, once it is whole; after an
    error nothing is there.
    """
    unfinished = path.with_name(f".{path.name}.unfinished")
    handle = os.open(unfinished, os.O_RDWR | os.O_CREAT | os.O_TRUNC, 0o600)
    try:
        with os.fdopen(handle, "r+b") as file:
            manifest: dict[str, Any] = {"format": FORMAT}
            with zipfile.ZipFile(file, "w", allowZip64=True) as archive:
                parts = Parts(archive)
                yield parts, manifest
                manifest["parts"] = parts.sums
                archive.writestr(MANIFEST, json.dumps(manifest, indent=1))
                archive.comment = b"0" * DIGEST_LENGTH
            _seal(file)
        os.replace(unfinished, path)
        _sync(path.parent)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise


def _seal(file: IO[bytes]) -> None:
    file.flush()
    end = file.seek(0, os.SEEK_END) - DIGEST_LENGTH
    digest = _digest(file, end)
    file.seek(end)
    file.write(digest.encode())
    file.flush()
    os.fsync(file.fileno())


def _sync(folder: Path) -> None:
    """Have the new name itself survive a loss of power."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _digest(file: IO[bytes], length: int) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    left = length
    while left and (block := file.read(min(BLOCK, left))):
        digest.update(block)
        left -= len(block)
    return digest.hexdigest()


@contextmanager
def opened(path: Path) -> Iterator[tuple[zipfile.ZipFile, dict[str, Any]]]:
    """Open a backup that is whole, byte by byte; give its parts and its manifest.

    Raises Damaged for any other file, OSError for one that cannot be read.
    """
    with path.open("rb") as file:
        end = max(0, file.seek(0, os.SEEK_END) - DIGEST_LENGTH)
        digest = _digest(file, end)
        if file.read(DIGEST_LENGTH) != digest.encode():
            raise Damaged(
                f"{path} is no whole backup: its bytes do not fit the sum at its end."
            )
        try:
            with zipfile.ZipFile(file) as archive:
                manifest = json.loads(archive.read(MANIFEST))
                if manifest["format"] != FORMAT:
                    raise Damaged(
                        f"{path} is of format {manifest['format']}; this version of "
                        f"the tracker reads format {FORMAT}."
                    )
                yield archive, manifest
        except (zipfile.BadZipFile, KeyError, ValueError) as error:
            raise Damaged(f"{path} is no backup of the tracker: {error}.") from error
