"""A small disk that is really full: told plainly, and no file is left half written."""

import os
import resource
import subprocess
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import CommandError, call_command

from commitments import archive, services
from commitments.models import Capture
from commitments.whole_files import WholeFiles
from tests.commitments import desk
from tests.factories import AT, EvidenceFactory, UserFactory

pytestmark = pytest.mark.django_db
# Does not get smaller by being packed.
DOCUMENT = b"%PDF-1.4 " + os.urandom(300_000)


@contextmanager
def mounted(folder):
    """Mount a disk of half a megabyte; skip where that is not allowed."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=512k", "none", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("No disk may be mounted here; the tests by a limit run.")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


@contextmanager
def limited(size=100_000):
    """Let no file of this process grow longer: the next best to a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def disk(tmp_path):
    with mounted(tmp_path / "disk") as folder:
        yield folder


@pytest.fixture
def kept_in(settings):
    def keep(folder, backend="commitments.whole_files.WholeFiles"):
        settings.STORAGES = {
            **settings.STORAGES,
            "captures": {"BACKEND": backend, "OPTIONS": {"location": folder}},
        }

    return keep


@contextmanager
def filled(disk):
    ballast = disk / "ballast"
    ballast.write_bytes(b"x" * 400_000)
    yield
    ballast.unlink()


def files_in(folder):
    return [path for path in Path(folder).rglob("*") if path.is_file()]


def bring(client, evidence):
    return client.post(
        f"/admin/commitments/evidence/{evidence.pk}/copies/",
        {"file": SimpleUploadedFile("x", DOCUMENT), "note": "Saved by hand."},
    )


@pytest.fixture
def analyst(client, settings):
    settings.REQUIRE_MFA = False
    client.raise_request_exception = False
    client.force_login(desk.account("ann", "analyst"))
    return client


def test_who_brings_a_copy_to_a_full_disk_is_told_to_come_again(disk, kept_in, analyst):
    kept_in(disk / "captures")
    evidence = EvidenceFactory()
    with filled(disk):
        refused = bring(analyst, evidence)
        assert refused.status_code == 503 and int(refused["Retry-After"]) > 0
        assert not Capture.objects.exists() and files_in(disk / "captures") == []

    assert bring(analyst, evidence).status_code == 302
    assert archive.document(Capture.objects.get()) == DOCUMENT
    assert list(archive.verify()) == []


def test_a_file_written_in_place_is_left_half_by_a_full_disk(disk, kept_in, analyst):
    """The control."""
    kept_in(disk / "captures", "django.core.files.storage.FileSystemStorage")
    with filled(disk):
        assert bring(analyst, EvidenceFactory()).status_code == 503
        assert files_in(disk / "captures") != []


@pytest.mark.django_db(transaction=True)
def test_a_backup_to_a_full_disk_leaves_nothing_and_says_why(disk, kept_in):
    kept_in(disk.parent / "captures")
    record_of_one_copy()
    with filled(disk):
        with pytest.raises(CommandError, match="No space left"):
            call_command("backup", str(disk / "tracker.backup"))
        assert [path.name for path in files_in(disk)] == ["ballast"]


def test_a_file_that_may_not_grow_so_long_is_not_left_half(tmp_path):
    storage = WholeFiles(location=tmp_path)
    with limited(), pytest.raises(OSError):
        storage.save("a/b", SimpleUploadedFile("b", DOCUMENT))
    assert files_in(tmp_path) == []

    storage.save("a/b", SimpleUploadedFile("b", DOCUMENT))
    assert [path.read_bytes() for path in files_in(tmp_path)] == [DOCUMENT]


@pytest.mark.django_db(transaction=True)
def test_a_backup_that_may_not_grow_so_long_leaves_nothing(tmp_path, kept_in):
    kept_in(tmp_path / "captures")
    record_of_one_copy()
    folder = tmp_path / "backups"
    folder.mkdir()
    with limited(), pytest.raises(CommandError, match="No backup was written"):
        call_command("backup", str(folder / "tracker.backup"))
    assert files_in(folder) == []


def record_of_one_copy():
    services.upload_copy(
        evidence=EvidenceFactory(),
        content=DOCUMENT,
        note="From the archive of the office.",
        by=UserFactory(),
        at=AT,
    )
