"""The list fits the program: what it takes away is there, and so is who must notice."""

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from .listed import MUTATIONS

ROOT = Path(__file__).parents[2]


@cache
def functions_of(path):
    tree = ast.parse((ROOT / "tests" / path).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.name)
def test_a_mutation_fits_the_program_as_it_is(mutation):
    for name, text in mutation.mutated(ROOT).items():
        assert text != (ROOT / name).read_text(encoding="utf-8")
        if name.endswith(".py"):
            ast.parse(text)
    assert mutation.tests
    for test in mutation.tests:
        path, _, function = test.partition("::")
        assert function.partition("[")[0] in functions_of(path), test
    assert mutation.database in ("", "sqlite", "postgresql")


def test_each_has_a_name_of_its_own():
    assert [
        name for name, n in Counter(m.name for m in MUTATIONS).items() if n > 1
    ] == []
