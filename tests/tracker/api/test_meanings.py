"""Every part of the contract says what it means, in the words of the releases."""

import json
from pathlib import Path

from tracker.api.meanings import COLUMNS, PARAMETERS, TOLD
from tracker.releases.contents import NAMED

CONTRACT = json.loads((Path(__file__).parents[3] / "docs" / "openapi.json").read_text())
SCHEMAS = CONTRACT["components"]["schemas"]


def test_every_part_of_every_schema_is_described():
    silent = [
        f"{name}.{part}"
        for name, schema in SCHEMAS.items()
        for part, told in schema.get("properties", {}).items()
        if not told.get("description", "").endswith((".", ").", "”."))
    ]

    assert silent == []


def test_every_parameter_and_operation_is_described():
    silent = [
        f"{operation['operationId']} {parameter['name']}"
        for operations in CONTRACT["paths"].values()
        for operation in operations.values()
        for parameter in [{"name": "", **operation}, *operation.get("parameters", [])]
        if not parameter.get("description")
    ]

    assert silent == []


def test_what_a_release_holds_too_is_told_in_the_same_words():
    told = 0
    for name, tables in COLUMNS.items():
        for part, schema in SCHEMAS[name]["properties"].items():
            table = next((t for t in tables if part in NAMED[t].names), None)
            if table is None or part in TOLD.get(name, {}):
                continue
            column = next(c for c in NAMED[table].columns if c.name == part)
            assert schema["description"] == column.what, (name, part)
            told += 1
    assert told > 150


def test_nothing_is_described_that_is_not_there():
    assert {*COLUMNS, *TOLD} <= {*SCHEMAS}
    for name, parts in TOLD.items():
        assert {*parts} <= {*SCHEMAS[name]["properties"]}, name
    named = {
        parameter["name"]
        for operations in CONTRACT["paths"].values()
        for operation in operations.values()
        for parameter in operation.get("parameters", [])
    }
    assert {*PARAMETERS} <= named


def test_every_column_of_a_release_is_described():
    for table in NAMED.values():
        assert table.what.endswith(".")
        for column in table.columns:
            assert column.what.endswith((".", ").")), (table.name, column.name)
