"""Importing as analysts do it: send a file, read what it would do, say yes."""

from decimal import Decimal

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from commitments.models import Commitment, DataVersion, Evidence, Observation

from .. import desk
from . import files

pytestmark = pytest.mark.django_db


@pytest.fixture
def analyst(client):
    user = desk.account("ann", "analyst")
    client.force_login(user)
    return user


@pytest.mark.parametrize("format", ["csv", "xlsx", "json"])
def test_new_documents_are_shown_first_and_written_after_a_yes(client, analyst, format):
    rows = files.documents({}, {"url": "https://example.org/b", "title": "Другой 通知"})
    run, page = files.send(client, rows, name=f"rows.{format}")
    assert (run.state, run.new, run.refused) == ("ready", 2, 0)
    assert "Другой 通知" in page
    assert not Evidence.objects.exists()

    before = DataVersion.current()
    files.decide(client, run)

    assert run.state == "done"
    assert DataVersion.current() > before
    document = Evidence.objects.get(url="https://example.org/b")
    assert (document.title, document.grade) == ("Другой 通知", "A")
    assert document.page_key == "example.org/b"
    assert LogEntry.objects.filter(user=analyst, object_id=document.pk).count() == 1


def test_one_refused_row_keeps_all_others_out(client, analyst):
    rows = files.documents({}, {"url": "https://example.org/b", "nature": ""})
    run, page = files.send(client, rows)

    assert run.state == "refused"
    assert (run.new, run.refused) == (1, 1)
    assert files.refusals(run) == [
        (3, "nature", "It is empty. Write one of: announcement, action, data.")
    ]
    assert "Write one of: announcement, action, data." in page
    files.decide(client, run)
    assert run.state == "refused"
    assert not Evidence.objects.exists()


@pytest.mark.parametrize(
    ("column", "value", "sentence"),
    [
        ("url", "ftp://example.org/x", "Only http:// and https://"),
        ("url", "https://ann:secret@example.org/", "user name or password"),
        ("url", "https://example.org/" + "x" * 2000, "2000"),
        ("title", "<b>bold</b>", "HTML is not taken"),
        ("summary", "a\x07b", "U+0007"),
        ("title", "two\nlines", "on one line"),
        ("title", "x" * 301, "at most 300"),
        ("nature", "rumour", "Write one of: announcement, action, data."),
        ("type", "", "Write one of: law,"),
        ("occurred_on", "01/04/2026", "YYYY-MM-DD"),
        ("occurred_on", "2026-02-30", "YYYY-MM-DD"),
        ("occurred_on", "2999-01-01", "still to come"),
        ("occurred_on", "", "Fill it in"),
        ("official", "perhaps", "yes or no"),
        ("slug", "Not a slug!", "slug"),
        ("language", "x" * 9, "at most 8"),
    ],
)
def test_bad_cells_are_refused_by_row_and_column(
    client, analyst, column, value, sentence
):
    row = {"url": "https://example.org/b", column: value}
    run, _ = files.send(client, files.documents({}, row))

    assert run.state == "refused"
    found = files.refusals(run)
    assert {(row, name) for row, name, _ in found} == {(3, column)}
    assert sentence in found[0][2]


@pytest.mark.parametrize("text", ["nul\0nul", "half \ud800 pair"])
@pytest.mark.parametrize("column", ["title", "slug", "nature"])
def test_what_no_database_stores_is_refused(client, analyst, text, column):
    run, _ = files.send(client, files.documents({column: text}), name="rows.json")
    assert run.state == "refused"
    assert files.refusals(run)[0][1] == column


def test_a_known_page_is_changed_however_its_address_is_written(client, analyst):
    document = desk.document("law", url="https://www.example.org/law/")
    rows = [{"url": "http://example.org/law?utm_source=x", "summary": "More."}]
    run, _ = files.send(client, rows)
    assert run.rows[0]["changes"] == [
        ["url", "https://www.example.org/law/", "http://example.org/law?utm_source=x"],
        ["summary", "Shows it.", "More."],
    ]
    files.decide(client, run)
    document.refresh_from_db()
    assert (document.summary, document.title) == ("More.", "Document law")


def test_two_rows_about_the_same_are_refused(client, analyst):
    rows = files.documents({}, {"url": "https://www.example.org/notice/"})
    run, _ = files.send(client, rows)
    # The column that is filled in, and not the one that may not be there.
    assert files.refusals(run)[0][:2] == (3, "url")
    assert "Row 2" in files.refusals(run)[0][2]


def test_an_address_of_another_document_is_refused(client, analyst):
    desk.document("law")
    desk.document("other")
    rows = [{"slug": "other", "url": "https://example.org/law"}]
    run, _ = files.send(client, rows)
    assert {name for _, name, _ in files.refusals(run)} == {"url"}
    assert "“law” has it already" in files.refusals(run)[0][2]


def test_what_history_cites_is_not_changed_in_bulk(client, analyst):
    desk.assessed()
    slug = Evidence.objects.get().slug
    run, _ = files.send(client, [{"slug": slug, "nature": "data", "summary": "New."}])
    assert [name for _, name, _ in files.refusals(run)] == ["nature"]
    files.imported(client, [{"slug": slug, "nature": "action", "summary": "New."}])
    assert Evidence.objects.get().summary == "New."


def test_a_draft_is_made_with_all_that_belongs_to_it(client, analyst):
    files.record()
    files.imported(client, [files.PROMISE], "commitments")

    made = Commitment.objects.get(slug="open-ports")
    assert (made.standing, made.ref, made.ref_order) == ("", "1.10", 10_010)
    assert [str(part) for part in made.criteria.all()] == [
        "(a) A law is in force.",
        "(b) It is used.",
    ]
    assert [str(p) for p in made.passages.all()] == ["1.1.1"]
    assert [r.body.slug for r in made.responsibilities.all()] == ["mofcom"]


def test_a_draft_changes_and_its_absent_columns_stay(client, analyst):
    draft, _ = files.record()
    rows = [{"slug": draft.slug, "title": "Better", "criteria": "a: Other.\nc: New."}]
    files.imported(client, rows, "commitments")

    draft.refresh_from_db()
    assert (draft.title, draft.statement) == ("Better", "It will be done.")
    assert dict(draft.criteria.values_list("key", "text")) == {
        "a": "Other.",
        "c": "New.",
    }
    assert draft.passages.count() == 1


@pytest.mark.parametrize(
    ("column", "value", "act"),
    [
        ("title", "Other", "Amend wording"),
        ("criteria", "a: Other.", "Amend wording"),
        ("original_due_on", "2029-01-01", "Move deadline"),
        ("ref", "1.77", "withdraw this commitment"),
        ("status", "delivered", "follows from the history"),
        ("standing", "withdrawn", "follows from the history"),
    ],
)
def test_a_published_commitment_moves_only_by_its_acts(
    client, analyst, column, value, act
):
    _, published = files.record()
    run, _ = files.send(
        client, [{"slug": published.slug, column: value}], "commitments"
    )
    assert run.state == "refused"
    assert files.refusals(run)[0][1] == column
    assert act in files.refusals(run)[0][2]


def test_what_publication_did_not_fix_still_changes(client, analyst):
    _, published = files.record()
    rows = [{"slug": published.slug, "specificity": "partly", "bodies": "mofcom"}]
    files.imported(client, rows, "commitments")
    published.refresh_from_db()
    assert published.specificity == "partly"
    assert published.standing == "published"
    assert published.latest_entry_id
    assert published.bodies.get().slug == "mofcom"


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"pillar": "nine"}, "pillar"),
        ({"passages": "speech:9.9.9"}, "passages"),
        ({"passages": ""}, "passages"),
        ({"bodies": "mofcom; nobody"}, "bodies"),
        ({"criteria": "A law is in force."}, "criteria"),
        ({"criteria": "a: One.\na: Two."}, "criteria"),
        ({"ref": "1.1"}, "ref"),
        ({"ref": "one"}, "ref"),
        ({"trackable": "no"}, "untrackable_reason"),
        (
            {"original_due_on": "2026-01-01", "original_due_precision": "day"},
            "original_due_on",
        ),
        ({"original_due_on": "2029-01-01"}, "original_due_precision"),
        ({"review_interval": "0"}, "review_interval"),
        ({"review_interval": "99999"}, "review_interval"),
        ({"kind": ""}, "kind"),
    ],
)
def test_drafts_keep_the_rules_of_the_record(client, analyst, change, column):
    files.record()
    run, _ = files.send(client, [{**files.PROMISE, **change}], "commitments")
    assert [name for _, name, _ in files.refusals(run)] == [column]


def test_a_number_that_was_typed_as_one_is_not_taken_for_a_ref(client, analyst):
    files.record()
    run, _ = files.send(
        client, [{**files.PROMISE, "ref": 1.1}], "commitments", "rows.xlsx"
    )
    assert "1.1 and 1.10 are the same" in files.refusals(run)[0][2]


def test_observations_are_added_and_changed(client, analyst):
    files.record()
    desk.document("law")
    row = {
        "indicator": "trade",
        "observed_on": "2026-03-31",
        "evidence": "law",
        "value": "-12.5",
        "precision": "quarter",
        "note": "",
    }
    files.imported(client, [row, {**row, "evidence": ""}], "observations")
    run = files.imported(client, [{**row, "value": "3"}], "observations")

    assert (run.new, run.changed) == (0, 1)
    values = Observation.objects.order_by("value").values_list("value", flat=True)
    assert list(values) == [Decimal("-12.5"), Decimal(3)]


@pytest.mark.parametrize(
    ("change", "column"),
    [
        ({"indicator": "none"}, "indicator"),
        ({"indicator": ""}, "indicator"),
        ({"evidence": "none"}, "evidence"),
        ({"value": "1,5"}, "value"),
        ({"value": "1.23456"}, "value"),
        ({"value": "1e99"}, "value"),
        ({"value": "NaN"}, "value"),
        ({"value": ""}, "value"),
        ({"observed_on": "2999-01-01"}, "observed_on"),
        ({"precision": "decade"}, "precision"),
        ({"note": "<script>"}, "note"),
    ],
)
def test_bad_observations_are_refused(client, analyst, change, column):
    files.record()
    row = {
        "indicator": "trade",
        "observed_on": "2026-03-31",
        "evidence": "",
        "value": "1",
        "precision": "quarter",
        "note": "",
    }
    run, _ = files.send(client, [{**row, **change}], "observations")
    assert [name for _, name, _ in files.refusals(run)] == [column]


def test_what_became_impossible_since_the_check_is_not_written(client, analyst):
    run, _ = files.send(client, files.documents({}, {"url": "https://example.org/b"}))
    desk.document("quicker", url="https://example.org/b")
    desk.assessed()
    Evidence.objects.filter(slug="quicker").update(page_key="moved")
    files.decide(client, run)

    assert run.state == "refused"
    assert "Since the file was checked" in run.problem
    assert not Evidence.objects.filter(url=files.DOCUMENT["url"]).exists()


def test_a_file_can_be_discarded(client, analyst):
    run, _ = files.send(client, files.documents())
    files.decide(client, run, "discard")
    assert run.state == "discarded"
    page = files.decide(client, run)
    assert "not waiting for a decision any more" in page.content.decode()
    assert not Evidence.objects.exists()


def test_no_query_is_made_row_by_row(client, analyst):
    def queries(count, of):
        rows = [
            {**files.DOCUMENT, "url": f"https://{of}.org/{n}", "title": f"{of} {n}"}
            for n in range(count)
        ]
        with CaptureQueriesContext(connection) as made:
            files.imported(client, rows)
        return len(made)

    queries(1, "warm-up")
    # SQLite takes a bounded number of values in a statement.
    assert queries(400, "many") <= queries(5, "few") + 20
    assert Evidence.objects.count() == 406
