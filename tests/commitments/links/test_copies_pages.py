"""The desk sees link and copies of a document, and takes uploads."""

from datetime import date, timedelta
from io import BytesIO

import pytest
import time_machine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection
from django.test import Client
from warcio.archiveiterator import ArchiveIterator

from commitments import archive, guards, services
from commitments.models import Capture, Link
from tests.commitments import desk
from tests.factories import CommitmentFactory, DraftFactory, EvidenceFactory, assess

from .web import article

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 30


@pytest.fixture
def evidence(web, now, db):
    found = EvidenceFactory(url="http://a.test/x", title="A notice")
    web.pages["a.test/x"] = article("\n<script>alert(1)</script>")
    services.check_links(clock=lambda: now, seconds=20)
    return found


@pytest.fixture
def analyst(client, now, db):
    """Signed in at the moment that the tests go by."""
    with time_machine.travel(now, tick=False):
        client.force_login(desk.account("ann", "analyst"))
        yield client


def copies_of(evidence):
    return f"/admin/commitments/evidence/{evidence.pk}/copies/"


def upload(client, evidence, content=PNG, note="Saved by hand on 3 March.", name="x"):
    file = SimpleUploadedFile(name, content)
    return client.post(copies_of(evidence), {"file": file, "note": note}, follow=True)


def test_the_desk_sees_the_link_and_its_copies(analyst, evidence):
    form = analyst.get(f"/admin/commitments/evidence/{evidence.pk}/change/")
    assert copies_of(evidence) in form.content.decode()

    page = analyst.get(copies_of(evidence)).content.decode()

    assert "Opens" in page
    assert evidence.captures.get().sha256[:16] in page


def test_a_kept_page_opens_in_a_sandbox(analyst, evidence):
    copy = evidence.captures.get()

    response = analyst.get(f"/admin/commitments/evidence/copies/{copy.pk}/document/")

    assert response.content == archive.document(copy)
    policy = response["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "allow-" not in policy and "script-src" not in policy
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "private, no-store" in response["Cache-Control"]


def test_a_pdf_is_downloaded_not_shown(analyst, evidence):
    upload(analyst, evidence, b"%PDF-1.4 x")
    copy = evidence.captures.get(kind="pdf")

    response = analyst.get(f"/admin/commitments/evidence/copies/{copy.pk}/document/")

    assert response["Content-Disposition"].startswith("attachment")


def test_the_warc_is_readable_by_a_standard_tool(analyst, evidence):
    copy = evidence.captures.get()
    response = analyst.get(f"/admin/commitments/evidence/copies/{copy.pk}/warc/")

    (record,) = ArchiveIterator(BytesIO(response.content))
    assert record.rec_type == "response"
    assert record.rec_headers["WARC-Target-URI"] == "http://a.test/x"
    assert record.rec_headers["WARC-Date"] == "2026-11-24T12:00:00Z"
    assert record.http_headers.get_statuscode() == "200"


def test_copies_are_not_for_strangers(client, evidence):
    copy = evidence.captures.get()

    for path in (
        copies_of(evidence),
        f"/admin/commitments/evidence/copies/{copy.pk}/document/",
        f"/admin/commitments/evidence/copies/{copy.pk}/warc/",
    ):
        assert client.get(path).status_code == 302
        # Nor for an account that is in no group.
        insider = Client()
        insider.force_login(desk.account("eve"))
        assert insider.get(path).status_code == 403


def test_an_uploaded_copy_is_kept_and_cited(analyst, evidence):
    page = upload(analyst, evidence).content.decode()

    assert "The copy is kept." in page
    copy = evidence.captures.get(origin="uploaded")
    assert (copy.kind, copy.note) == ("png", "Saved by hand on 3 March.")
    assert archive.document(copy) == PNG
    entry = assess(CommitmentFactory(), evidence=[evidence])
    assert entry.citations.get().copy_sha256 == copy.sha256
    assert not list(archive.verify())


def test_the_same_file_again_is_the_same_copy(analyst, evidence):
    upload(analyst, evidence)
    upload(analyst, evidence)

    assert evidence.captures.filter(origin="uploaded").count() == 1


@pytest.mark.parametrize(
    ("content", "note", "said"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", "x", "no PDF"),
        (b"MZ\0\0", "x", "no PDF"),
        (b"plain words", "x", "no PDF"),
        (PNG, "", "This field is required"),
        (PNG, "<b>x</b>", "HTML is not taken"),
        (b"", "x", "The submitted file is empty"),
    ],
)
def test_what_is_no_document_is_refused(analyst, evidence, content, note, said):
    page = upload(analyst, evidence, content, note).content.decode()

    assert said in page
    assert evidence.captures.count() == 1


def test_a_file_that_is_too_large_is_refused(analyst, evidence, monkeypatch):
    monkeypatch.setattr(services.captures, "LARGEST_UPLOAD", 10)

    assert "This file has 38 bytes" in upload(analyst, evidence).content.decode()


def test_an_upload_ends_that_nobody_can_open_it(analyst, evidence):
    evidence.unreadable_since = date(2026, 6, 1)
    evidence.save()

    upload(analyst, evidence)

    evidence.refresh_from_db()
    assert evidence.unreadable_since is None


def test_a_fetched_page_is_not_held_against_an_upload(analyst, evidence, web, now):
    upload(analyst, evidence)
    Link.objects.update(due_at=now)

    assert services.check_links(clock=lambda: now, seconds=20) == {"ok": 1}


def test_a_change_is_shown_and_taken(analyst, evidence, web, now):
    web.pages["a.test/x"] = article("\nThe measure is suspended until further notice.")
    Link.objects.update(due_at=now)
    services.check_links(clock=lambda: now, seconds=20)

    page = analyst.get(copies_of(evidence)).content.decode()
    assert "suspended until further notice" in page
    path = f"/admin/commitments/evidence/{evidence.pk}/accept/"
    assert (
        "what the link is held against"
        in analyst.post(path, follow=True).content.decode()
    )

    assert Link.objects.get().verdict == "ok"
    assert "Nothing to take" in analyst.post(path, follow=True).content.decode()


def test_looking_again_is_asked_of_the_worker(analyst, evidence, now):
    analyst.post(f"/admin/commitments/evidence/{evidence.pk}/look-again/")

    later = now + timedelta(days=1)
    assert services.check_links(clock=lambda: later, seconds=20) == {"ok": 1}


def test_readers_may_not_write_here(client, evidence):
    client.force_login(desk.account("adm", "administrator"))

    assert upload(client, evidence).status_code == 403
    for what in ("accept", "look-again"):
        path = f"/admin/commitments/evidence/{evidence.pk}/{what}/"
        assert client.post(path).status_code == 403
        assert client.get(path).status_code == 405


def test_damage_to_a_copy_is_named(evidence, capsys):
    call_command("verify_captures")
    assert "1 copy, 0 findings" in capsys.readouterr().out
    copy = evidence.captures.get()

    with open(archive.storage().path(copy.warc), "r+b") as file:
        file.seek(40)
        file.write(b"x")
    with pytest.raises(SystemExit) as ended:
        call_command("verify_captures", "--json")

    assert ended.value.code == 2
    assert "does not fit its name" in capsys.readouterr().out


def test_an_altered_text_of_a_copy_is_named(evidence, capsys):
    guards.remove(connection)
    Capture.objects.update(text="It says something else.")
    guards.install(connection)

    with pytest.raises(SystemExit):
        call_command("verify_captures")

    assert "its text does not fit its hash" in capsys.readouterr().out


def test_a_lost_file_is_named(evidence, capsys):
    archive.storage().delete(evidence.captures.get().warc)

    with pytest.raises(SystemExit):
        call_command("verify_captures")

    assert "cannot be read" in capsys.readouterr().out


def test_readers_see_that_a_copy_exists_and_not_the_copy(client, evidence):
    commitment = CommitmentFactory(title="Zero tariff for least developed countries")
    assess(commitment, evidence=[evidence])
    copy = evidence.captures.get()

    page = client.get(f"/evidence/{evidence.slug}/").content.decode()

    assert copy.sha256 in page
    assert "<mark>" in page
    assert len(copy.text) > 400 and copy.text not in page
    assert "Opens" in page
    listed = client.get(commitment.get_absolute_url()).content.decode()
    assert f"/evidence/{evidence.slug}/" in listed
    assert "copy kept" in listed


def test_readers_are_offered_the_copy_where_the_original_is_gone(client, evidence, now):
    commitment = CommitmentFactory()
    assess(commitment, evidence=[evidence])
    Link.objects.update(verdict="gone", verdict_since=now.date())

    page = client.get(commitment.get_absolute_url()).content.decode()

    assert "Gone" in page
    assert f"/evidence/{evidence.slug}/#h-copies" in page


def test_a_document_that_no_reader_may_see_has_no_page(client, db):
    assert client.get(f"/evidence/{EvidenceFactory().slug}/").status_code == 404


def test_a_document_names_no_draft_that_rests_on_it(client, evidence):
    CommitmentFactory(title="Open a sector").evidence.add(evidence)
    DraftFactory(title="Open in secret").evidence.add(evidence)
    page = client.get(f"/evidence/{evidence.slug}/").content.decode()
    assert "Open a sector" in page and "secret" not in page


def test_the_past_of_a_document_is_asked_like_any_other(client, evidence):
    assess(CommitmentFactory(), evidence=[evidence])

    path = f"/evidence/{evidence.slug}/"
    assert client.get(f"{path}?as_of=2026-06-01").status_code == 200
    early = client.get(f"{path}?known_at=2026-07-10").content.decode()
    assert Capture.objects.get().sha256 not in early
    assert client.get(f"{path}?known_at=2025-12-31").status_code == 404
    assert client.get(f"{path}?as_of=soon").status_code == 400
