"""Exports: safe to open in a spreadsheet, exact in JSON, and read back unchanged."""

from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from commitments.bulk.cells import neutralise, restore
from commitments.bulk.sheet import UNWRITABLE
from commitments.models import Commitment, Evidence, Indicator, Observation

from .. import desk
from . import files

pytestmark = pytest.mark.django_db

LEADS = "=+-@\t\r\n\0＝＋－＠"


@pytest.fixture
def analyst(client):
    user = desk.account("ann", "analyst")
    client.force_login(user)
    return user


def fill():
    """Make rows whose texts spreadsheets, parsers and encodings trip over."""
    draft, published = files.record()
    Commitment.objects.filter(pk=draft.pk).update(
        title="=1+1",
        title_zh="＝开放",
        statement="+cmd|' /C calc'!A0\nsecond; line",
        reading="\"quoted\", 'single' and ;semicolon",
        clause="-a",
    )
    draft.criteria.filter(key="a").update(text="@SUM(1)\n  indented\nlast")
    document = desk.document("law", title="'=text already", summary="'plain")
    document.commitments.add(published)
    desk.document("other", title="-2+3", occurred_on="2026-01-31", official=False)
    Observation.objects.create(
        indicator=Indicator.objects.get(),
        observed_on="2026-03-31",
        precision="quarter",
        value=Decimal("-12345678901.2345"),
        evidence=document,
        note="@note",
    )
    Observation.objects.create(
        indicator=Indicator.objects.get(),
        observed_on="2026-03-31",
        precision="quarter",
        value=Decimal("-1.5"),
    )


@pytest.mark.parametrize("format", ["csv", "xlsx", "json"])
@pytest.mark.parametrize("kind", ["commitments", "evidence", "observations"])
def test_what_was_exported_comes_back_without_a_change(client, analyst, kind, format):
    fill()
    content = files.download(client, kind, format)
    run, page = files.send(client, content, kind, f"rows.{format}")
    assert (run.state, run.rows) == ("ready", []), page
    assert run.unchanged == run.total == 2


@pytest.mark.parametrize("format", ["csv", "xlsx"])
@pytest.mark.parametrize("lead", LEADS)
def test_no_text_of_any_column_runs_in_a_spreadsheet(client, analyst, lead, format):
    texts = ["title", "title_original", "publisher", "language", "summary"]
    document = desk.document("law")
    Evidence.objects.filter(pk=document.pk).update(
        # No database of ours stores NUL; the escape is there all the same.
        **{name: f"{lead if lead != chr(0) else '='}1+1" for name in texts}
    )
    (row,) = files.read(files.download(client, "evidence", format), format)
    assert all(row[name][0] == "'" for name in texts)


def test_cells_of_a_workbook_are_texts_and_numbers_never_formulas(client, analyst):
    fill()
    for kind in ("commitments", "evidence", "observations"):
        book = load_workbook(files.io.BytesIO(files.download(client, kind, "xlsx")))
        types = {cell.data_type for row in book.active for cell in row}
        assert types <= {"inlineStr", "s", "n"}
    sheet = load_workbook(
        files.io.BytesIO(files.download(client, "commitments", "xlsx"))
    ).active
    assert sheet["B2"].value == "1.1"


def test_json_is_exact(client, analyst):
    fill()
    rows = files.read(files.download(client, "commitments", "json"), "json")
    assert rows[0]["title"] == "=1+1"
    assert rows[0]["criteria"][0] == "a: @SUM(1)\n  indented\nlast"
    assert rows[0]["passages"] == ["speech:1.1.1"]
    assert rows[0]["trackable"] is True
    assert rows[0]["original_due_on"] is None
    values = files.read(files.download(client, "observations", "json"), "json")
    assert {row["value"] for row in values} == {"-12345678901.2345", "-1.5"}


@given(st.text(st.sampled_from(LEADS + "'a1 "), max_size=6))
def test_escaping_is_undone_exactly(text):
    safe = neutralise(text)
    assert restore(safe) == text
    assert not safe or safe[0] not in LEADS


@pytest.mark.parametrize("lead", LEADS)
def test_every_leading_character_is_escaped(lead):
    assert neutralise(f"{lead}1") == f"'{lead}1"
    assert neutralise(f"'{lead}1") == f"''{lead}1"
    assert UNWRITABLE.sub("?", neutralise(f"{lead}1"))[0] == "'"


def test_a_list_is_exported_as_it_is_filtered(client, analyst):
    fill()
    page = client.get(
        reverse("admin:commitments_evidence_changelist"), {"official__exact": "1"}
    )
    address = reverse("admin:commitments_export_file", args=["evidence", "csv"])
    assert f'{address}?official__exact=1"' in page.content.decode()
    rows = files.read(
        files.download(client, "evidence", "csv", official__exact="1"), "csv"
    )
    assert [row["slug"] for row in rows] == ["law"]


def test_export_takes_the_same_queries_for_more_rows(client, analyst):
    def queries():
        with CaptureQueriesContext(connection) as made:
            files.download(client, "commitments", "csv")
        return len(made)

    fill()
    few = queries()
    for number in range(3, 9):
        desk.draft(f"1.{number}")
    assert queries() == few


def test_nothing_to_export_is_a_heading_or_an_empty_list(client, analyst):
    assert files.read(files.download(client, "evidence", "csv"), "csv") == []
    assert files.read(files.download(client, "evidence", "json"), "json") == []
    assert files.read(files.download(client, "evidence", "xlsx"), "xlsx") == []
