"""Everything wrong with a catalogue is found, with file, item and field."""

import shutil

import pytest

from commitments.catalogue.read import CatalogueError, read
from commitments.management.commands.load_catalogue import SHIPPED

from .test_load_catalogue import FIRST, change

SLUG = "align-high-standard-rules"


@pytest.fixture
def folder(tmp_path):
    return shutil.copytree(SHIPPED, tmp_path / "catalogue")


def problems(folder):
    with pytest.raises(CatalogueError) as caught:
        read(folder)
    return [(p.file, p.item, p.field) for p in caught.value.problems]


def first(**values):
    return lambda items: items[0].update(values)


def entry(**values):
    return lambda items: items[0]["history"][0].update(values)


BROKEN = [
    (FIRST, first(title="x" * 71), SLUG, "title"),
    (FIRST, first(statement="word " * 61), SLUG, "statement"),
    (FIRST, first(reading="a\x07bell"), SLUG, "reading"),
    (FIRST, first(kind="wish"), SLUG, "kind"),
    (FIRST, first(surprise=1), SLUG, "surprise"),
    (FIRST, lambda items: items[0].pop("due"), SLUG, "due"),
    (
        FIRST,
        first(due={"date": "2030-02-30", "precision": "day", "basis": "x"}),
        SLUG,
        "due.date",
    ),
    (FIRST, first(bodies=["nobody"]), SLUG, "bodies"),
    (FIRST, first(passages=["99.9.9"]), SLUG, "passages"),
    (FIRST, first(ref="3.1"), SLUG, "ref"),
    (FIRST, first(criteria=[]), SLUG, "criteria"),
    (FIRST, entry(evidence=[]), SLUG, "history.status.2025-12-29.evidence"),
    (
        FIRST,
        entry(evidence=["ev-2026-01-01-none"]),
        SLUG,
        "history.status.2025-12-29.evidence",
    ),
    (FIRST, entry(criteria_met=["a"]), SLUG, "history.status.2025-12-29.criteria_met"),
    (
        FIRST,
        entry(status="delivered", criteria_met=["a"]),
        SLUG,
        "history.status.2025-12-29.criteria_met",
    ),
    (FIRST, entry(date=20251229), SLUG, "history.0.status.date"),
    (FIRST, entry(date="2026-04-01"), SLUG, "history.review.2026-03-01"),
    (
        "plan.yaml",
        lambda plan: plan.update(evidence_to="2026-13-01"),
        "",
        "evidence_to",
    ),
    ("topics.yaml", first(slug="Not A Slug"), "Not A Slug", "slug"),
    (
        "bodies.yaml",
        lambda items: items.append(dict(items[0])),
        "state-council",
        "slug",
    ),
    (
        "evidence.yaml",
        first(url="ftp://example.org/x"),
        "ev-2021-09-16-cptpp-application",
        "url",
    ),
    (
        "evidence.yaml",
        first(commitments=["nothing"]),
        "ev-2021-09-16-cptpp-application",
        "commitments",
    ),
    (
        "evidence.yaml",
        first(occurred_on="2021-09-17"),
        "ev-2021-09-16-cptpp-application",
        "occurred_on",
    ),
    ("partners.yaml", first(iso2="CN"), "all-partners", "iso2"),
    (
        "indicators.yaml",
        lambda items: items[0]["baseline"].update(value=float("nan")),
        "jobs-trade-fdi",
        "baseline.value",
    ),
]


@pytest.mark.parametrize(("file", "how", "item", "field"), BROKEN)
def test_a_mistake_is_found_where_it_stands(folder, file, how, item, field):
    change(folder, file, how)
    assert (file, item, field) in problems(folder)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"- slug: [", "Not valid YAML"),
        (b"- slug: a\n  slug: b\n", "twice"),
        (b"- &a {slug: x}\n- *a\n", "anchors"),
        (b"[" * 100_000, "nested too deeply"),
        (b"- ? [a]\n  : b\n", "key"),
        (b"\xff\xfe", "not UTF-8"),
        (b"- slug: a\0b\n", "Not valid YAML"),
        (b"- slug: " + b"x" * 10_000_000, "10 MB"),
        (b"", "empty"),
        (b"slug: a\n", "list"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(folder, content, says):
    (folder / "topics.yaml").write_bytes(content)
    with pytest.raises(CatalogueError) as caught:
        read(folder)
    told = [p for p in caught.value.problems if p.file == "topics.yaml"]
    assert says in told[0].message


def test_a_missing_and_a_stray_file_are_named(folder):
    (folder / "bodies.yaml").unlink()
    (folder / "commitments" / "9-nothing.yaml").write_text("[]")
    assert {"bodies.yaml", "commitments/9-nothing.yaml"} <= {
        file for file, _, _ in problems(folder)
    }


def test_mistakes_in_several_files_are_told_together(folder):
    change(folder, "topics.yaml", lambda items: items[0].pop("name"))
    change(folder, FIRST, first(bodies=["nobody"], title="x" * 71))
    change(
        folder,
        "commitments/4-belt-and-road.yaml",
        lambda items: items[0]["bodies"].append("nobody"),
    )
    found = problems(folder)
    assert {file for file, _, _ in found} == {
        "topics.yaml",
        FIRST,
        "commitments/4-belt-and-road.yaml",
    }
