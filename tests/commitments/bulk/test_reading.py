"""Files that cannot be read: answered clearly, and never at length."""

import io
import time
import tracemalloc
import zipfile
from datetime import date, timedelta

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse
from openpyxl import Workbook

from commitments.bulk import limits
from commitments.bulk.limits import Unreadable
from commitments.bulk.reading import read_rows
from commitments.models import ImportRun

from .. import desk
from . import files

COLUMNS = ["slug", "url", "title"]
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def rows(content, format="csv", columns=COLUMNS):
    return list(read_rows(io.BytesIO(content), format=format, columns=columns))


def refused(content, format="csv"):
    with pytest.raises(Unreadable) as problem:
        rows(content, format)
    return str(problem.value)


def workbook(changes=None, added=()):
    """Return a workbook of two cells with some of its parts replaced."""
    sound = io.BytesIO(files.as_xlsx([{"slug": "a"}]))
    crafted = io.BytesIO()
    with (
        zipfile.ZipFile(sound) as old,
        zipfile.ZipFile(crafted, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            content = (changes or {}).get(name, old.read(name))
            new.writestr(name, content)
        for name, content in added:
            new.writestr(name, content)
    return crafted.getvalue()


def sheet(inside, dimension="A1:A2"):
    text = f'<worksheet xmlns="{MAIN}"><dimension ref="{dimension}"/>'
    return f"{text}<sheetData>{inside}</sheetData></worksheet>"


def with_sheet(*args, **kwargs):
    return workbook({"xl/worksheets/sheet1.xml": sheet(*args, **kwargs)})


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("slug\nä\n".encode("latin-1"), "Line 2 is not UTF-8: byte 0xE4"),
        ("slug\nä\n".encode("utf-16"), "UTF-16"),
        (b"slug\nx\xe2\x82", "end of the file is not UTF-8"),
        (b"slug,colour\na,b\n", "no column “colour”"),
        (b"slug,slug\na,b\n", "is there twice"),
        (b"\nslug\n", "first row is empty"),
        (b"", "first row is empty"),
        (b"slug\na,b\n", "Row 2 has more cells"),
        (b'slug\na\n"b\nb"\n"never closed\n', "Row 4 is not well-formed CSV"),
        (b"slug\n" + b"x" * 40_000, "at most 32,767"),
        (b'slug\n"' + b"x" * 140_000, "not well-formed CSV"),
        (b"PK\x03\x04 and more", ".xlsx"),
        (b"slug\n" + b"a\n" * 50_001, "more than 50,000 rows"),
    ],
)
def test_csv_that_is_not_read(content, sentence):
    assert sentence in refused(content)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"{}", "one JSON list"),
        (b"[1]", "Row 1 is not an object"),
        (b'[{"slug": "a"}', "a comma or ] is missing"),
        (b'[{"slug": "a"},]', "not JSON"),
        (b'[{"slug": "a"}] x', "ended already"),
        (b'[{"slug": NaN}]', "NaN is not a number"),
        (b'[{"slug": "a", "slug": "b"}]', "twice"),
        (b'[{"colour": "a"}]', "no column “colour”"),
        (b"[" * 100_000, "nested too deeply"),
        (b'[{"slug": "\xff"}]', "not UTF-8"),
        (b"[" + b"{}," * 50_001 + b"{}]", "more than 50,000 rows"),
    ],
)
def test_json_that_is_not_read(content, sentence):
    assert sentence in refused(content, "json")


def test_csv_as_spreadsheets_of_other_countries_write_it():
    found = rows("\ufeffslug;title\r\na;x,y\r\n;\r\nb;'=1\r\n".encode())
    assert found == [
        (2, {"slug": "a", "title": "x,y"}),
        (4, {"slug": "b", "title": "=1"}),
    ]


def test_bombs_are_refused_before_they_are_unpacked():
    zeros = [("xl/media/a.xml", b"\0" * 160 * limits.MEGABYTE)]
    content = workbook(added=zeros)
    assert len(content) < limits.MEGABYTE
    tracemalloc.start()
    assert "unpacks to 160 MB" in refused(content, "xlsx")
    assert tracemalloc.get_traced_memory()[1] < 5 * limits.MEGABYTE
    tracemalloc.stop()


ENTITIES = (
    '<!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;&a;">]>'
    f'<sst xmlns="{MAIN}"><si><t>&b;</t></si></sst>'
)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"no archive", "damaged"),
        (workbook()[:-40], "damaged"),
        (workbook(added=[(f"{n}.xml", "x") for n in range(120)]), "too many parts"),
        (workbook(added=[("xl/worksheets/x.xml", sheet("", "A1:A60000"))]), "A60000"),
        (workbook(added=[("xl/other.xml", " " * 3 * limits.MEGABYTE)]), "too large"),
        (workbook(added=[("xl/sharedStrings.xml", ENTITIES)]), "damaged"),
        (workbook({"xl/workbook.xml": ENTITIES}), "damaged"),
        (workbook({"xl/workbook.xml": "<a>"}), "damaged"),
        (with_sheet("", "A1:ZZ100000"), "reaches to ZZ100000"),
        (with_sheet('<row r="1"><c r="ZZ100000"/></row>'), "reaches to ZZ100000"),
        (with_sheet('<row r="1048576"><c/></row>'), "more than 50,000 rows"),
        (with_sheet("<row>" + "<c/>" * 61 + "</row>"), "column 61"),
        (with_sheet("<row/>" * 50_002), "more than 50,000 rows"),
        (with_sheet('<row r="x"><c r="?"/></row>'), "damaged"),
        (with_sheet('<row r="1"><c r="A1"><f>1+1</f><v>2</v></c></row>'), "a formula"),
        (with_sheet('<row r="1"><c r="A1" t="e"><v>#N/A</v></c></row>'), "#N/A"),
        (with_sheet('<row r="1"><c r="A1" t="s"><v>99</v></c></row>'), "damaged"),
    ],
)
def test_crafted_workbooks_are_not_read(content, sentence):
    began = time.process_time()
    assert sentence in refused(content, "xlsx")
    assert time.process_time() - began < 5


def test_workbooks_are_parsed_by_what_refuses_entities():
    assert openpyxl.DEFUSEDXML
    assert not openpyxl.LXML


def test_a_cell_far_away_does_not_hide_behind_a_small_dimension():
    content = with_sheet(
        '<row r="1"><c r="A1" t="inlineStr"><is><t>slug</t></is></c></row>'
        '<row r="40000"><c r="A40000" t="inlineStr"><is><t>a</t></is></c></row>'
    )
    assert rows(content, "xlsx") == [(40_000, {"slug": "a"})]


def test_texts_that_a_workbook_shares_are_read():
    with zipfile.ZipFile(io.BytesIO(workbook())) as archive:
        types = archive.read("[Content_Types].xml").decode()
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    part = f'<Override PartName="/xl/sharedStrings.xml" ContentType="{kind}'
    content = workbook(
        {
            "[Content_Types].xml": types.replace(
                "</Types>", f'{part}.sharedStrings+xml"/></Types>'
            ),
            "xl/worksheets/sheet1.xml": sheet(
                '<row r="1"><c r="A1" t="s"><v>0</v></c></row>'
                '<row r="2"><c r="A2" t="s"><v>1</v></c></row>'
            ),
        },
        added=[
            (
                "xl/sharedStrings.xml",
                f'<sst xmlns="{MAIN}"><si><t>slug</t></si>'
                "<si><r><t>a-</t></r><r><t>b</t></r></si></sst>",
            )
        ],
    )
    assert rows(content, "xlsx") == [(2, {"slug": "a-b"})]


def test_cells_of_a_workbook_become_texts():
    book = Workbook()
    book.active.append(["slug", "title", None, "url"])
    book.active.append(["'=1", 1.5, None, date(2026, 3, 1)])
    book.active.append([None, None, None, True])
    book.create_sheet("Other").append(["ignored"])
    book.create_sheet("Lists", 0).sheet_state = "hidden"
    assert rows(files.saved(book), "xlsx") == [
        (2, {"slug": "=1", "title": "1.5", "url": "2026-03-01"}),
        (3, {"slug": None, "title": None, "url": True}),
    ]


def test_a_time_of_a_workbook_is_named_by_its_cell():
    book = Workbook()
    book.active.append(["slug", "title"])
    book.active.append(["a", timedelta(hours=1)])
    assert "Cell B2 holds a time: 1:00:00" in refused(files.saved(book), "xlsx")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("rows.xls", b"x", "must end in .csv, .xlsx or .json"),
        ("rows", b"x", "must end in .csv, .xlsx or .json"),
        ("rows.csv", b"", "is empty"),
        ("rows.csv", b"x" * 21 * limits.MEGABYTE, "21.0 MB; at most 20 MB"),
        ("rows.xlsx", b"x", "not an XLSX workbook"),
    ],
)
def test_a_file_refused_at_the_door_is_not_kept(client, name, content, sentence):
    client.force_login(desk.account("ann", "analyst"))
    response = client.post(
        reverse("admin:commitments_importrun_add"),
        {"kind": "evidence", "file": SimpleUploadedFile(name, content)},
    )
    page = response.content.decode()
    assert response.status_code == 200
    assert sentence in page
    assert "Error:" in page
    assert not ImportRun.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("content", "name", "sentence"),
    [
        (b"url\n\xff\n", "a.csv", "Line 2 is not UTF-8"),
        (b"url\n", "a.csv", "no rows below its heading"),
        (b"[]", "a.json", "no rows"),
        (workbook({"xl/workbook.xml": "<a>"}), "a.xlsx", "damaged"),
    ],
)
def test_a_file_refused_in_reading_says_why(client, content, name, sentence):
    client.force_login(desk.account("ann", "analyst"))
    run, page = files.send(client, content, name=name)
    assert run.state == "refused"
    assert sentence in page
