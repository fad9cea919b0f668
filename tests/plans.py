"""How the database goes about a statement, were there many rows."""

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection

# With few rows PostgreSQL reads them all; the question is what can be done.
READ_ALL = ("seqscan", "bitmapscan")
SORT = ("sort", "incremental_sort")
# How each says that it reads a table from end to end; SQLite names it by its alias,
# and says the same of the rows that a statement brings along.
WHOLE = {"postgresql": r"Seq Scan on (\w+)", "sqlite": r"^SCAN (?!\d)(\w+)"}


def plan(statement: str, params: Any = None, *, without: tuple[str, ...] = READ_ALL):
    """Return the plan of ``statement``; ``without`` are ways PostgreSQL may not take."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            _allow("off", without)
            cursor.execute(f"EXPLAIN {statement}", params)
        else:
            cursor.execute(f"EXPLAIN QUERY PLAN {statement}", params)
        found = "\n".join(str(row[-1]) for row in cursor.fetchall())
    if connection.vendor == "postgresql":
        _allow("on", without)
    return found


def _allow(whether: str, ways: tuple[str, ...]) -> None:
    with connection.cursor() as cursor:
        for way in ways:
            cursor.execute(f"SET LOCAL enable_{way} = {whether}")


def is_sorted(statement: str, params: Any = None) -> bool:
    """Whether the rows are put into order after they were found."""
    found = plan(statement, params, without=SORT)
    return "TEMP B-TREE" in found or "Sort" in found


def read_whole(statement: str, params: Any = None) -> list[str]:
    """Return the tables that are read from end to end."""
    return re.findall(
        WHOLE[connection.vendor], plan(statement, params), flags=re.MULTILINE
    )


@contextmanager
def every_statement(of: Callable[[str, Any], Any]) -> Iterator[dict[str, Any]]:
    """Give what is asked of the database meanwhile, each with what ``of`` tells of it."""
    asked: dict[str, Any] = {}
    telling = False

    def look(execute, sql, params, many, context):
        nonlocal telling
        done = execute(sql, params, many, context)
        verb = sql.split(maxsplit=1)[0]
        is_new = not (many or telling or sql in asked)
        if is_new and verb in ("SELECT", "UPDATE", "DELETE", "INSERT"):
            telling = True
            try:
                asked[sql] = of(sql, params)
            finally:
                telling = False
        return done

    with connection.execute_wrapper(look):
        yield asked
