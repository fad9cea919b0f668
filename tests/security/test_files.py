"""Files that come in, and files that go out."""

import csv
import io
import os
import re

import pytest
from django.conf import settings as django_settings
from django.db import models
from openpyxl import load_workbook

from commitments.models import (
    Body,
    Commitment,
    Evidence,
    Indicator,
    Partner,
    Pillar,
    Source,
    Topic,
)
from commitments.readable import Reader
from tests.commitments import desk
from tests.commitments.bulk import files as sheets
from tests.factories import EvidenceFactory
from tests.tracker import record as records
from tests.tracker.api.test_lists import NOUNS

pytestmark = pytest.mark.django_db
LEADS = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
LAUGHS = "".join(
    f'<!ENTITY {b} "{f"&{a};" * 10}">'
    for a, b in zip("abcdefgh", "bcdefghi", strict=True)
)
BOMB = (
    f'<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "lol lol lol">{LAUGHS}'
    '<!ENTITY f SYSTEM "file:///etc/passwd">]>'
    '<rss version="2.0"><channel><title>&i;</title><item><title>&i;&f;</title>'
    "<link>https://example.org/</link></item></channel></rss>"
)


def is_number(text):
    try:
        float(text)
    except ValueError:
        return False
    return True


def runs(cells):
    """The cells that a spreadsheet would run."""
    return [c for c in cells if c.startswith(LEADS) and not is_number(c)]


def poison():
    """Let each free text of each public row begin as a formula does."""
    for number, model in enumerate(
        (Body, Commitment, Evidence, Indicator, Partner, Pillar, Source, Topic)
    ):
        names = {
            field.name: f"{LEADS[number]}1+1|cmd"
            for field in model._meta.fields
            if isinstance(field, models.CharField | models.TextField)
            and not isinstance(field, models.SlugField | models.URLField)
            and not (field.choices or field.unique)
            and field.editable
            and (field.max_length or 99) > 20
            and field.name not in ("language", "ref")
        }
        assert names
        model.objects.update(**names)


def test_no_table_that_leaves_holds_a_formula(client):
    records.small()
    poison()
    client.force_login(desk.account("ann", "analyst"))
    tables = {f"/api/v1/{noun}/?format=csv" for noun in NOUNS} | {"/commitments.csv"}
    seen = 0
    for path in sorted(tables):
        answer = client.get(path)
        assert answer.status_code == 200, path
        text = b"".join(answer).decode("utf-8-sig")
        cells = [c for row in csv.reader(io.StringIO(text, newline="")) for c in row]
        assert runs(cells) == [], path
        seen += sum("1+1|cmd" in c for c in cells)
    for kind in ("commitments", "evidence", "observations"):
        text = sheets.download(client, kind, "csv").decode("utf-8-sig")
        cells = [c for row in csv.reader(io.StringIO(text, newline="")) for c in row]
        assert runs(cells) == [], kind
        book = load_workbook(io.BytesIO(sheets.download(client, kind, "xlsx")))
        for row in book.active:
            for cell in row:
                assert cell.data_type != "f"
                assert not runs([cell.value] if isinstance(cell.value, str) else [])
    assert seen > 10


@pytest.mark.parametrize("kind", ["feed", "list"])
def test_a_feed_of_entities_unfolds_nothing_and_reads_no_file(kind):
    with Reader(seconds=20) as reader:
        found = reader.entries(BOMB.encode(), kind=kind) or []
        assert sum(len(one.title) + len(one.url) for one in found) < 2_000
        assert not any("root:" in one.title for one in found)
        text = reader.read(BOMB.replace("<rss", "<html><rss").encode()).text
    assert len(text) < 2_000 and "root:" not in text


NAMES = [
    "../../../../tmp/jumped.csv",
    "..\\..\\jumped.csv",
    "/etc/cron.d/jumped.csv",
    "%2e%2e%2fjumped.csv",
    "jumped.csv\\0.html",
    "~/jumped.csv",
]


def sent(client, path, name, content, **fields):
    """Post a file under a name that no client library would send."""
    parts = [
        f'--X\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'
        for key, value in fields.items()
    ]
    head = (
        f'--X\r\nContent-Disposition: form-data; name="file"; filename="{name}"\r\n'
        "Content-Type: text/html\r\n\r\n"
    )
    body = "".join(parts).encode() + head.encode() + content + b"\r\n--X--\r\n"
    return client.generic("POST", path, body, "multipart/form-data; boundary=X")


def names_below(*folders):
    return {name for f in folders for _, _, names in os.walk(f) for name in names}


@pytest.mark.parametrize("name", NAMES)
def test_the_name_of_a_file_leads_nowhere(client, name, tmp_path):
    client.force_login(desk.account("ann", "analyst"))
    before = set(os.listdir("/tmp")) | set(os.listdir(tmp_path.parent))
    rows = sheets.as_csv(sheets.documents())
    answer = sent(
        client, "/admin/commitments/importrun/add/", name, rows, kind="evidence"
    )
    assert answer.status_code in (200, 302)
    evidence = EvidenceFactory()
    page = b"<!doctype html><title>x</title><p>Some words of a page.</p>"
    copies = f"/admin/commitments/evidence/{evidence.pk}/copies/"
    assert sent(client, copies, name, page, note="By hand.").status_code in (200, 302)
    after = set(os.listdir("/tmp")) | set(os.listdir(tmp_path.parent))
    assert not any("jumped" in new for new in after - before)
    root = django_settings.DATA_DIR
    assert not any(os.sep in n or ".." in n for n in names_below(root))


@pytest.mark.parametrize(
    "name", [*NAMES, "x; filename=jumped.exe", "jumped\u202efdp.js"]
)
def test_a_file_leaves_under_a_name_of_ours(client, name):
    client.force_login(desk.account("ann", "analyst"))
    evidence = EvidenceFactory()
    copies = f"/admin/commitments/evidence/{evidence.pk}/copies/"
    sent(client, copies, name, b"%PDF-1.4 x", note="By hand.")
    kept = evidence.captures.get()
    for form, ours in (("document", f"copy-{kept.pk}.pdf"), ("warc", r"[\w.-]+\.gz")):
        answer = client.get(f"/admin/commitments/evidence/copies/{kept.pk}/{form}/")
        said = f'attachment; filename="{ours}"'
        assert re.fullmatch(said, answer["Content-Disposition"], re.ASCII)
        assert "jumped" not in str(answer.headers)


@pytest.mark.parametrize(
    ("content", "is_kept"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>", False),
        (b"<?xml version='1.0'?><svg><script>alert(1)</script></svg>", False),
        (b"<!doctype html><script>alert(document.cookie)</script><p>x</p>", True),
        (b"<svg><html><body><script>alert(1)</script></body></html></svg>", True),
    ],
)
def test_what_could_run_is_refused_or_kept_where_it_cannot(client, content, is_kept):
    client.force_login(desk.account("ann", "analyst"))
    evidence = EvidenceFactory()
    copies = f"/admin/commitments/evidence/{evidence.pk}/copies/"
    sent(client, copies, "x.html", content, note="By hand.")
    kept = evidence.captures.first()
    assert (kept is not None) == is_kept
    if kept is None:
        return
    answer = client.get(f"/admin/commitments/evidence/copies/{kept.pk}/document/")
    policy = answer["Content-Security-Policy"]
    assert policy.startswith("sandbox; default-src 'none'")
    assert "allow-scripts" not in policy and "script-src" not in policy
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "private, no-store" in answer["Cache-Control"]
