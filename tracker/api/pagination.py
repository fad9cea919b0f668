from __future__ import annotations

from functools import reduce
from typing import Any

from rest_framework import pagination

from tracker.browse import BadParameter

MOST = 100


class CursorPagination(pagination.CursorPagination):
    """Pages by key, stable under inserts. ``limit`` sets their size, up to 100."""

    page_size = 25
    max_page_size = MOST
    page_size_query_param = "limit"
    ordering = "pk"

    def get_ordering(self, request: Any, queryset: Any, view: Any) -> tuple[str, ...]:
        return (view.cursor_key,)

    def get_page_size(self, request: Any) -> int:
        given = request.query_params.get("limit", "")
        if not given:
            return self.page_size
        if (
            not given.isascii()
            or not given.isdigit()
            or not 1 <= int(given[:9]) <= MOST
        ):
            raise BadParameter("limit", f"Give “limit” as a number from 1 to {MOST}.")
        return int(given)

    def get_paginated_response(self, data: Any) -> Any:
        """Return a page, with its neighbours also as links (RFC 8288)."""
        response = super().get_paginated_response(data)
        links = {"next": self.get_next_link(), "prev": self.get_previous_link()}
        told = [f'<{link}>; rel="{name}"' for name, link in links.items() if link]
        if told:
            response["Link"] = ", ".join(told)
        return response

    def _get_position_from_instance(self, instance: Any, ordering: Any) -> str:
        path = ordering[0].lstrip("-").split("__")
        return str(reduce(getattr, path, instance))
