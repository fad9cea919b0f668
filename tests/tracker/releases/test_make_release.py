"""Releases from outside: the command, and what whoever has the files does with them."""

import hashlib
import json
import sqlite3
import zipfile
from datetime import date

import arro3.io
import frictionless
import openpyxl
import pytest
from django.core.files.base import ContentFile
from django.core.management import CommandError, call_command

from commitments import services
from commitments.models import Body, Evidence, HistoryEntry, Partner, Topic
from commitments.services.checkpoints import read_checkpoints
from tests.factories import EvidenceFactory, ReviewerFactory, assess, two_people
from tests.tracker.record import moment
from tracker.models import Release, ReleasedFact
from tracker.releases import keeping, making, writers
from tracker.releases.contents import NAMED, TABLES

from .conftest import program, read_jsonl

pytestmark = pytest.mark.django_db


def change_the_record(record):
    """Record an entry, add a figure, rename a body, take a topic and a tie away."""
    assess(
        record.gap,
        status="under_way",
        evidence=[EvidenceFactory(title="A later notice")],
        at=moment(10, 20),
    )
    record.indicator.observations.create(
        observed_on=date(2026, 9, 30), precision="day", value="6.5"
    )
    Body.objects.filter(slug="mofcom").update(name="Ministry of Trade")
    record.moved.topics.clear()
    Topic.objects.create(slug="added", name="Added")
    Evidence.objects.filter(slug="ev-2026-06-30-tariff").update(summary="Reworded.")
    Partner.objects.create(slug="gone", name="Gone soon", kind="region")


def test_the_command_makes_one_release_of_what_there_is(record, capsys, settings):
    call_command("make_release")
    assert "data release 1 of" in capsys.readouterr().out

    call_command("make_release")
    assert "Release 1 holds all there is" in capsys.readouterr().out

    release = Release.objects.get()
    head = HistoryEntry.objects.order_by("-seq").first()
    assert (release.seq, release.digest) == (head.seq, head.digest)
    assert head.digest in release.citation
    checkpoints = list(read_checkpoints(settings.CHECKPOINT_FILE))
    assert checkpoints[-1]["digest"] == release.digest


def test_an_empty_history_is_not_released(db, capsys):
    call_command("make_release")

    assert "nothing to release" in capsys.readouterr().out
    assert not Release.objects.exists()


def test_the_sums_fit_every_file(record, release, fetched):
    folder = fetched(release())

    lines = (folder / "SHA256SUMS").read_text().splitlines()
    named = {name: digest for digest, name in (line.split("  ") for line in lines)}
    for name, digest in named.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest
    assert {p.name for p in folder.iterdir()} - set(named) == {
        "SHA256SUMS",
        "release-1.zip",
    }
    with zipfile.ZipFile(folder / "release-1.zip") as pack:
        assert pack.testzip() is None
        for name in named:
            packed = pack.read(f"release-1/{name}")
            assert packed == (folder / name).read_bytes()


def test_the_data_package_is_valid(record, release, fetched):
    folder = fetched(release())

    report = frictionless.validate(str(folder / "datapackage.json"))

    assert report.valid, report.flatten(["name", "message"])
    assert len(report.tasks) == len(TABLES)
    package = json.loads((folder / "datapackage.json").read_text())
    assert package["licenses"][0]["name"] == "CC-BY-4.0"
    assert [source["title"] for source in package["sources"]] == ["The speech"]
    for resource in package["resources"]:
        assert all(field["description"] for field in resource["schema"]["fields"])


def test_every_form_of_a_table_holds_the_same_rows(record, release, fetched):
    folder = fetched(release())
    base = sqlite3.connect(folder / "tracker.sqlite")
    book = openpyxl.load_workbook(folder / "tracker.xlsx", read_only=True)

    for table in TABLES:
        rows = read_jsonl(folder / f"{table.name}.jsonl")
        assert rows or table.name == "copies"
        assert all(list(row) == table.names for row in rows)
        columns = arro3.io.read_parquet(folder / f"{table.name}.parquet").read_all()
        for name in table.names:
            found = [as_json(value) for value in columns[name].to_pylist()]
            assert found == [flat(table, row, name) for row in rows]
        found = base.execute(f'SELECT * FROM "{table.name}"').fetchall()
        assert set(found) == {tuple(map(in_sql, row.values())) for row in rows}
        assert len(found) == len(rows)
        sheet = list(book[table.title].iter_rows(values_only=True))
        assert list(sheet[0]) == table.names
        assert len(sheet) == len(rows) + 1
    assert base.execute("PRAGMA foreign_key_check").fetchall() == []
    assert base.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    base.close()
    book.close()


def in_sql(value):
    return writers.as_json(value) if isinstance(value, list | dict) else value


def as_json(value):
    if hasattr(value, "hour"):
        return f"{value:%Y-%m-%dT%H:%M:%S.%fZ}"
    return value.isoformat() if isinstance(value, date) else value


def flat(table, row, name):
    """A value as Parquet holds it: objects as their JSON text."""
    kind = {column.name: column.type for column in table.columns}[name]
    value = row[name]
    return writers.as_json(value) if kind.startswith("object") else value


def test_the_history_of_a_release_can_be_checked_without_us(
    record, release, fetched, capsys
):
    made = release()

    code = program("verify").main([str(fetched(made) / "history.jsonl")])

    assert code == 0
    assert f"{made.seq} entries, last digest {made.digest}" in capsys.readouterr().out


def test_a_commitment_is_told_as_on_its_page(record, release, fetched):
    rows = read_jsonl(fetched(release()) / "commitments.jsonl")

    by_slug = {row["slug"]: row for row in rows}
    assert [row["ref"] for row in rows] == ["1.1", "1.2", "1.3", "1.4", "2.1", "2.2"]
    moved = by_slug["join-the-pact"]
    assert moved["title"] == "Join the pact at once & here"
    assert (moved["status"], moved["reason"]) == (
        "under_way",
        "The notice was a draft.",
    )
    assert by_slug["build-a-zone"]["claim_gap"] is True
    assert by_slug["joined"]["merged_into"] == "join-the-pact"
    assert by_slug["gone"]["standing"] == "withdrawn"


def test_a_release_is_made_again_byte_by_byte_whatever_came_later(
    record, release, tmp_path, capsys
):
    first = release()
    change_the_record(record)
    second = release()
    Topic.objects.get(slug="added").delete()
    Body.objects.filter(slug="mofcom").update(name="Ministry of Everything")
    Partner.objects.get(slug="gone").delete()
    assess(record.moved, status="announced", at=moment(11, 20))

    for made in (first, second):
        again = making.make_again(made, tmp_path / f"again-{made.number}")
        assert again == {file.name: file.sha256 for file in made.files.all()}
    call_command("make_release", again=2)
    assert "every byte is the same" in capsys.readouterr().out


def test_the_difference_applied_to_the_one_before_gives_the_next(
    record, release, fetched, tmp_path
):
    Partner.objects.create(slug="early", name="Gone in the next", kind="region")
    folders = [fetched(release())]
    change_the_record(record)
    Partner.objects.get(slug="early").delete()
    second = release()
    folders.append(fetched(second))

    program("apply_difference").main(
        folders[0], folders[1] / "diff.jsonl", tmp_path / "applied"
    )

    for table in TABLES:
        name = f"{table.name}.jsonl"
        assert (tmp_path / "applied" / name).read_bytes() == (
            folders[1] / name
        ).read_bytes()
    assert second.changes["partners"] == {"added": 1, "removed": 1}
    assert second.changes["bodies"] == {"changed": 1}
    assert second.changes["history"] == {"added": 1}
    _, *changes = read_jsonl(folders[1] / "diff.jsonl")
    renamed = next(change for change in changes if change["table"] == "bodies")
    assert renamed["old"] == {"name": "Ministry of Commerce"}
    assert renamed["row"]["name"] == "Ministry of Trade"


def test_only_what_changed_is_kept_again(record, release):
    release()
    change_the_record(record)
    second = release()

    kept = ReleasedFact.objects.filter(release=second)
    assert kept.filter(name="bodies").count() == 1
    assert not kept.filter(name="sources").exists()


@pytest.mark.parametrize(
    "broken", ["writers.write_sqlite", "write_workbook", "keeping.sha256", "write_zip"]
)
def test_a_release_that_fails_half_way_leaves_nothing(
    record, release, monkeypatch, broken
):
    def fail(*args):
        raise OSError("The disk is full.")

    with monkeypatch.context() as patch:
        patch.setattr(f"tracker.releases.files.{broken}", fail)
        with pytest.raises(OSError, match="full"):
            release()
    assert not Release.objects.exists()
    assert not ReleasedFact.objects.exists()
    assert not keeping.storage().exists("")

    assert release().number == 1


def test_a_storage_that_loses_bytes_is_found_out(record, release, monkeypatch):
    save = type(keeping.storage())._save

    def cut(self, name, content):
        return save(self, name, ContentFile(content.read()[:-1]))

    with monkeypatch.context() as patch:
        patch.setattr(type(keeping.storage()), "_save", cut)
        with pytest.raises(keeping.NotKept):
            release()
    assert not Release.objects.exists()

    assert keeping.storage().listdir("") == ([], [])

    assert list(keeping.verify(release())) == []


def test_files_that_no_longer_fit_are_named(record, release, capsys):
    made = release()
    call_command("verify_releases", rebuild=True)
    assert "1 releases, 0 findings" in capsys.readouterr().out

    storage = keeping.storage()
    with open(storage.path(f"{made.folder}/bodies.csv"), "ab") as file:
        file.write(b"x")
    storage.delete(f"{made.folder}/topics.csv")

    with pytest.raises(SystemExit) as stopped:
        call_command("verify_releases", json=True)
    assert stopped.value.code == 2
    assert json.loads(capsys.readouterr().out)["findings"] == [
        {"release": 1, "what": "bodies.csv does not fit its hash"},
        {"release": 1, "what": "topics.csv cannot be read"},
    ]


def test_a_text_erased_since_is_named_where_a_release_comes_out_different(
    record, release, capsys
):
    release()
    services.redact(
        entry=record.wrong,
        fields=["reason"],
        reason="It named a person.",
        by=ReviewerFactory(),
        at=moment(11, 1),
    )

    with pytest.raises(CommandError, match="came out different"):
        call_command("make_release", again=1)
    told = capsys.readouterr().out
    assert "history.jsonl comes out different" in told
    assert "has erased a text that the release holds" in told


def test_a_folder_without_a_number_makes_no_release(record, tmp_path):
    with pytest.raises(CommandError, match="--again NUMBER"):
        call_command("make_release", into=tmp_path)
    assert not Release.objects.exists()


def test_a_workbook_runs_nothing(record, release, fetched):
    Body.objects.filter(slug="mofcom").update(
        name='=HYPERLINK("http://127.0.0.1/")', short_name="＝1+1"
    )
    folder = fetched(release())

    book = openpyxl.load_workbook(folder / "tracker.xlsx")
    cells = [cell for sheet in book for row in sheet for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "b", "d", "inlineStr"}
    texts = [str(cell.value) for cell in cells]
    assert """'=HYPERLINK("http://127.0.0.1/")""" in texts and "'＝1+1" in texts
    assert "'=HYPERLINK" in (folder / "bodies.csv").read_text("utf-8")
    assert read_jsonl(folder / "bodies.jsonl")[0]["name"].startswith("=HYPERLINK")


def test_a_text_too_long_for_a_cell_is_cut_and_says_so(record, release, fetched):
    record.source.note = "long " * 8000
    record.source.save()
    folder = fetched(release())

    book = openpyxl.load_workbook(folder / "tracker.xlsx")
    note = book["Sources"].cell(2, NAMED["sources"].names.index("note") + 1).value
    assert note.endswith("(cut: whole in the other files)")
    assert read_jsonl(folder / "sources.jsonl")[0]["note"] == record.source.note


def test_one_release_is_made_in_each_month(record, monkeypatch):
    from tracker import tasks

    for day in ((10, 5), (10, 6), (11, 1), (11, 30)):
        monkeypatch.setattr("tracker.tasks.timezone.now", lambda day=day: moment(*day))
        tasks.make_monthly_release()
        assess(
            record.gap,
            status="under_way",
            reason=str(day),
            **two_people(),
            at=moment(*day),
        ) if day == (10, 6) else None

    assert [f"{r.made_at:%m-%d}" for r in Release.objects.order_by("number")] == [
        "10-05",
        "11-01",
    ]


def test_more_rows_take_no_more_queries(record, release, django_assert_max_num_queries):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    from tests.factories import CommitmentFactory

    counts = []
    for _ in range(2):
        for _ in range(3):
            assess(CommitmentFactory())
        with CaptureQueriesContext(connection) as queries:
            release()
        counts.append(len(queries))
    # The second also reads the first.
    assert counts[1] <= counts[0] + 6
