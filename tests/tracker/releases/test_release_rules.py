"""What holds for releases: numbers without gaps, nothing changed, nothing private."""

import sqlite3
import threading
import zipfile

import arro3.io
import pytest
from django.contrib.auth import get_user_model
from django.db import DatabaseError, connection, transaction

from commitments.models import Capture, Evidence
from tests.tracker import record as records
from tests.tracker.api.test_leaks import MARK, planted  # noqa: F401
from tests.tracker.record import moment
from tracker.models import Release, ReleasedFact, ReleaseFile
from tracker.releases import keeping, making


@pytest.mark.django_db
@pytest.mark.owner
@pytest.mark.parametrize("model", [Release, ReleaseFile, ReleasedFact])
def test_the_database_refuses_to_change_a_release(record, release, model):
    release()
    field = model._meta.concrete_fields[-1].name

    def change():
        model.objects.update(**{field: 7})

    def delete():
        model.objects.all()._raw_delete("default")

    for act in (change, delete):
        with pytest.raises(DatabaseError, match="append-only"):
            with transaction.atomic():
                act()
    assert model.objects.exists()


@pytest.mark.django_db
def test_numbers_have_no_gaps(record, release):
    first = release()
    values = {
        name: getattr(first, name)
        for name in ("made_at", "seq", "digest", "sums", "format", "method_version")
    }

    for number, previous in ((3, first), (3, None), (2, None)):
        with pytest.raises(DatabaseError, match="release_follows_the_one_before"):
            with transaction.atomic():
                Release.objects.create(number=number, previous=previous, **values)


@pytest.mark.django_db(transaction=True)
def test_of_two_made_at_once_one_is_refused(monkeypatch, today, tmp_path):
    records.small()
    meet, told = threading.Barrier(2, timeout=60), []
    write = making.write

    def together(*given):
        meet.wait()
        return write(*given)

    monkeypatch.setattr(making, "write", together)

    def make():
        try:
            told.append(making.make_release(at=moment(10, 1)).number)
        except making.NotMade:
            told.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=make) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    monkeypatch.setattr(making, "write", write)

    assert sorted(map(str, told)) == ["1", "refused"]
    assert Release.objects.count() == 1
    assert keeping.storage().listdir("")[0] == [Release.objects.get().folder]
    assert list(making.compare_again(Release.objects.get(), tmp_path / "again")) == []


def everything(folder):
    """Yield all that the files of a release hold, unpacked, as bytes."""
    for path in sorted(folder.iterdir()):
        if path.suffix in (".xlsx", ".zip"):
            with zipfile.ZipFile(path) as pack:
                for name in pack.namelist():
                    yield f"{path.name}/{name}", pack.read(name)
        elif path.suffix == ".parquet":
            table = arro3.io.read_parquet(path).read_all()
            yield path.name, repr([c.to_pylist() for c in table.columns]).encode()
        elif path.suffix == ".sqlite":
            with sqlite3.connect(path) as base:
                yield path.name, "\n".join(base.iterdump()).encode()
        yield path.name, path.read_bytes()


@pytest.mark.django_db
def test_nothing_private_is_in_any_file(planted, release, fetched):  # noqa: F811
    shown = Evidence.objects.filter(commitments=planted).first()
    Capture.objects.create(
        evidence=shown,
        origin="uploaded",
        taken_at=moment(8, 1),
        url=f"https://example.org/{MARK}",
        headers=[["x-mark", MARK]],
        kind="html",
        size=1,
        sha256="0" * 64,
        text=MARK,
        text_sha256="1" * 64,
        warc=MARK,
        note=MARK,
        actor=MARK,
    )
    mails = [user.email for user in get_user_model().objects.all() if user.email]
    assert mails

    folder, read = fetched(release()), 0
    for name, content in everything(folder):
        read += len(content)
        for secret in (MARK, *mails):
            assert secret.encode() not in content, name
    assert read > 100_000
    assert b"0" * 64 in (folder / "copies.csv").read_bytes()
