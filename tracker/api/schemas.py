"""How a view is told in the contract: with the parameters that its nouns share."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema


class RecordSchema(AutoSchema):
    """Adds to a list, a row and a number what they are asked by beside filters."""

    def get_override_parameters(self) -> list[Any]:
        from tracker.api import asking
        from tracker.api.lists import RecordViewSet

        view = self.view
        if not isinstance(view, RecordViewSet) or self.method != "GET":
            return []
        told = asking.days(*view.days) if view.days else []
        if view.action in ("list", "count"):
            told += view.choices
        if view.action == "list":
            told.append(asking.sort(view.order_name, view.orders))
        if view.action in ("list", "retrieve"):
            told += asking.shapes(view)
        return told
