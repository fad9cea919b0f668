"""What breaks the last release's contract is refused; what only adds passes."""

import copy
import json
from datetime import date
from pathlib import Path

import pytest

from scripts.breaking import breaks, main, newest
from tracker.api import deprecations
from tracker.api.deprecations import Deprecation

DOCS = Path(__file__).parents[3] / "docs"
RELEASED = DOCS / "contract"


@pytest.fixture
def contracts():
    old = json.loads((DOCS / "openapi.json").read_text())
    return old, copy.deepcopy(old)


def listing(contract):
    return contract["paths"]["/api/v1/commitments/"]["get"]


def parameter(contract, name):
    return next(p for p in listing(contract)["parameters"] if p["name"] == name)


def schema(contract, name):
    return contract["components"]["schemas"][name]


def test_the_code_keeps_to_the_released_contract(capsys):
    assert main(RELEASED, DOCS / "openapi.json") == 0, capsys.readouterr().out


def test_the_newest_contract_is_the_one_of_the_highest_version(tmp_path, capsys):
    released = newest(RELEASED)
    for version in ("1.9.0", "1.10.0", "1.2", "1.10"):
        (tmp_path / f"openapi-{version}.json").write_text(released.read_text())
    assert newest(tmp_path).name == "openapi-1.10.0.json"

    older = json.loads(released.read_text())
    older["paths"]["/api/v1/gone/"] = {"get": {"responses": {}}}
    (tmp_path / "openapi-1.10.0.json").write_text(json.dumps(older))
    assert main(tmp_path, DOCS / "openapi.json") == 1
    assert "GET /api/v1/gone/ is gone." in capsys.readouterr().out


@pytest.mark.parametrize("name", ["openapi-next.json", "other.json"])
def test_a_contract_without_a_version_is_not_passed_over(tmp_path, name):
    (tmp_path / name).write_text("{}")

    with pytest.raises(SystemExit, match=r"openapi-1\.2\.3\.json"):
        newest(tmp_path)


BREAKS = {
    "an address goes": lambda c: c["paths"].pop("/api/v1/topics/"),
    "a parameter goes": lambda c: listing(c)["parameters"].remove(parameter(c, "q")),
    "a parameter is required": lambda c: parameter(c, "q").update(required=True),
    "a required parameter comes": lambda c: listing(c)["parameters"].append(
        {"name": "new", "in": "query", "required": True, "schema": {"type": "string"}}
    ),
    "a value is no longer taken": lambda c: parameter(c, "sort")["schema"][
        "enum"
    ].remove("due"),
    "a limit is stricter": lambda c: parameter(c, "limit")["schema"].update(maximum=50),
    "a type is no longer taken": lambda c: parameter(c, "limit")["schema"].update(
        type="string"
    ),
    "a field goes": lambda c: schema(c, "State")["properties"].pop("title"),
    "a field is renamed": lambda c: schema(c, "State")["properties"].update(
        name=schema(c, "State")["properties"].pop("title")
    ),
    "a field may be missing": lambda c: schema(c, "State")["required"].remove("slug"),
    "a field may be null": lambda c: schema(c, "State")["properties"]["ref"].update(
        type=["string", "null"]
    ),
    "a word is new in answers": lambda c: schema(c, "GradeEnum")["enum"].append("E"),
    "a form goes": lambda c: listing(c)["responses"]["200"]["content"].pop("text/csv"),
    "an answer goes": lambda c: listing(c)["responses"].pop("200"),
    "a field of a body is required": lambda c: schema(c, "Proposal")["required"].append(
        "looked_until"
    ),
    "a body's field goes": lambda c: schema(c, "Document")["properties"].pop("url"),
}


@pytest.mark.parametrize("change", BREAKS)
def test_a_break_is_refused(contracts, change):
    old, new = contracts
    BREAKS[change](new)

    assert breaks(old, new)


ADDITIONS = {
    "nothing": lambda c: None,
    "an address": lambda c: c["paths"].update(
        {"/api/v1/new/": c["paths"]["/api/v1/topics/"]}
    ),
    "a parameter": lambda c: listing(c)["parameters"].append(
        {"name": "new", "in": "query", "schema": {"type": "string"}}
    ),
    "a value to send": lambda c: parameter(c, "sort")["schema"]["enum"].append("new"),
    "a field": lambda c: schema(c, "State")["properties"].update(
        new={"type": "string"}
    ),
    "other words in a description": lambda c: listing(c).update(description="Other."),
}


@pytest.mark.parametrize("change", ADDITIONS)
def test_an_addition_passes(contracts, change):
    old, new = contracts
    ADDITIONS[change](new)

    assert breaks(old, new) == []


def test_what_was_deprecated_may_go(contracts):
    old, new = contracts
    parameter(old, "claim_gap")["deprecated"] = True
    listing(new)["parameters"].remove(parameter(new, "claim_gap"))

    assert breaks(old, new) == []


@pytest.fixture
def deprecated(monkeypatch):
    one = Deprecation(
        path="/api/v1/commitments/{slug}/",
        since_on=date(2027, 1, 1),
        sunset_on=date(2028, 1, 1),
        instead="Use “title”.",
    )
    other = Deprecation(
        path="/api/v1/topics/",
        parameter="sort",
        since_on=date(2027, 1, 1),
        sunset_on=date(2028, 1, 1),
        instead="Order them yourself.",
    )
    monkeypatch.setattr(deprecations, "DEPRECATED", (one, other))


def test_what_will_go_is_told_to_whoever_uses_it(deprecated, record, get):
    answer = get("commitments/cut-the-list/")

    assert answer["Deprecation"] == "@1798761600"
    assert answer["Sunset"] == "Sat, 01 Jan 2028 00:00:00 GMT"
    assert 'rel="deprecation"' in answer["Link"]
    assert "Deprecation" not in get("commitments/")
    assert "Deprecation" not in get("topics/")
    told = get("topics/?sort=name&limit=1")["Link"]
    assert "topics-sort" in told


def test_what_will_go_is_marked_in_the_contract(deprecated, contracts):
    _, contract = contracts
    deprecations.mark(contract["paths"])

    path = contract["paths"]["/api/v1/commitments/{slug}/"]["get"]
    assert path["deprecated"] and "2028-01-01" in path["description"]
    assert any(
        p.get("deprecated")
        for p in contract["paths"]["/api/v1/topics/"]["get"]["parameters"]
    )


def test_the_changelog_tells_of_all_that_will_go():
    changelog = (DOCS.parent / "CHANGELOG.md").read_text()

    for one in deprecations.DEPRECATED:
        assert one.path in changelog and one.sunset_on.isoformat() in changelog
