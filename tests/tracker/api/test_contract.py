"""The contract: complete, committed, and the code keeps to it."""

import csv
import io
import json
from pathlib import Path

import pytest
import schemathesis
from django.core.management import call_command
from django.core.signals import request_finished, request_started
from django.db import close_old_connections
from hypothesis import HealthCheck, Phase, given, settings
from jsonschema import Draft202012Validator

from commitments.models import Indicator
from config.wsgi import application
from tests.tracker import record as records

FILE = Path(__file__).parents[3] / "docs" / "openapi.json"


def test_the_committed_contract_is_that_of_the_code(tmp_path):
    path = tmp_path / "openapi.json"
    call_command("spectacular", format="openapi-json", validate=True, file=str(path))

    assert path.read_text().rstrip() == FILE.read_text().rstrip(), (
        "Run `make contract`."
    )


def test_every_operation_tells_its_errors():
    for operations in json.loads(FILE.read_text())["paths"].values():
        for method, operation in operations.items():
            told = set(operation["responses"])
            assert {"400", "404", "405", "406", "429"} <= told
            assert method == "get" or {"401", "403", "413", "415", "422"} <= told


def bodies(contract):
    """Yield every body that the contract tells of: its name, and its content."""
    for operations in contract["paths"].values():
        for operation in operations.values():
            told = {"request": operation.get("requestBody", {})}
            for status, holder in {**told, **operation["responses"]}.items():
                for kind, content in holder.get("content", {}).items():
                    yield f"{operation['operationId']} {status} {kind}", content


def test_every_body_has_an_example_that_the_contract_allows():
    contract = json.loads(FILE.read_text())
    missing, wrong = [], {}
    for name, content in bodies(contract):
        if "example" not in content:
            missing.append(name)
            continue
        schema = {**content["schema"], "components": contract["components"]}
        check = Draft202012Validator(
            schema, format_checker=Draft202012Validator.FORMAT_CHECKER
        )
        if found := [error.message for error in check.iter_errors(content["example"])]:
            wrong[name] = found

    assert (missing, wrong) == ([], {})


def test_an_example_of_a_table_or_of_lines_is_read_as_one():
    contract = json.loads(FILE.read_text())
    answer = contract["paths"]["/api/v1/topics/"]["get"]["responses"]["200"]["content"]
    row = answer["application/json"]["example"]["results"][0]

    lines = answer["application/jsonl"]["example"].splitlines()
    assert json.loads(lines[0]) == row
    table = csv.DictReader(io.StringIO(answer["text/csv"]["example"], newline=""))
    assert next(table) == row


@pytest.fixture
def schema(db):
    # The end of a request must not close the connection that the test rolls back.
    for signal in (request_started, request_finished):
        signal.disconnect(close_old_connections)
    records.small()
    yield schemathesis.openapi.from_dict(json.loads(FILE.read_text()))
    for signal in (request_started, request_finished):
        signal.connect(close_old_connections)


def test_nothing_that_a_machine_thinks_of_breaks_the_api(schema):
    operations = [found.ok() for found in schema.get_all_operations()]
    assert len(operations) > 30

    for operation in operations:

        @given(case=operation.as_strategy())
        @settings(
            max_examples=4,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
            derandomize=True,
        )
        def hold(case):
            answer = case.call(app=application)
            assert answer.status_code < 500, (case, answer.content)
            if answer.status_code >= 400:
                kind = answer.headers["content-type"][0]
                assert kind == "application/problem+json", (case, kind)

        hold()


@pytest.mark.django_db
def test_a_figure_without_passage_and_a_value_without_document_are_as_promised(client):
    figure = Indicator.objects.create(
        slug="open-sectors",
        name="Open sectors",
        unit="sectors",
        baseline=1,
        baseline_on="2026-01-01",
    )
    figure.observations.create(observed_on="2026-02-01", precision="day", value=2)
    contract = json.loads(FILE.read_text())

    for name, schema in (
        ("indicators", "Indicator"),
        ("observations", "ObservationRow"),
    ):
        (row,) = client.get(f"/api/v1/{name}/").json()["results"]
        told = {**contract["components"]["schemas"][schema]}
        told["components"] = contract["components"]
        fields = {"baseline_passage", "evidence", "observations"}
        wrong = Draft202012Validator(told).iter_errors(row)
        assert not [e.message for e in wrong if e.absolute_path[0] in fields]
