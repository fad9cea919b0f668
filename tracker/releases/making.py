"""Make a numbered release, and make one again.

1. One look at the record: its head, and what is described beside the history.
2. Every file, from the entries up to that head and from that look, in a folder of
   its own. Whatever fails up to here leaves nothing behind.
3. The files go into the storage, and one transaction makes the release visible, whole.
"""

from __future__ import annotations

import platform
import sqlite3
import tempfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from django.conf import settings
from django.db import IntegrityError, connection, transaction

from commitments import services
from commitments.models import DataVersion, HistoryEntry
from commitments.statuses import EntryKind
from tracker.models import Release, ReleasedFact, ReleaseFile

from . import differences, facts, keeping, known, workspace
from .contents import DESCRIBED, TABLES
from .descriptor import Made
from .files import write
from .tables import FORMAT
from .workspace import FACTS, NEW, OLD_FACTS, Workspace


class NothingNew(Exception):
    """There is nothing that the last release does not hold already."""


class NotMade(Exception):
    """Why no release was made, as a sentence."""


def make_release(*, at: datetime) -> Release:
    """Release the data as they are, for good, and sign the head of the history.

    Raises NothingNew where the last release holds the same, NotMade where another
    was made meanwhile, and what a file that cannot be written or kept raises; then
    nothing is visible.
    """
    with _folder() as (folder, work):
        release = _begin(work, at=at)
        _compose(release, work)
        made = write(folder, release, work)
        try:
            for file in made:
                keeping.keep(folder / file.name, release.folder, file.sha256)
            services.write_checkpoint(at=at)
            _publish(release, made, work)
        except BaseException:
            keeping.forget(release.folder)
            raise
    return release


def make_monthly_release(*, at: datetime) -> Release | None:
    """Make the month's release, once; None where it is there. Raises as above."""
    last = Release.objects.order_by("-number").first()
    if last and f"{last.made_at:%Y-%m}" >= f"{at:%Y-%m}":
        return None
    return make_release(at=at)


def make_again(release: Release, folder: Path) -> dict[str, str]:
    """Write the files of a release anew, from the record; return their hashes.

    The history is read as it was known at the release's head, the descriptions as
    the releases up to it kept them, the difference from the release before.
    """
    folder.mkdir(parents=True, exist_ok=True)
    again = Release.objects.select_related("previous").get(pk=release.pk)
    again.sums, again.changes = "", {}
    with _folder() as (_, work):
        work.change(FACTS, _kept(up_to=release.number))
        _compose(again, work)
        return {file.name: file.sha256 for file in write(folder, again, work)}


@contextmanager
def _folder() -> Iterator[tuple[Path, Workspace]]:
    with (
        tempfile.TemporaryDirectory(prefix="release-") as name,
        Workspace(Path(name) / ".rows") as work,
    ):
        yield Path(name), work


def _begin(work: Workspace, *, at: datetime) -> Release:
    """Look at the record once; return the release to be, pinned to its head."""
    with _one_look():
        previous = Release.objects.order_by("-number").first()
        head = HistoryEntry.objects.public().order_by("-seq").first()
        if head is None:
            raise NothingNew("The history is empty: there is nothing to release.")
        for table in DESCRIBED:
            work.put(FACTS, table.name, facts.rows(table.name))
    if previous:
        work.change(OLD_FACTS, _kept(up_to=previous.number))
        if previous.seq == head.seq and not any(work.changed_facts()):
            raise NothingNew(
                f"Release {previous.number} holds all there is: nothing was recorded or "
                "described since."
            )
    number = previous.number + 1 if previous else 1
    return Release(
        number=number,
        folder=keeping.new_folder(number),
        previous=previous,
        made_at=at.astimezone(UTC),
        seq=head.seq,
        digest=head.digest,
        format=FORMAT,
        method_version=settings.METHOD_VERSION,
        site_name=settings.SITE_NAME,
        site_url=settings.SITE_URL,
        made_with=made_with(),
    )


@contextmanager
def _one_look() -> Iterator[None]:
    """Read what stands at one moment, whatever is written meanwhile.

    On SQLite the IMMEDIATE transaction is that already.
    """
    outermost = not connection.in_atomic_block
    with transaction.atomic():
        if connection.vendor == "postgresql" and outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        yield


def made_with() -> dict[str, str]:
    """Return the programs whose versions show in the bytes of some files."""
    return {
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
        **{name: version(name) for name in ("arro3-io", "xlsxwriter", "orjson")},
    }


def _kept(*, up_to: int) -> Iterator[tuple[str, str, bytes]]:
    """Yield what the releases up to a number kept of descriptions, in turn."""
    found = ReleasedFact.objects.filter(release__lte=up_to).order_by("release_id", "pk")
    lines = found.values_list("name", "place", "line")
    for name, place, text in lines.iterator(chunk_size=facts.CHUNK):
        yield name, place, text.encode()


def _compose(release: Release, work: Workspace) -> None:
    """Put together the rows of all tables, from the history and the descriptions."""
    held = known.Held(on=release.made_at.date(), seq=release.seq)
    for table in TABLES:
        if read := known.READ.get(table.name):
            work.put(NEW, table.name, read(release.seq))
            continue
        names = table.names
        for_each = (
            {**fact, **held.beside(table.name, fact)}
            for fact in work.rows(FACTS, table.name)
        )
        work.put(NEW, table.name, ({n: row[n] for n in names} for row in for_each))
    if release.previous:
        differences.recall(release.previous, work)


def _publish(release: Release, made: list[Made], work: Workspace) -> None:
    """Make a release visible, with all its files, or not at all. Raises NotMade."""
    release.sums = {file.name: file.sha256 for file in made}["SHA256SUMS"]
    files = [
        ReleaseFile(
            release=release,
            position=position,
            name=file.name,
            media_type=file.media_type,
            size=file.size,
            sha256=file.sha256,
            rows=file.rows,
        )
        for position, file in enumerate(made, start=1)
    ]
    try:
        with transaction.atomic():
            release.save(force_insert=True)
            ReleaseFile.objects.bulk_create(files)
            ReleasedFact.objects.bulk_create(
                (
                    ReleasedFact(
                        release=release, name=name, place=place, line=text.decode()
                    )
                    for name, place, text in work.changed_facts()
                ),
                batch_size=workspace.BATCH,
            )
            # Readers see one more release.
            DataVersion.bump()
    except IntegrityError as error:
        if not Release.objects.filter(number=release.number).exists():
            raise
        raise NotMade(
            f"Release {release.number} was made by somebody else meanwhile. Make another "
            "if there is more to release."
        ) from error


def compare_again(release: Release, folder: Path) -> Iterator[str]:
    """Make a release again and yield what differs from it, with the likely cause."""
    again = make_again(release, folder)
    kept = {file.name: file.sha256 for file in release.files.all()}
    differing = [name for name in kept if again.get(name) != kept[name]]
    if not differing:
        return
    yield from (f"{name} comes out different" for name in differing)
    erased = HistoryEntry.objects.filter(
        kind=EntryKind.REDACTION, seq__gt=release.seq, refers_to__lte=release.seq
    )
    for seq in erased.values_list("seq", flat=True):
        yield f"entry {seq} has erased a text that the release holds"
    if release.format != FORMAT:
        yield f"it is of format {release.format}, this code writes {FORMAT}"
    elif release.made_with != made_with():
        yield f"it was made with {release.made_with}, this is {made_with()}"
