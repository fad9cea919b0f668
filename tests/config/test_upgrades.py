"""An upgrade takes a filled database along, and lets the version before go on meanwhile.

``release-0.1.backup`` was made by the version before the migrations judged here.
"""

from pathlib import Path

import pytest
from django.db import migrations, models
from django.db.migrations.loader import MigrationLoader

from commitments.models import HistoryEntry
from tests.tracker.test_backups import restored
from tracker import backups
from tracker.backups.making import reading

BEFORE = Path(__file__).parents[1] / "golden" / "release-0.1.backup"
OURS = ("commitments", "tracker")
# What the version before neither reads nor misses.
HARMLESS = (
    migrations.CreateModel,
    migrations.AddIndex,
    migrations.AlterModelOptions,
    migrations.AlterModelManagers,
    migrations.RunPython,
    migrations.RunSQL,
    migrations.SeparateDatabaseAndState,
)
# Migrations that take something away, with why the version before can live with it.
LOOKED_AT = {
    "0011_desk_digest": "Only the morning's mail wrote the table: a run of the version "
    "before fails and leaves nothing, and the new version's next hourly run sends it. Its "
    "list in the admin and the deletion of an account fail too, and leave what was there.",
    "0016_flag_scan": "A unique index has its two columns in another order: what it "
    "refuses, and what ON CONFLICT lets be, stays the same.",
}


def new_migrations():
    with backups.opened(BEFORE) as (_, manifest):
        released = {tuple(key) for key in manifest["migrations"]}
    loader = MigrationLoader(None)
    return [
        migration
        for key, migration in sorted(loader.disk_migrations.items())
        if key[0] in OURS and key not in released
    ]


def harm(operation, created):
    """What an operation does to the version that still runs; empty: nothing."""
    if isinstance(operation, HARMLESS):
        return ""
    model = getattr(operation, "model_name", getattr(operation, "name", "")).lower()
    if model in created:
        return ""
    match operation:
        case migrations.AddField(field=field):
            given = field.db_default is not models.NOT_PROVIDED
            if field.null or given or field.many_to_many:
                return ""
            return (
                f"writes {model} without {operation.name}: give it null or db_default"
            )
        case migrations.RemoveIndex() | migrations.RemoveConstraint():
            return ""
    return f"may not do with: {operation.describe()}"


def test_the_version_before_can_go_on_after_each_migration():
    found, created = [], set()
    for migration in new_migrations():
        if migration.name in LOOKED_AT:
            continue
        for operation in migration.operations:
            if isinstance(operation, migrations.CreateModel):
                created.add(operation.name_lower)
            if said := harm(operation, created):
                found.append(f"{migration.app_label}.{migration.name}: it {said}")
    assert found == []


@pytest.mark.parametrize(
    "operation",
    [
        migrations.RemoveField("commitment", "title"),
        migrations.DeleteModel("Commitment"),
        migrations.RenameField("commitment", "title", "name"),
        migrations.RenameModel("Commitment", "Promise"),
        migrations.AddField("commitment", "colour", models.CharField(max_length=5)),
    ],
    ids=lambda operation: type(operation).__name__,
)
def test_what_would_break_the_version_before_is_found(operation):
    assert harm(operation, set())


def test_what_the_version_before_does_not_see_is_let_be():
    field = models.CharField(max_length=5, db_default="")
    assert not harm(migrations.AddField("commitment", "colour", field), set())
    assert not harm(migrations.RemoveField("novelty", "title"), {"novelty"})


@pytest.mark.django_db(transaction=True)
def test_a_filled_database_of_the_version_before_is_taken_along(tmp_path):
    done = restored(BEFORE, tmp_path)
    assert done.returncode == 0, done.stderr + done.stdout
    assert "0 findings" in done.stdout
    assert "0 differences" in done.stdout
    with reading(str(tmp_path / "other.sqlite3")):
        assert HistoryEntry.objects.count() == 15
