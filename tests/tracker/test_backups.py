"""A backup of one moment, restored into an empty installation that proves itself."""

import itertools
import os
import random
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import pytest
from celery.schedules import crontab
from django.conf import settings
from django.core.files.storage import storages
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections
from django.utils import timezone

from commitments import archive, services
from commitments.models import Capture, HistoryEntry
from config.schedule import BEAT
from tests.commitments.test_tasks import celery_environment
from tests.factories import AT, CommitmentFactory, EvidenceFactory, UserFactory, assess
from tests.tracker import record as records
from tracker import backups, tasks
from tracker.backups import proving
from tracker.backups.making import models, reading
from tracker.models import Hold, ProvedBackup, Release

ROOT = Path(__file__).parents[2]

pytestmark = pytest.mark.django_db(transaction=True)


def restored(path, folder, command="restore", **given):
    """Run a command in another, empty installation on SQLite."""
    return subprocess.run(
        [sys.executable, "manage.py", command, str(path)],
        cwd=ROOT,
        env={
            **os.environ,
            "DATABASE_URL": f"sqlite:///{folder}/other.sqlite3",
            "TRACKER_DATA_DIR": str(folder),
            "TRACKER_CHECKPOINT_FILE": f"{folder}/checkpoints.jsonl",
            **given,
        },
        capture_output=True,
        text=True,
    )


@pytest.fixture
def kept(settings, tmp_path):
    """A small record with a kept copy, whose file lies in a folder of its own."""
    folder = {"location": tmp_path / "captures"}
    backend = "django.core.files.storage.FileSystemStorage"
    settings.STORAGES = {
        **settings.STORAGES,
        "captures": {"BACKEND": backend, "OPTIONS": folder},
    }
    record = records.small()
    services.upload_copy(
        evidence=EvidenceFactory(),
        content=b"<!DOCTYPE html><html><title>A law</title><p>It says so.</p></html>",
        note="From the archive of the office.",
        by=UserFactory(),
        at=AT,
    )
    assert Capture.objects.count() == 1
    return record


@pytest.fixture
def made(kept, tmp_path):
    path = tmp_path / "tracker.backup"
    call_command("backup", str(path))
    return path


def everything():
    """All rows of all tables that a backup keeps."""
    found = {}
    for model in models():
        names = [f.attname for f in model._meta.concrete_fields]
        rows = model._base_manager.order_by("pk").values_list(*names)
        found[model._meta.label_lower] = [tuple(map(str, row)) for row in rows]
    return found


def assert_all_is_there(here, there):
    assert len(there.pop("tracker.hold")) == 1
    # Whoever was told more before the restore must ask anew.
    ((_pk, version, changed_at),) = there.pop("commitments.dataversion")
    ((_pk, before, changed_before),) = here["commitments.dataversion"]
    assert int(version) == int(before) + 1
    assert changed_at > changed_before
    assert there == {label: here[label] for label in there}


def test_it_restores_into_an_empty_installation_and_proves_itself(made, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    done = restored(made, other)
    assert done.returncode == 0, done.stderr
    assert f"history to entry {HistoryEntry.objects.count()}" in done.stdout
    assert "0 findings" in done.stdout
    here = everything()
    with reading(str(other / "other.sqlite3")):
        there = everything()
    assert_all_is_there(here, there)


@pytest.mark.skipif(
    connection.vendor != "postgresql", reason="The test above restores into SQLite."
)
def test_it_restores_into_postgresql_and_goes_on_there(made, tmp_path):
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE IF EXISTS restored")
        cursor.execute("CREATE DATABASE restored")
    own = connections["default"]
    url = celery_environment()["DATABASE_URL"].replace(
        f"/{own.settings_dict['NAME']}?", "/restored?"
    )
    done = restored(made, tmp_path, DATABASE_URL=url)
    assert done.returncode == 0, done.stderr
    here = everything()
    other = type(own)({**own.settings_dict, "NAME": "restored"}, "default")
    connections["default"] = other
    try:
        assert_all_is_there(here, everything())
        # What is written next takes the numbers that follow.
        assess(CommitmentFactory(), by=UserFactory(username="next"))
        call_command("verify_history")
    finally:
        other.close()
        connections["default"] = own


INTERRUPTED = """
import os, sys, django
django.setup()
from django.core.management import call_command
from tracker.backups import restoring
restoring.call_command = lambda *given, **named: os._exit(9)
call_command("restore", sys.argv[1])
"""


def test_what_was_interrupted_lets_nothing_be_sent(made, tmp_path):
    environment = {
        "DATABASE_URL": f"sqlite:///{tmp_path}/other.sqlite3",
        "TRACKER_DATA_DIR": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "config.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", INTERRUPTED, str(made)],
        cwd=ROOT,
        env={**os.environ, **environment},
    )
    assert done.returncode == 9
    with reading(f"{tmp_path}/other.sqlite3"):
        assert HistoryEntry.objects.exists()
        assert Hold.objects.filter(released_at=None).count() == 1


def test_what_cannot_be_restored_whole_leaves_no_row(kept, tmp_path):
    services.write_checkpoint(at=AT)
    path = tmp_path / "whole.backup"
    call_command("backup", str(path))
    other = tmp_path / "other"
    other.mkdir()
    done = restored(path, other, TRACKER_CHECKPOINT_FILE="/proc/none/checkpoints.jsonl")
    assert "Nothing was restored" in done.stderr
    with reading(str(other / "other.sqlite3")):
        assert not HistoryEntry.objects.exists()


def test_a_database_that_is_not_there_is_told_in_a_sentence(made, tmp_path):
    done = restored(made, tmp_path, DATABASE_URL="sqlite:////proc/none/x.sqlite3")
    assert done.stderr.startswith("CommandError: Nothing was restored. unable to open")


def test_a_backup_without_the_files_of_a_release_proves_nothing(kept, tmp_path):
    call_command("make_release")
    shutil.rmtree(storages["releases"].path(Release.objects.get().folder))
    path = tmp_path / "without.backup"
    call_command("backup", str(path))
    with pytest.raises(CommandError, match="did not prove good"):
        call_command("verify_backup", str(path))
    assert not ProvedBackup.objects.exists()


def test_an_installation_in_use_is_left_alone(made):
    with pytest.raises(CommandError, match="not empty"):
        call_command("restore", str(made))


def test_on_trial(made, capsys):
    before = timezone.now()
    call_command("verify_backup", str(made))
    assert "can be relied on" in capsys.readouterr().out
    # Noted for the monitor, by the moment it holds.
    noted = ProvedBackup.objects.get()
    assert noted.made_at < before < noted.proved_at


def test_a_backup_that_is_not_good_or_of_another_record_is_not_noted(made):
    head = {"seq": 1, "digest": "0" * 64}
    manifest = {"made_at": AT.isoformat(), "head": head}
    assert not proving.note(manifest, at=timezone.now())
    made.write_bytes(made.read_bytes()[:-1])
    with pytest.raises(CommandError, match="not good"):
        call_command("verify_backup", str(made))
    assert not ProvedBackup.objects.exists()


def test_a_flipped_byte_or_a_cut_is_found_wherever_it_is(made, tmp_path):
    whole = made.read_bytes()
    chance = random.Random(20261124)
    bad = tmp_path / "bad.backup"
    for _ in range(100):
        damaged = bytearray(whole)
        damaged[chance.randrange(len(damaged))] ^= 1 << chance.randrange(8)
        bad.write_bytes(damaged)
        with pytest.raises(backups.Damaged), backups.opened(bad):
            pass
    for length in (0, 1, 63, 64, 65, len(whole) // 2, len(whole) - 1):
        bad.write_bytes(whole[:length])
        with pytest.raises(backups.Damaged), backups.opened(bad):
            pass


def test_any_other_file_is_refused_with_a_sentence(tmp_path):
    other = tmp_path / "photo.jpg"
    other.write_bytes(b"\xff\xd8\xff" * 100)
    with pytest.raises(CommandError, match="no whole backup"):
        call_command("restore", str(other))
    with pytest.raises(CommandError, match="No such file"):
        call_command("restore", str(tmp_path / "nowhere"))


def test_a_file_that_exists_is_not_written_over(made):
    before = made.read_bytes()
    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", str(made))
    assert made.read_bytes() == before


def test_a_failure_half_way_leaves_no_file(kept, tmp_path, monkeypatch):
    def broken(parts, upto):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("tracker.backups.making._write_checkpoints", broken)
    with pytest.raises(CommandError, match="No space left"):
        call_command("backup", str(tmp_path / "half.backup"))
    assert [p.name for p in tmp_path.iterdir() if "half" in p.name] == []


def test_a_checkpoint_of_what_came_meanwhile_stays_outside(kept, tmp_path, monkeypatch):
    """It would name an entry that the backup has not."""
    services.write_checkpoint(at=AT)
    seen = checkpoints()

    def go_on():
        assess(CommitmentFactory())
        services.write_checkpoint(at=AT)
        connection.close()

    def write_files(parts, name):
        later = threading.Thread(target=go_on)
        later.start()
        later.join()
        return 0

    monkeypatch.setattr("tracker.backups.making._write_files", write_files)
    path = tmp_path / "meanwhile.backup"
    call_command("backup", str(path))

    assert len(checkpoints()) > len(seen)
    with backups.opened(path) as (archive, _):
        kept = archive.read("checkpoints.jsonl").decode().splitlines()
    assert kept == seen


def checkpoints():
    return Path(settings.CHECKPOINT_FILE).read_text().splitlines()


def test_a_history_that_ends_otherwise_than_it_was_told_is_not_restored(
    kept, tmp_path, monkeypatch
):
    monkeypatch.setattr(
        "tracker.backups.making.head", lambda: {"seq": 1, "digest": "0" * 64}
    )
    path = tmp_path / "other.backup"
    call_command("backup", str(path))

    done = restored(path, tmp_path)

    assert done.returncode == 1
    assert "does not end as the manifest says" in done.stderr


def test_every_night_all_of_it_is_hashed_anew(kept):
    services.write_checkpoint(at=AT)
    job = {entry["task"]: entry["schedule"] for entry in BEAT.values()}
    assert job["tracker.tasks.verify_record"] == crontab(hour=4, minute=10)
    tasks.verify_record()

    copy = Capture.objects.get()
    file = Path(archive.storage().path(copy.warc))
    body = bytearray(file.read_bytes())
    body[len(body) // 2] ^= 1
    file.chmod(0o600)
    file.write_bytes(body)
    one = CommitmentFactory()
    type(one).objects.filter(pk=one.pk).update(last_material_on=AT.date())
    with pytest.raises(tasks.Unfit) as told:
        tasks.verify_record()

    assert f"copy {copy.pk}: its file {copy.warc} does not fit its name" in str(
        told.value
    )
    assert f"{one.slug}: last_material_on is" in str(told.value)


def test_it_is_readable_by_its_owner_alone(made):
    assert made.stat().st_mode & 0o777 == 0o600


def while_people_write(commitments, path):
    """Make a backup while somebody writes about each commitment; return what failed."""
    stop = threading.Event()
    failed = []

    def write(commitment):
        try:
            for status in itertools.cycle(["announced", "under_way"]):
                if stop.is_set():
                    return
                if commitment.status != status:
                    assess(commitment, status=status)
        except DatabaseError as error:
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=write, args=[one]) for one in commitments]
    for thread in threads:
        thread.start()
    try:
        call_command("backup", str(path))
    finally:
        stop.set()
        for thread in threads:
            thread.join()
    return failed


@pytest.mark.timeout(7200)
@pytest.mark.parametrize("times", [1, pytest.param(100, marks=pytest.mark.faults)])
def test_it_is_whole_while_people_write(kept, tmp_path, times):
    commitments = [CommitmentFactory() for _ in range(4)]
    for number in range(times):
        path, folder = tmp_path / f"{number}.backup", tmp_path / f"{number}"
        folder.mkdir()
        failed = while_people_write(commitments, path)
        done = restored(path, folder)
        assert done.returncode == 0, done.stderr + done.stdout
        assert failed == []
