"""Files as analysts send them, and their way through the admin."""

import csv
import io
import json

from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook, load_workbook

from commitments.models import Commitment, ImportRun, Passage, Source

from .. import desk

DOCUMENT = {
    "slug": "",
    "url": "https://example.org/notice",
    "title": "A notice",
    "publisher": "Gazette",
    "occurred_on": "2026-04-01",
    "type": "notice",
    "nature": "action",
    "official": "yes",
    "reliability": "high",
    "language": "en",
    "summary": "It is in force.",
}
PROMISE = {
    "slug": "open-ports",
    "ref": "1.10",
    "pillar": "one",
    "title": "Open ports",
    "statement": "Ports are to be opened.",
    "reading": "It takes a legal act.",
    "kind": "rule",
    "specificity": "specific",
    "stated_on": "2026-03-01",
    "passages": "speech:1.1.1",
    "bodies": "mofcom",
    "criteria": "a: A law is in force.\nb: It is used.",
}


def documents(*changes):
    return [{**DOCUMENT, **each} for each in changes or [{}]]


def as_csv(rows, encoding="utf-8", delimiter=","):
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode(encoding)


def as_xlsx(rows):
    book = Workbook()
    sheet = book.active
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    return saved(book)


def saved(book):
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def as_json(rows):
    return json.dumps(rows).encode()


def send(client, content, kind="evidence", name="rows.csv"):
    """Post a file; return the run, and the answer's page."""
    if isinstance(content, list):
        content = {"csv": as_csv, "xlsx": as_xlsx, "json": as_json}[
            name.rpartition(".")[2]
        ](content)
    response = client.post(
        reverse("admin:commitments_importrun_add"),
        {"kind": kind, "file": SimpleUploadedFile(name, content)},
        follow=True,
    )
    assert response.status_code == 200
    return ImportRun.objects.first(), response.content.decode()


def decide(client, run, act="approve"):
    address = reverse(f"admin:commitments_importrun_{act}", args=[run.pk])
    response = client.post(address, follow=True)
    run.refresh_from_db()
    return response


def imported(client, content, kind="evidence", name="rows.csv"):
    """Send and import a file that must be free of faults."""
    run, page = send(client, content, kind, name)
    assert run.state == "ready", page
    decide(client, run)
    assert run.state == "done", run.problem
    return run


def download(client, kind, format, **filters):
    address = reverse("admin:commitments_export_file", args=[kind, format])
    response = client.get(address, filters)
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def read(content, format):
    """Return an exported file as rows of texts, as a spreadsheet would show them."""
    if format == "json":
        return json.loads(content)
    if format == "csv":
        return list(
            csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        )
    lines = load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True)
    heading = next(lines)
    return [dict(zip(heading, line, strict=True)) for line in lines]


def refusals(run):
    return [
        (row["row"], column, sentence)
        for row in run.rows
        for column, sentence in row.get("problems", [])
    ]


def record():
    """A draft, a published commitment, a passage, a body and an indicator."""
    desk.body()
    source = Source.objects.create(
        slug="speech", title="Speech", kind="speech", language="en"
    )
    passage = Passage.objects.create(
        source=source, ref="1.1.1", position=1, role="commitment", summary="Opens."
    )
    desk.indicator()
    draft = desk.draft("1.1")
    draft.passages.add(passage)
    desk.published("1.2").passages.add(passage)
    return Commitment.objects.get(ref="1.1"), Commitment.objects.get(ref="1.2")
