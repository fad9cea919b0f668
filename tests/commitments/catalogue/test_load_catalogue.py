"""The catalogue enters the record once, adds only, and all of it or nothing."""

import shutil
from copy import deepcopy
from datetime import UTC, date, datetime
from io import StringIO

import pytest
import yaml
from django.core.management import CommandError, call_command

from commitments import actors, services
from commitments.catalogue.load import load
from commitments.catalogue.read import CatalogueError, read
from commitments.chain import verify
from commitments.check import check_record
from commitments.management.commands.load_catalogue import SHIPPED
from commitments.models import (
    Commitment,
    DataVersion,
    Evidence,
    HistoryEntry,
    Milestone,
    Observation,
    Pillar,
    Plan,
    Topic,
)
from tests.factories import ReviewerFactory

AT = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
FIRST = "commitments/1-self-initiated-opening.yaml"


@pytest.fixture(scope="module")
def shipped():
    return read(SHIPPED)


@pytest.fixture
def folder(tmp_path):
    """A copy of the shipped catalogue, to be changed."""
    return shutil.copytree(SHIPPED, tmp_path / "catalogue")


def change(folder, file, how):
    """Rewrite one file of a catalogue by what ``how`` does to its data."""
    path = folder / file
    data = yaml.load(path.read_text(encoding="utf-8"), yaml.CSafeLoader)
    how(data)
    path.write_text(yaml.safe_dump(data, allow_unicode=True), encoding="utf-8")


@pytest.fixture
def loaded(db, shipped):
    return load(shipped, at=AT)


def counts():
    head = HistoryEntry.objects.order_by("-seq").first()
    models = (Plan, Topic, Evidence, Commitment, Milestone, HistoryEntry)
    rows = [model.objects.count() for model in models]
    return rows, head and head.digest, DataVersion.current()


def test_the_shipped_catalogue_loads_whole(loaded):
    assert loaded.added["commitment"] == Commitment.objects.count() == 82
    assert loaded.added["evidence"] == Evidence.objects.count() == 110
    assert loaded.differences == []
    assert not Commitment.objects.exclude(standing="published").exists()
    assert not Commitment.objects.filter(trackable=True, status="").exists()
    assert list(check_record()) == []
    assert list(verify()) == []
    assert DataVersion.current() > 0


def test_the_latest_status_is_the_catalogues(loaded, shipped):
    for _, item in shipped.all_commitments():
        told = [entry for entry in item.history if entry.kind == "status"]
        row = Commitment.objects.get(slug=item.slug)
        assert row.status == (told[-1].status if told else "")


def test_entries_carry_the_days_they_are_about(loaded):
    entries = HistoryEntry.objects.all()
    assert set(entries.values_list("recorded_at", flat=True)) == {AT}
    assert set(entries.values_list("actor", flat=True)) == {"machine:catalogue"}
    assert set(entries.values_list("sign_off", flat=True)) == {"unsigned"}
    looks = entries.filter(kind__in=["status", "review"])
    assert set(looks.values_list("looked_until", flat=True)) == {date(2026, 7, 2)}
    filed = entries.get(
        commitment__slug="cptpp-accession", effective_on="2021-09-16", kind="milestone"
    )
    assert filed.text.reason.startswith("Milestone reached: ")


def test_a_second_load_changes_nothing(loaded, shipped):
    before = counts()
    again = load(shipped, at=AT)
    assert (again.added, again.differences) == ({}, [])
    assert counts() == before


def test_a_dry_run_writes_nothing(db, shipped):
    before = counts()
    report = load(shipped, at=AT, dry_run=True)
    assert report.added["commitment"] == 82
    assert counts() == before


def test_a_newer_catalogue_adds(loaded, folder):
    def look_again(items):
        items[0]["history"].append(
            {
                "kind": "review",
                "date": "2026-07-01",
                "precision": "day",
                "confidence": "low",
                "reason": "Looked again and found nothing new.",
                "evidence": [],
            }
        )

    change(folder, FIRST, look_again)
    entries = HistoryEntry.objects.count()
    report = load(read(folder), at=AT)
    assert report.added == {"history entry": 1}
    assert HistoryEntry.objects.count() == entries + 1


def test_what_an_analyst_changed_stays_and_is_reported(
    loaded, shipped, django_user_model
):
    Topic.objects.filter(slug="digital").update(name="Digital matters")
    row = Commitment.objects.get(slug="align-high-standard-rules")
    services.assess(
        commitment=row,
        status="partly_delivered",
        criteria_met=["a"],
        confidence="medium",
        reason="A ministry extended the measures.",
        evidence=list(row.evidence.filter(nature="action")[:1]),
        effective_on=date(2026, 11, 1),
        looked_until=date(2026, 11, 20),
        by=django_user_model.objects.create(username="analyst"),
        approver=ReviewerFactory(),
        at=AT,
    )
    document = Evidence.objects.filter(commitments=row).first()
    document.commitments.remove(row)
    report = load(shipped, at=AT)
    found = {(d.item.split()[0], d.field): d for d in report.differences}
    assert found["topic", "name"].record == "Digital matters"
    assert found["commitment", "status"].record == "partly_delivered"
    assert found["evidence", "commitments"].catalogue == row.slug
    assert Topic.objects.get(slug="digital").name == "Digital matters"
    row.refresh_from_db()
    assert row.status == "partly_delivered"
    assert not document.commitments.filter(pk=row.pk).exists()
    assert report.added == {}


def test_every_kind_of_fact_that_colleagues_changed_is_reported(loaded, shipped):
    row = Commitment.objects.get(slug="cptpp-accession")
    row.partners.clear()
    row.topics.clear()
    row.responsibilities.all().delete()
    row.milestones.filter(key="in-force").update(title="It is in force")
    observation = Observation.objects.first()
    Observation.objects.filter(pk=observation.pk).update(note="Mended by hand.")

    report = load(shipped, at=AT)

    told = {(d.item.split()[0], d.field) for d in report.differences}
    assert {
        ("commitment", "partners"),
        ("commitment", "topics"),
        ("commitment", "bodies"),
        ("milestone", "title"),
        ("observation", "note"),
    } <= told
    assert report.added == {}
    assert row.milestones.get(key="in-force").title == "It is in force"


def test_a_newer_catalogue_may_add_between_two_commitments(loaded, folder):
    def between(items):
        new = deepcopy(items[0])
        new |= {"slug": "a-new-one", "ref": "1.99", "milestones": [], "clause": "z"}
        for criterion in new["criteria"]:
            criterion |= {"indicator": None, "at_least": None, "at_most": None}
        status = next(e for e in new["history"] if e["kind"] == "status")
        status |= {"status": "no_evidence", "criteria_met": [], "evidence": []}
        status["reason"] = "The site of the ministry was searched; nothing was found."
        new |= {"history": [status], "indicators": []}
        items.insert(1, new)

    change(folder, FIRST, between)
    report = load(read(folder), at=AT)

    assert report.added["commitment"] == 1
    assert Commitment.objects.get(slug="a-new-one").ref == "1.99"


def test_a_ref_or_pillar_that_is_taken_is_named_and_nothing_is_loaded(loaded, folder):
    Commitment.objects.filter(slug="cptpp-accession").update(slug="made-by-hand")
    Pillar.objects.filter(number=4).update(slug="another-pillar")
    before = counts()

    with pytest.raises(CatalogueError) as error:
        load(read(folder), at=AT)

    told = str(error.value)
    assert "1.17 is the commitment made-by-hand already" in told
    assert "4 is the pillar another-pillar already" in told
    assert counts() == before


def test_a_commitment_is_stated_on_the_day_of_its_own_source(db, folder):
    source = next((folder / "sources").glob("*.yaml"))
    data = yaml.load(source.read_text(encoding="utf-8"), yaml.CSafeLoader)
    later = {
        **deepcopy(data),
        "slug": "a-later-speech",
        "delivered_on": "2026-05-05",
        "published_on": "2026-05-05",
        "passages": [{**data["passages"][-1], "ref": "9.9.9", "role": "context"}],
    }
    path = folder / "sources" / "a-later-speech.yaml"
    path.write_text(yaml.safe_dump(later, allow_unicode=True), encoding="utf-8")

    load(read(folder), at=AT)

    days = set(Commitment.objects.values_list("stated_on", flat=True))
    assert days == {date(2025, 12, 29)}


def test_an_entry_told_differently_is_a_difference(loaded, folder):
    def retell(items):
        items[0]["history"][0]["reason"] = "Told in other words."

    change(folder, FIRST, retell)
    report = load(read(folder), at=AT)
    assert [d.field for d in report.differences] == ["reason"]
    assert report.added == {}


def test_history_that_no_longer_fits_is_left_out_and_reported(loaded, folder):
    row = Commitment.objects.get(slug="align-high-standard-rules")
    services.withdraw(
        commitment=row, reason="No longer followed.", by=actors.Machine("test"), at=AT
    )
    change(
        folder,
        FIRST,
        lambda items: items[0]["history"].append(
            {**items[0]["history"][-1], "date": "2026-07-01", "evidence": []}
        ),
    )
    report = load(read(folder), at=AT)
    assert "not recorded" in str(report.differences[0])
    assert report.added == {}


def test_evidence_ahead_of_the_clock_is_refused(db, shipped):
    with pytest.raises(CatalogueError) as caught:
        load(shipped, at=datetime(2026, 7, 1, tzinfo=UTC))
    assert caught.value.problems[0].field == "evidence_to"
    assert not Plan.objects.exists()


def test_the_command_tells_all_errors_and_loads_nothing(db, folder):
    change(folder, "topics.yaml", lambda items: items[0].pop("name"))
    change(
        folder,
        "commitments/4-belt-and-road.yaml",
        lambda items: items[-1]["bodies"].append("nobody"),
    )
    errors = StringIO()
    with pytest.raises(CommandError, match="2 to mend"):
        call_command("load_catalogue", str(folder), stderr=errors)
    assert "topics.yaml" in errors.getvalue()
    assert "'nobody'" in errors.getvalue()
    assert not Plan.objects.exists()
    assert not HistoryEntry.objects.exists()


def test_the_command_reports_what_it_added(db):
    said = StringIO()
    call_command("load_catalogue", "--dry-run", stdout=said)
    assert "would add 1 plan" in said.getvalue()
    assert not Plan.objects.exists()
