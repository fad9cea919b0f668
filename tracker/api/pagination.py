"""Pages found by the place of a row, not by counting from the start."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
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


class KeysetPagination(pagination.BasePagination):
    """Pages that neither repeat nor leave out a row when others come or go.

    The view says by ``keys()`` what its rows are ordered by and by ``order()`` how
    that order is called: a cursor is of no use in another one.
    """

    def paginate_queryset(
        self, queryset: Any, request: Any, view: Any = None, *, bare: bool = False
    ) -> list[Any]:
        """Return the rows of the page asked for; ``bare`` of them ``pk`` and place.

        Raises BadParameter.
        """
        limit = number(request, "limit", least=1, most=MOST, usual=USUAL)
        name, keys = view.order(), view.keys()
        backwards, at = _read(request.query_params.getlist("cursor"), name, keys)
        rows = orders.ordered(queryset, keys, backwards=backwards)
        if at is not None:
            rows = orders.behind(rows, keys, at, backwards=backwards)
        if bare:
            rows = orders.bare(rows, keys)
        found = list(rows[: limit + 1])
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
) -> tuple[bool, list[Any] | None]:
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
        return backwards, [_value(key, value) for key, value in pairs]
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
