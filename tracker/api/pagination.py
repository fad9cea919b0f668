"""Pages found by the place of a row, not by counting from the start."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import orjson
from rest_framework import pagination
from rest_framework.response import Response
from rest_framework.utils.urls import remove_query_param, replace_query_param

from tracker import orders
from tracker.api.filters import number
from tracker.browse import BadParameter
from tracker.orders import Key

MOST, USUAL = 100, 25
LONGEST = 2000
# What a database holds as a number.
BIGGEST = 2**63 - 1


@dataclass(frozen=True)
class Page:
    """Which rows a page has: so many in an order, behind a place or from the start."""

    order: str
    backwards: bool
    at: tuple | None
    limit: int

    def of(self, rows: Any, keys: Sequence[Key]) -> Any:
        """Return these of ``rows``, and one more where there is one."""
        rows = orders.ordered(rows, keys, backwards=self.backwards)
        if self.at is not None:
            rows = orders.behind(rows, keys, self.at, backwards=self.backwards)
        return rows[: self.limit + 1]


class KeysetPagination(pagination.BasePagination):
    """Pages that neither repeat nor leave out a row when others come or go.

    The view says by ``keys()`` what its rows are ordered by and by ``order()`` how
    that order is called: a cursor is of no use in another one.
    """

    def paginate_queryset(
        self, queryset: Any, request: Any, view: Any = None
    ) -> list[Any]:
        """Return those of the rows that are on the page asked for.

        Raises BadParameter.
        """
        keys = view.keys()
        return self.paginate(lambda page: page.of(queryset, keys), request, view)

    def paginate(
        self, find: Callable[[Page], Iterable[Any]], request: Any, view: Any
    ) -> list[Any]:
        """Return the rows of the page asked for, as ``find`` gives them.

        It gives one more than the page has, where there is one, and each with its
        place. Raises BadParameter.
        """
        limit = number(request, "limit", least=1, most=MOST, usual=USUAL)
        name, keys = view.order(), view.keys()
        backwards, at = _read(request.query_params.getlist("cursor"), name, keys)
        found = list(find(Page(name, backwards, at, limit)))
        more, found = len(found) > limit, found[:limit]
        if backwards:
            found.reverse()
        self.address = request.build_absolute_uri()
        after = more or backwards if found else False
        before = (more if backwards else at is not None) if found else False
        self.next = self.link(name, keys, found[-1], False) if after else None
        self.previous = self.link(name, keys, found[0], True) if before else None
        if at is not None and not found:
            self.previous = remove_query_param(self.address, "cursor")
        return found

    def link(self, name: str, keys: Sequence[Key], row: Any, backwards: bool) -> str:
        told = [name, backwards, *orders.place(row, keys)]
        cursor = base64.urlsafe_b64encode(orjson.dumps(told)).rstrip(b"=").decode()
        return replace_query_param(self.address, "cursor", cursor)

    def get_paginated_response(self, data: Any) -> Response:
        """Return a page, with its neighbours also as links (RFC 8288)."""
        links = {"next": self.next, "prev": self.previous}
        told = [f'<{link}>; rel="{rel}"' for rel, link in links.items() if link]
        return Response(
            {"next": self.next, "previous": self.previous, "results": data},
            headers={"Link": ", ".join(told)} if told else None,
        )

    def get_paginated_response_schema(self, schema: dict) -> dict:
        neighbour = {"type": ["string", "null"], "format": "uri"}
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {
                "next": {**neighbour, "description": "The page behind this one."},
                "previous": {**neighbour, "description": "The page before this one."},
                "results": schema,
            },
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict]:
        limits = {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL}
        return [
            {
                "name": "cursor",
                "in": "query",
                "description": "A place in the list, as “next” and “previous” give it.",
                "schema": {"type": "string", "maxLength": LONGEST},
            },
            {
                "name": "limit",
                "in": "query",
                "description": "How many rows a page has.",
                "schema": limits,
            },
        ]


def _read(
    given: list[str], name: str, keys: Sequence[Key]
) -> tuple[bool, tuple | None]:
    """Return which way a cursor leads and from where. Raises BadParameter."""
    if not given or given == [""]:
        return False, None
    try:
        if len(given) > 1 or len(given[0]) > LONGEST or not given[0].isascii():
            raise ValueError
        padded = given[0] + "=" * (-len(given[0]) % 4)
        told = orjson.loads(base64.b64decode(padded, altchars=b"-_", validate=True))
        order, backwards, *values = told if isinstance(told, list) else []
        if order != name or not isinstance(backwards, bool):
            raise ValueError
        pairs = zip(keys, values, strict=True)
        return backwards, tuple(_value(key, value) for key, value in pairs)
    except (ValueError, TypeError, binascii.Error):
        raise BadParameter(
            "cursor",
            "“cursor” is no place in this list. Leave it out to begin anew, and follow "
            "“next” as it is given.",
        ) from None


def _value(key: Key, value: Any) -> Any:
    if key.type is date:
        return date.fromisoformat(value)
    if type(value) is not key.type:
        raise ValueError
    if isinstance(value, int) and abs(value) > BIGGEST:
        raise ValueError
    if isinstance(value, str) and "\0" in value:
        raise ValueError
    return value
