"""Bring a backup into an empty installation, on either database, and hold the outbox."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.core.management.color import no_style
from django.db import DatabaseError, connection, transaction
from django.db.migrations.executor import MigrationExecutor
from django.db.models import Model

from commitments import rights
from commitments.models import DataVersion
from tracker import outbox

from .container import BLOCK, Damaged, opened
from .making import STORAGES, head

ROWS_AT_A_TIME = 500


class NotEmpty(Exception):
    """Why nothing may be restored here, as a sentence."""


def restore(path: Path, *, at: datetime) -> dict[str, Any]:
    """Restore a backup into this installation; return its manifest.

    All rows come in one transaction, at the schema that the backup was made with; then
    the schema is brought up to date. Nothing leaves the outbox before an operator
    releases it. Raises Damaged, NotEmpty, OSError, CommandError; after an error no row is
    there.
    """
    with opened(path) as (archive, manifest):
        check_parts(archive, manifest)
        rights.check_owner(connection)
        _check_empty()
        old = _at_schema(manifest["migrations"])
        with transaction.atomic():
            _load_rows(archive, manifest, old)
            if head() != manifest["head"]:
                raise Damaged("The history does not end as the manifest says.")
            _load_files(archive, manifest)
            _load_checkpoints(archive)
            # With the rows: whatever ends this now, they are not there unheld.
            _hold(old, at=at)
    try:
        call_command("migrate", verbosity=0, interactive=False)
    except DatabaseError as error:
        raise CommandError(
            f"All rows are restored, but `manage.py migrate` failed. {error}"
        ) from error
    outbox.hold(at=at)
    # What is answered here is new to everybody, whatever they were told before.
    DataVersion.bump()
    return manifest


def check_parts(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    """Hash every part anew. Raises Damaged for one that is not what was written."""
    for name, sums in manifest["parts"].items():
        digest = hashlib.sha256()
        try:
            with archive.open(name) as part:
                while block := part.read(BLOCK):
                    digest.update(block)
        except KeyError as error:
            raise Damaged(f"{name} is missing from the backup.") from error
        if digest.hexdigest() != sums["sha256"]:
            raise Damaged(f"{name} does not fit its sum.")


def _check_empty() -> None:
    # Any schema there would bring rows of its own, whose numbers the backup needs.
    if connection.introspection.table_names():
        raise NotEmpty(
            "This database is not empty: it has tables. Restore into a new database "
            "(DATABASE_URL, or TRACKER_DATA_DIR where it is SQLite); its tables are "
            "made here."
        )


def _at_schema(migrations: list[list[str]]) -> Any:
    """Bring the empty database to the schema of the backup; return its models."""
    executor = MigrationExecutor(connection)
    wanted = {(app, name) for app, name in migrations}
    known = set(executor.loader.graph.nodes)
    if strange := sorted(wanted - known - executor.loader.replacements.keys()):
        names = ", ".join(f"{app}.{name}" for app, name in strange[:3])
        raise NotEmpty(
            f"The backup was made by a newer version of the tracker ({names}). "
            "Install that version, restore, then go on."
        )
    # The last of each app among those that the backup had.
    last = [
        node
        for node in wanted
        if not any(
            child.key in wanted and child.key[0] == node[0]
            for child in executor.loader.graph.node_map[node].children
        )
    ]
    return executor.migrate(sorted(last)).apps


def _load_rows(archive: zipfile.ZipFile, manifest: dict[str, Any], old: Any) -> None:
    filled = []
    for label, count in manifest["rows"].items():
        model = _model(old, label)
        with archive.open(f"rows/{label}.jsonl") as part:
            loaded = _load(model, part)
        if loaded != count:
            raise Damaged(f"{label} has {loaded} rows; {count} were written.")
        filled.append(model)
    with connection.cursor() as cursor:
        for statement in connection.ops.sequence_reset_sql(no_style(), filled):
            cursor.execute(statement)


def _model(old: Any, label: str) -> type[Model]:
    """Return a model as it was, also that of a relation between two."""
    for model in old.get_models(include_auto_created=True):
        if model._meta.label_lower == label:
            return model
    raise Damaged(f"The backup has rows of {label}, which its schema does not know.")


def _load(model: type[Model], part: Any) -> int:
    lines: Iterator[bytes] = iter(part)
    names = orjson.loads(next(lines))
    fields = {field.attname: field for field in model._meta.concrete_fields}
    count = 0
    while batch := list(islice(lines, ROWS_AT_A_TIME)):
        rows = [
            model(
                **{
                    name: fields[name].to_python(value) if value is not None else None
                    for name, value in zip(names, orjson.loads(line), strict=True)
                }
            )
            for line in batch
        ]
        model._base_manager.bulk_create(rows)
        count += len(rows)
    return count


def _load_files(archive: zipfile.ZipFile, manifest: dict[str, Any]) -> None:
    for name in manifest["parts"]:
        storage_name, _, inside = name.partition("/")
        # Named by its own hash: what an earlier try left is what would be written.
        if storage_name in STORAGES and not storages[storage_name].exists(inside):
            with archive.open(name) as part:
                storages[storage_name].save(inside, File(part))


def _hold(old: Any, *, at: datetime) -> None:
    """Do as ``outbox.hold`` does, at the schema that the backup was made with.

    A schema that knows of no hold has nothing to send either.
    """
    for model in old.get_models():
        if model._meta.label_lower == "tracker.hold":
            model._base_manager.get_or_create(
                reason=outbox.RESTORED, released_at=None, defaults={"held_at": at}
            )


def _load_checkpoints(archive: zipfile.ZipFile) -> None:
    path = Path(settings.CHECKPOINT_FILE)
    if not path.exists() and (kept := archive.read("checkpoints.jsonl")):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(kept)
