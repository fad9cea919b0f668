"""Write a backup while people write: all rows of one moment, and every kept file."""

from __future__ import annotations

import base64
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson
from django.apps import apps
from django.conf import settings
from django.core.files.storage import Storage, storages
from django.db import connection, connections, transaction
from django.db.backends.sqlite3.base import DatabaseWrapper
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import BinaryField, Model

from commitments.models import HistoryEntry

from .container import BLOCK, Parts, written

# Tables of the moment: who is signed in, who failed to, which scheduler acts.
LEFT_OUT = {
    "sessions.session",
    "commitments.schedulerlease",
    "commitments.queuebeat",
    "admin.logentry",
    # Written anew from the record.
    "tracker.card",
}
LEFT_OUT_APPS = {"axes"}
STORAGES = tuple(n for n in ("captures", "releases") if n in settings.STORAGES)
ROWS_AT_A_TIME = 500


def make(path: Path, *, at: datetime) -> dict[str, Any]:
    """Write a backup to ``path``; return its manifest.

    The rows are those of one moment; files are written before rows name them and never
    change, so every file that a row names is in it. Raises FileExistsError, OSError.
    """
    vendor = connection.vendor
    if path.exists():
        raise FileExistsError(f"{path} exists already; name a new file.")
    with written(path) as (parts, manifest), snapshot():
        manifest |= {"made_at": at.isoformat(), "vendor": vendor}
        manifest["migrations"] = _migrations()
        manifest["rows"] = {
            model._meta.label_lower: _write_rows(parts, model) for model in models()
        }
        manifest["head"] = head()
        manifest["files"] = {name: _write_files(parts, name) for name in STORAGES}
        _write_checkpoints(parts, upto=manifest["head"]["seq"])
    return manifest


def models() -> list[type[Model]]:
    """Return the models whose rows are kept, tables of relations among them."""
    found = apps.get_models(include_auto_created=True)
    return [
        model
        for model in found
        if model._meta.managed
        and not model._meta.proxy
        and model._meta.label_lower not in LEFT_OUT
        and model._meta.app_label not in LEFT_OUT_APPS
    ]


@contextmanager
def snapshot() -> Iterator[None]:
    """Let this thread read a database that stands still, whatever is written meanwhile."""
    if connection.vendor == "postgresql":
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
            yield
        return
    # A transaction of SQLite would keep writers out; its own copy of one moment does
    # not.
    own = connections["default"]
    folder = Path(settings.DATA_DIR)
    with tempfile.TemporaryDirectory(prefix="backup-", dir=folder) as scratch:
        copy = str(Path(scratch) / "snapshot.sqlite3")
        with own.cursor() as cursor:
            cursor.execute("VACUUM INTO %s", [copy])
        with reading(copy):
            yield


@contextmanager
def reading(name: str) -> Iterator[None]:
    """Let this thread read another SQLite file in place of its database."""
    own = connections["default"]
    configuration = {
        **own.settings_dict,
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": name,
        "OPTIONS": {},
    }
    connections["default"] = DatabaseWrapper(configuration, "default")
    try:
        yield
    finally:
        connections["default"].close()
        connections["default"] = own


def _migrations() -> list[list[str]]:
    applied = MigrationRecorder(connection).applied_migrations()
    return sorted([app, name] for app, name in applied)


def head() -> dict[str, Any]:
    """Return number and digest of the last entry; 0 and "" where there is none."""
    entries = HistoryEntry.objects.order_by("-seq").values("seq", "digest")
    return dict(entries.first() or {"seq": 0, "digest": ""})


def _write_rows(parts: Parts, model: type[Model]) -> int:
    """Write the rows of a table, a line each; return how many."""
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    names = [field.attname for field in fields]
    binary = [n for n, field in enumerate(fields) if isinstance(field, BinaryField)]
    rows = model._base_manager.order_by("pk").values_list(*names)
    count = 0
    with parts.part(f"rows/{model._meta.label_lower}.jsonl") as part:
        part.write(orjson.dumps(names) + b"\n")
        for row in rows.iterator(chunk_size=ROWS_AT_A_TIME):
            values = list(row)
            for n in binary:
                if values[n] is not None:
                    values[n] = base64.b64encode(values[n]).decode()
            part.write(orjson.dumps(values, default=str) + b"\n")
            count += 1
    return count


def _write_files(parts: Parts, storage_name: str) -> int:
    storage = storages[storage_name]
    count = 0
    for name in _names(storage, ""):
        with storage.open(name) as file, parts.part(f"{storage_name}/{name}") as part:
            while block := file.read(BLOCK):
                part.write(block)
        count += 1
    return count


def _names(storage: Storage, folder: str) -> Iterator[str]:
    try:
        folders, files = storage.listdir(folder)
    except FileNotFoundError:
        return
    for name in sorted(files):
        yield f"{folder}/{name}" if folder else name
    for name in sorted(folders):
        yield from _names(storage, f"{folder}/{name}" if folder else name)


def _write_checkpoints(parts: Parts, *, upto: int) -> None:
    """Write the checkpoints, but for those made since of entries that are not in it."""
    path = Path(settings.CHECKPOINT_FILE)
    with parts.part("checkpoints.jsonl") as part:
        if path.exists():
            for line in path.read_bytes().splitlines(keepends=True):
                if _seen(line) <= upto:
                    part.write(line)


def _seen(line: bytes) -> int:
    """Return the entry that a checkpoint saw; 0 where its line is damaged, to be told."""
    try:
        return int(orjson.loads(line)["seq"])
    except (ValueError, TypeError, LookupError):
        return 0
