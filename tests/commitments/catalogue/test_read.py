"""A broken catalogue is refused with every problem in its place, and its mend."""

import pytest

from commitments.catalogue.read import CatalogueError, Problem, read
from commitments.management.commands.load_catalogue import SHIPPED

from .tiny import ACT, COMMITMENTS, PLAN, SOURCE, TALK, as_yaml, tiny, write


def problems(folder):
    with pytest.raises(CatalogueError) as caught:
        read(folder)
    return caught.value.problems


def broken(tmp_path, *breaks):
    """Return the problems of the tiny catalogue after each of ``breaks``."""
    files = tiny()
    for break_it in breaks:
        break_it(files)
    return problems(write(files, tmp_path))


def put(file, *path, **values):
    """Return what sets ``values`` in the mapping at ``path`` of a file."""

    def break_it(files):
        inner = files[file]
        for step in path:
            inner = inner[step]
        inner.update(values)

    return break_it


def drop(file, *path):
    def break_it(files):
        inner = files[file]
        for step in path[:-1]:
            inner = inner[step]
        del inner[path[-1]]

    return break_it


def also(file, *path, item):
    """Return what adds ``item`` to the list at ``path`` of a file."""

    def break_it(files):
        inner = files[file]
        for step in path:
            inner = inner[step]
        inner.append(item)

    return break_it


def instead(file, content):
    return lambda files: files.update({file: content})


def raw(file, old, new):
    """Return what replaces a piece of a file's text."""

    def break_it(files):
        text = as_yaml(files[file])
        assert old in text
        files[file] = text.replace(old, new, 1)

    return break_it


def entry(number, **values):
    return put(COMMITMENTS, 0, "history", number - 1, **values)


def then(**values):
    """Return what adds a status to the first commitment."""
    status = {**tiny()[COMMITMENTS][0]["history"][0], "date": "2026-04-01", **values}
    return also(COMMITMENTS, 0, "history", item=status)


def test_the_tiny_catalogue_is_valid(tmp_path):
    catalogue = read(write(tiny(), tmp_path))
    assert [item.ref for _, item in catalogue.all_commitments()] == ["1.1", "1.2"]


def test_the_shipped_catalogue_is_valid():
    catalogue = read(SHIPPED)
    assert len(list(catalogue.all_commitments())) == 82
    assert len(catalogue.evidence) == 110


BAD_FILES = [
    (instead("topics.yaml", None), "", "cannot be read: No such file"),
    (instead("topics.yaml", ""), "", "is empty"),
    (instead("topics.yaml", "a: 1\n"), "", "a list of items"),
    (instead("topics.yaml", "- slug: [a\n"), "line 2", "Not valid YAML"),
    (instead("topics.yaml", "- slug: 中".encode("gbk")), "", "not UTF-8"),
    (instead("topics.yaml", "- slug: a\0b\n"), "line 1", "NUL"),
    (instead("topics.yaml", "- &a {slug: x}\n- *a\n"), "line 1", "anchors or aliases"),
    (instead("topics.yaml", "- !!set {slug: x}\n"), "line 1", "tag"),
    (instead("topics.yaml", "- {<<: {slug: x}}\n"), "line 1", "merge key"),
    (instead("topics.yaml", "- {[a]: b}\n"), "line 1", "key is not text"),
    (instead("topics.yaml", "- {on: b}\n"), "line 1", "key is not text"),
    (instead("topics.yaml", "[" * 100_000 + "]" * 100_000), "line 1", "too deeply"),
    (instead("topics.yaml", "- a\n---\n- b\n"), "line 2", "second document"),
    (instead("topics.yaml", f"- slug: {'x' * 10_000_000}\n"), "", "It has 10 MB"),
    (raw("topics.yaml", "  name:", "  name: A\n  name:"), "line 3", "stands twice"),
]


@pytest.mark.parametrize(("break_it", "line", "message"), BAD_FILES)
def test_a_file_that_is_not_plain_yaml_is_refused(tmp_path, break_it, line, message):
    first = broken(tmp_path, break_it)[0]
    assert (first.file, first.item) == ("topics.yaml", line)
    assert message in first.message


@pytest.mark.parametrize("file", ["bodies.yaml", "evidence.yaml", SOURCE, COMMITMENTS])
def test_what_names_a_missing_file_is_not_reported_too(tmp_path, file):
    where = {"sources/"} if file == SOURCE else {file}
    assert {p.file for p in broken(tmp_path, instead(file, None))} == where


def test_without_a_plan_the_other_files_are_checked_all_the_same(tmp_path):
    found = broken(
        tmp_path, instead(PLAN, "title: x\n"), put(COMMITMENTS, 0, bodies=["nobody"])
    )
    assert {p.file for p in found} == {PLAN, COMMITMENTS}


FIRST = (COMMITMENTS, "open-1")
ACTED, SAID = ("evidence.yaml", ACT), ("evidence.yaml", TALK)
ZONES = ("indicators.yaml", "zones")

BAD_ITEMS = [
    # Shape
    (drop(COMMITMENTS, 0, "statement"), *FIRST, "statement", "missing"),
    (put(COMMITMENTS, 0, colour="red"), *FIRST, "colour", "no such field"),
    (put(COMMITMENTS, 0, trackable="yes"), *FIRST, "trackable", "true or false"),
    (put(COMMITMENTS, 0, partners=None), *FIRST, "partners", "not a list"),
    (put(COMMITMENTS, 0, title="X" * 71), *FIRST, "title", "Cut it to 70"),
    (put(COMMITMENTS, 0, title="Open it."), *FIRST, "title", "without a stop"),
    (put(COMMITMENTS, 0, statement="x" * 4_000_000), *FIRST, "statement", "too long"),
    (put(COMMITMENTS, 0, reading="w " * 91), *FIRST, "reading", "91 words"),
    (put(COMMITMENTS, 0, kind="law"), *FIRST, "kind", "“law” is not one of accession"),
    (raw(COMMITMENTS, "'1.1'", "1.1"), *FIRST, "ref", "in quotes"),
    (entry(1, reason="a\x07b"), *FIRST, "history.status.2025-12-29.reason", "control character"),
    (entry(1, kind="rumour"), *FIRST, "history.rumour.2025-12-29", "'status', 'claim', 'review'"),
    (entry(1, status="done"), *FIRST, "history.status.2025-12-29.status", "“done” is not one of"),
    (entry(1, date="2026-02-30"), *FIRST, "history.status.2026-02-30.date", "not a day"),
    (raw(PLAN, "'2026-01-01'", "2026-01-01"), PLAN, "", "starts_on", "quoted date"),
    (raw(PLAN, "'2026-01-01'", "2026-02-30"), PLAN, "", "starts_on", "quoted date"),
    (put("topics.yaml", 0, slug="A b"), "topics.yaml", "A b", "slug", "lower-case"),
    (put("evidence.yaml", 0, url="ftp://x.org/a"), *ACTED, "url", "web address"),
    (put("evidence.yaml", 0, summary="w " * 46), *ACTED, "summary", "46 words"),
    (put("indicators.yaml", 0, "baseline", value="22"), *ZONES, "baseline.value",
     "not a number"),
    (raw("indicators.yaml", "value: 22\n", f"value: {'9' * 9_999}\n"), *ZONES,
     "baseline.value", "not a number"),
    # Names
    (also("bodies.yaml", item=tiny()["bodies.yaml"][0]), "bodies.yaml", "mofcom", "slug",
     "stands twice"),
    (put(COMMITMENTS, 1, ref="1.1"), COMMITMENTS, "open-2", "ref", "already"),
    (put(COMMITMENTS, 1, ref="2.2"), COMMITMENTS, "open-2", "ref", "with the pillar"),
    (put("evidence.yaml", 1, url="http://www.example.org/act/"), *SAID, "url",
     "same address"),
    (put(COMMITMENTS, 0, bodies=["nobody"]), *FIRST, "bodies", "'nobody' does not exist"),
    (put(COMMITMENTS, 0, partners=["japan"] * 2), *FIRST, "partners", "twice"),
    (entry(1, evidence=["ev-2026-01-01-gone"]), *FIRST, "history.status.2025-12-29.evidence", "not exist"),
    (entry(2, body="nobody"), *FIRST, "history.claim.2026-02-01.body", "not exist"),
    (put("evidence.yaml", 1, commitments=["open-2"]), *FIRST, "history.claim.2026-02-01.evidence",
     "does not list this commitment"),
    (put("indicators.yaml", 0, commitments=["open-2"]), *FIRST, "indicators",
     "does not list it"),
    (put("indicators.yaml", 0, "baseline", passage="9.9.9"), *ZONES, "baseline.passage",
     "not exist"),
    # Plan, partners, topics, sources
    (put(PLAN, starts_on="2031-01-01"), PLAN, "", "ends_on", "not after starts_on"),
    (drop("partners.yaml", 0, "iso2"), "partners.yaml", "japan", "iso2", "country code"),
    (drop(COMMITMENTS, 0, "topics", 0), "topics.yaml", "topic-1", "", "Fewer than two"),
    (put(SOURCE, slug="speech"), SOURCE, "speech", "slug", "not called speech.yaml"),
    (put(SOURCE, delivered_on=None), SOURCE, "talk", "delivered_on", "no date"),
    (put(SOURCE, "passages", 2, ref="1.1.4"), SOURCE, "talk", "passages.1.1.4",
     "does not follow"),
    (put(SOURCE, "passages", 2, role="commitment"), SOURCE, "talk", "passages.1.1.3.role",
     "No commitment is read"),
    (instead("commitments/2-other.yaml", "[]"), "commitments/2-other.yaml", "", "",
     "no pillar"),
    # Evidence and indicators
    (put("evidence.yaml", 0, occurred_on="2025-10-02"), *ACTED, "occurred_on", "in the id"),
    (put("evidence.yaml", 0, published_on="2026-07-03"), *ACTED, "published_on",
     "after the plan's evidence_to"),
    (put("indicators.yaml", 0, "observations", 0, date="2027-01-01"), *ZONES,
     "observations.2027-01-01", "coded_on"),
    # Commitments
    (put(COMMITMENTS, 0, "due", date="2020-01-01", precision="day"), *FIRST, "due.date",
     "before the day of the promise"),
    (put(COMMITMENTS, 0, "criteria", 1, key="c"), *FIRST, "criteria", "in order"),
    (put(COMMITMENTS, 0, "criteria", 0, at_most=3), *FIRST, "criteria.a.indicator",
     "threshold needs an indicator"),
    (put(COMMITMENTS, 0, "milestones", 0, evidence=[]), *FIRST, "milestones.filed.evidence",
     "no evidence"),
    (put(COMMITMENTS, 0, "milestones", 1, evidence=[ACT]), *FIRST, "milestones.signed.met_on",
     "not met"),
    (put(COMMITMENTS, 0, "milestones", 0, met_on="2026-07-03"), *FIRST,
     "milestones.filed.met_on", "evidence_to"),
    (put(COMMITMENTS, 0, trackable=False, untrackable_reason="Too vague.", criteria=[]),
     *FIRST, "history", "cannot be tracked"),
    # History
    (put(COMMITMENTS, 0, history=[]), *FIRST, "history", "no status"),
    (entry(1, date="2025-12-28"), *FIRST, "history", "dated 2025-12-29"),
    (entry(3, date="2026-01-05"), *FIRST, "history.review.2026-01-05", "stands after"),
    (then(date="2026-07-03", status="announced"), *FIRST, "history.status.2026-07-03", "evidence_to"),
    (entry(3, precision="year"), *FIRST, "history.review.2026-03-01", "not over"),
    (entry(1, evidence=[ACT, TALK]), *FIRST, "history.status.2025-12-29.evidence", "later than the entry"),
    (entry(2, evidence=[]), *FIRST, "history.claim.2026-02-01.evidence", "at least one"),
    (drop(COMMITMENTS, 0, "history", 0), *FIRST, "history.review.2026-03-01", "status before it"),
    # The record's own rules
    (then(), *FIRST, "history.status.2026-04-01.status", "Record a review instead"),
    (entry(1, status="announced", evidence=[]), *FIRST, "history.status.2025-12-29.evidence",
     "“Announced” needs"),
    (put("evidence.yaml", 0, nature="data"), *FIRST, "history.status.2025-12-29.evidence",
     "“Under way” needs"),
    (entry(1, status="partly_delivered"), *FIRST, "history.status.2025-12-29.criteria_met", "not all"),
    (entry(1, status="delivered", criteria_met=["a"]), *FIRST, "history.status.2025-12-29.criteria_met",
     "every part"),
    (entry(1, criteria_met=["z"]), *FIRST, "history.status.2025-12-29.criteria_met", "no part z"),
    (entry(1, status="no_evidence", evidence=[]), *FIRST, "history.status.2025-12-29.reason",
     "where was searched"),
]  # fmt: skip


@pytest.mark.parametrize(("break_it", "file", "item", "field", "message"), BAD_ITEMS)
def test_a_problem_says_where_it_is_and_how_to_mend_it(
    tmp_path, break_it, file, item, field, message
):
    found = broken(tmp_path, break_it)
    here = [p for p in found if (p.file, p.item, p.field) == (file, item, field)]
    assert here, found
    assert message in here[0].message
    assert all(p.message.endswith((".", "?")) and len(p.message) < 400 for p in found)


def test_a_part_once_met_is_not_dropped(tmp_path):
    found = broken(tmp_path, entry(1, status="partly_delivered", criteria_met=["a"]),
                   then(status="under_way"))  # fmt: skip
    assert [p.field for p in found] == ["history.status.2026-04-01.criteria_met"]


def test_all_problems_are_told_at_once(tmp_path):
    found = broken(
        tmp_path,
        drop("topics.yaml", 0, "name"),
        put("bodies.yaml", 0, kind="club"),
        put("evidence.yaml", 0, url="nowhere", official="yes"),
        put(COMMITMENTS, 0, kind="law", bodies=["nobody"]),
        put(COMMITMENTS, 1, partners=["nowhere"]),
        entry(1, status="done", date="2026-02-30"),
        instead("partners.yaml", b"\xff"),
    )
    assert [(p.file, p.item, p.field) for p in found] == [
        ("bodies.yaml", "mofcom", "kind"),
        ("partners.yaml", "", ""),
        ("topics.yaml", "topic-1", "name"),
        ("evidence.yaml", ACT, "url"),
        ("evidence.yaml", ACT, "official"),
        (*FIRST, "kind"),
        (*FIRST, "history.status.2026-02-30.date"),
        (*FIRST, "history.status.2026-02-30.status"),
    ]


def test_a_problem_reads_as_one_line():
    problem = Problem("topics.yaml", "digital", "name", "It is missing. Add it.")
    assert str(problem) == "topics.yaml, digital, name: It is missing. Add it."
    assert str(CatalogueError([problem])) == str(problem)


def test_a_folder_that_is_not_there_is_told_file_by_file(tmp_path):
    found = problems(tmp_path / "nowhere")
    assert {p.file for p in found} >= {PLAN, "bodies.yaml", "evidence.yaml", "sources/"}
